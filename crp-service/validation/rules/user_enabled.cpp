#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult user_enabled(const Context& context) {
    if (context.user_id.empty()) return pass();  // shared and kiosk devices
    if (!context.user) {
        return refuse("UserUnknown", "user " + context.user_id + " is not on record");
    }
    if (!context.user->enabled) {
        return refuse("UserDisabled", "user " + context.user_id + " is disabled");
    }
    return pass();
}

}  // namespace ndes::crp
