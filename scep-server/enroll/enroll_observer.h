// EnrollObserver: who wants to know how requests go, for metrics. Called on the way of a request:
// nothing here waits or fails. Any thread.
#pragma once

#include <string_view>

#include "common/clock.h"

namespace ndes::scep {

class EnrollObserver {
  public:
    virtual ~EnrollObserver() = default;

    // A PKIOperation was answered, replies of every kind counted. `message`: "PKCSReq",
    // "RenewalReq", "CertPoll", "GetCert", "GetCRL", or "unread".
    virtual void request_took(std::string_view message, SteadyTime::duration time) = 0;
    // The policy was asked for a verdict: "yes", "no", or "unavailable".
    virtual void policy_took(std::string_view result, SteadyTime::duration time) = 0;
    // The CA was asked for a certificate: "issued", "pending", "refused", "unavailable", or
    // "unfit" when it issued another one than asked for.
    virtual void ca_took(std::string_view result, SteadyTime::duration time) = 0;
};

// Wants to know nothing.
EnrollObserver& no_observer();

}  // namespace ndes::scep
