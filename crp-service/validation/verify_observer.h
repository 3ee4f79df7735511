// VerifyObserver: is told how judging goes, for metrics. Must not block or throw. Any thread.
#pragma once

#include <string_view>

#include "common/clock.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

class VerifyObserver {
  public:
    virtual ~VerifyObserver() = default;

    // One phase's facts and rules, run to its end or to a refusal.
    virtual void phase_took(int phase, SteadyTime::duration time) = 0;
    // A verdict that was recorded now; not one that was repeated.
    virtual void verdict_recorded(const Decision& decision) = 0;
    // One write, until it was durable: "commit_decision", "commit_notify".
    virtual void write_took(std::string_view write, SteadyTime::duration time) = 0;
    virtual void outcome_recorded(TransactionState outcome) = 0;
    // A recorded certificate is not what was verified (deviations.h).
    virtual void certificate_deviated() = 0;
};

}  // namespace ndes::crp
