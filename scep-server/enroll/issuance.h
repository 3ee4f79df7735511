// Issuance: takes a well-formed request to its outcome: recall from the journal, policy module,
// issuer, journal. Nothing is issued without the module's yes, and nothing is answered that is not
// recorded durably before.
// Knows no CMS and no HTTP. Any thread; of identical requests only one at a time (see Enrollment).
#pragma once

#include <functional>
#include <string>

#include "common/clock.h"
#include "scep-server/enroll/attempt.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/outcome.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// All outlive the Issuance.
struct IssuanceParts {
    Policy& policy;
    Issuer& issuer;
    Journal& journal;
    const ChallengeSeal& seal;
    const Clock& clock;
    std::function<void()> notify_recorded;  // called after each Notify put into the journal
};

class Issuance {
  public:
    // `default_validity_days`: when the module leaves the contents to the request.
    Issuance(IssuanceParts parts, int default_validity_days);

    Outcome run(const EnrollmentRequest& request, const Attempt& attempt) const;

  private:
    Outcome ask_policy(const EnrollmentRequest& request, const Attempt& attempt) const;
    void note_unknown_signer(const EnrollmentRequest& request, const Attempt& attempt) const;
    Outcome issue(const EnrollmentRequest& request, const Attempt& attempt,
                  const PolicyAnswer& verdict) const;
    Outcome record_success(const EnrollmentRequest& request, const Attempt& attempt,
                           const PolicyAnswer& verdict,
                           std::vector<Certificate> certificates) const;
    Outcome record_pending(const EnrollmentRequest& request, const Attempt& attempt,
                           const std::string& text) const;
    Outcome record_failure(const EnrollmentRequest& request, const Attempt& attempt,
                           const std::string& text) const;
    Result<PendingNotify> make_notify(const EnrollmentRequest& request,
                                      const Attempt& attempt) const;
    Result<void> record_notify(const EnrollmentRequest& request, const Attempt& attempt,
                               std::int32_t disposition, std::int32_t last_result) const;

    IssuanceParts parts_;
    int default_validity_days_;
    std::string ca_name_;
};

}  // namespace ndes::scep
