// Issuance: takes a well-formed request to its outcome: recall from the journal, policy, approval,
// issuer, journal. Nothing is issued without the policy's yes, and nothing is answered that is not
// recorded durably before.
// Knows no CMS and no HTTP. Any thread; of identical requests only one at a time (see Enrollment).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "common/clock.h"
#include "scep-server/enroll/attempt.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/enroll_observer.h"
#include "scep-server/enroll/outcome.h"
#include "scep-server/enroll/outcome_recorder.h"
#include "scep-server/enroll/pending_record.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/enroll/revocation_check.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// All outlive the Issuance.
struct IssuanceParts {
    Policy& policy;
    Issuer& issuer;
    Journal& journal;
    const RevocationCheck& revocation;
    const ChallengeSeal& seal;
    const Clock& clock;
    std::function<void()> notify_recorded;  // called after each Notify put into the journal
    std::function<bool()> notify_room;      // false: no further Notify may come into it
    EnrollObserver& observer = no_observer();
};

struct IssuanceRules {
    std::string profile;
    std::string ca_name;              // told to the policy
    int default_validity_days = 365;  // when the policy leaves the contents to the request
    bool manual_approval = false;
    std::chrono::days refresh_period{7};
    std::chrono::minutes cache_request{20};
};

class Issuance {
  public:
    Issuance(IssuanceParts parts, IssuanceRules rules);

    // PKCSReq or RenewalReq.
    Outcome run(const EnrollmentRequest& request, const Attempt& attempt) const;

    // CertPoll: what became of the transaction, for whoever holds the key of its request.
    Outcome poll(const Certificate& signer, const Attempt& attempt) const;
    // The request of that transaction and of the signer's key; nothing when none is known.
    std::optional<RequestKey> polled_request(const Certificate& signer,
                                             const std::string& transaction_id) const;

    // An operator's decision on a waiting request. conflict when it waits no longer; the CA's
    // own fault (unavailable, …) leaves it waiting.
    Result<Outcome> approve(PendingRequest pending, const Attempt& attempt) const;
    Result<void> deny(const PendingRequest& pending, const std::string& text) const;
    // RefreshPeriod is over.
    Result<void> expire(const PendingRequest& pending) const;

  private:
    Outcome answer_with(const IssuedEntry& entry, const EnrollmentRequest& request,
                        const Attempt& attempt) const;
    std::optional<Outcome> resume(const PendingRequest& pending, const EnrollmentRequest& request,
                                  const Attempt& attempt) const;
    Outcome resume_issued(const PendingRequest& pending, const EnrollmentRequest& request,
                          const Attempt& attempt) const;
    Outcome ask_ca_again(const PendingRequest& pending, const EnrollmentRequest& request,
                         const Attempt& attempt) const;
    // Without room for its outcome nothing is begun.
    std::optional<Outcome> refuse_without_room(const Attempt& attempt) const;
    // `issued`: the certificate that the same request got before, if any.
    Outcome ask_policy(const EnrollmentRequest& request, const std::optional<IssuedEntry>& issued,
                       const Attempt& attempt) const;
    Outcome without_verdict(const Attempt& attempt, const Error& error) const;
    Outcome refuse_by_policy(const EnrollmentRequest& request, const Attempt& attempt,
                             const PolicyAnswer& verdict) const;
    std::optional<Outcome> refuse_revoked_signer(const EnrollmentRequest& request,
                                                 const Attempt& attempt) const;
    void note_unknown_signer(const EnrollmentRequest& request, const Attempt& attempt) const;
    Outcome accept(const EnrollmentRequest& request, const Attempt& attempt,
                   const PolicyAnswer& verdict) const;
    Outcome ask_ca(const Order& order, const Attempt& attempt) const;
    Outcome take_issued(const Order& order, const Attempt& attempt, IssueAnswer answer,
                        const std::optional<std::string>& fault) const;

    IssuanceParts parts_;
    IssuanceRules rules_;
    OutcomeRecorder recorder_;
};

}  // namespace ndes::scep
