#include "crp-service/validation/rule.h"

#include <algorithm>
#include <vector>

namespace ndes::crp {

RuleResult policy_assigned(const Context& context) {
    const Assignments& assigned = context.policy.value().assignments;
    if (assigned.all || contains(assigned.devices, context.device_id)) return pass();
    if (context.user) {
        if (contains(assigned.users, context.user_id)) return pass();
        for (const std::string& group : context.user->groups) {
            if (contains(assigned.groups, group)) return pass();
        }
    }
    return refuse("ScepProfileNoLongerTargetedToTheClient",
                  "policy " + context.policy_id + " is assigned neither to user '" +
                      context.user_id + "' nor to device '" + context.device_id + "'");
}

}  // namespace ndes::crp
