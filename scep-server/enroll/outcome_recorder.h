// OutcomeRecorder: writes into the journal what became of a verified request, together with the
// Notify that tells the policy, and makes the Outcome of it. What cannot be recorded has not
// happened: the device is told to come again.
// Knows no CMS, no HTTP and asks neither policy nor CA. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "scep-server/enroll/attempt.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/outcome.h"
#include "scep-server/enroll/pending_record.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/journal/journal.h"

namespace ndes::scep {

// All outlive the recorder.
struct RecorderParts {
    Journal& journal;
    const ChallengeSeal& seal;
    const Clock& clock;
    std::function<void()> notify_recorded;  // called after each Notify put into the journal
};

struct RecorderRules {
    std::string ca_name;  // for the log
    std::chrono::days refresh_period{7};
    std::chrono::minutes cache_request{20};
};

// What the policy has permitted, on its way to a certificate.
struct Order {
    const EnrollmentRequest& request;
    const CertificateContents& contents;
    std::string decision_id;
    const PendingRequest* pending;  // null: not pending so far
};

// Why a verified request gets no certificate, as log and Notify tell it.
struct CaFailure {
    NdesEvent event;
    std::int32_t result;  // hResult
    std::string text;
};

class OutcomeRecorder {
  public:
    OutcomeRecorder(RecorderParts parts, RecorderRules rules)
        : parts_(std::move(parts)), rules_(std::move(rules)) {}

    // `certificates`: leaf first, never empty.
    Outcome success(const Order& order, const Attempt& attempt,
                    std::vector<Certificate> certificates) const;
    Outcome pending(const Order& order, const Attempt& attempt, PendingState state,
                    const std::string& text) const;
    Outcome failure(const Order& order, const Attempt& attempt, const CaFailure& failure) const;

    // Ends a pending request without a certificate. conflict when it is pending no longer.
    Result<void> close(const PendingRequest& pending, PendingState state, std::int32_t result,
                       const std::string& text) const;

  private:
    Result<void> add_pending(const Order& order, const Attempt& attempt, PendingState state,
                             const std::string& text) const;

    const RecorderParts parts_;
    const RecorderRules rules_;
};

// An outcome of that kind, of this attempt.
Outcome outcome_of(OutcomeKind kind, const Attempt& attempt);

// No verdict, because of `error`, which is noted; nothing is spent.
Outcome unavailable(const Attempt& attempt, NdesEvent event, std::string_view text,
                    const Error& error);

// What a key that cannot decrypt needs for its reply; empty for others.
std::string reply_password(const EnrollmentRequest& request);

// For the log: "renewal" or "initial".
const char* kind_of(const EnrollmentRequest& request);

}  // namespace ndes::scep
