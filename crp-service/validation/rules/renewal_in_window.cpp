#include "crp-service/validation/rule.h"

#include <cstdint>

namespace ndes::crp {

RuleResult renewal_in_window(const Context& context) {
    const int threshold = context.policy.value().renewal_threshold_percent;
    if (threshold >= 100) return pass();  // at any time, also if the CA's clock is ahead of ours
    const IssuedCertificate& renewed = context.renewed.value();
    const std::int64_t lifetime = (renewed.not_after - renewed.not_before).count();
    const std::int64_t left = (renewed.not_after - context.now).count();
    // Milliseconds of centuries times 100 stay far below 2^63.
    if (left * 100 <= lifetime * threshold) return pass();
    return refuse("RenewalNotPermitted",
                  "certificate " + renewed.serial + " is valid until " +
                      to_rfc3339(renewed.not_after) + "; the policy permits renewal when " +
                      std::to_string(threshold) + " % of its lifetime are left");
}

}  // namespace ndes::crp
