#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult policy_known(const Context& context) {
    if (!context.policy) {
        return refuse("PolicyUnknown", "policy " + context.policy_id + " is not on record");
    }
    // A renewal follows the policy as it is now; a challenge was made for one version of it.
    if (context.is_renewal()) return pass();
    const std::string& promised = context.challenge.value().certificate_request_id;
    if (promised != context.policy->certificate_request_id) {
        return refuse("PolicyVersionMismatch", "challenge made for " + promised + ", policy is " +
                                                   context.policy->certificate_request_id);
    }
    return pass();
}

}  // namespace ndes::crp
