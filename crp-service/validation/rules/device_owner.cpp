#include "crp-service/validation/rule.h"

namespace ndes::crp {

// A device that changed hands after its challenge or certificate was made gets nothing more in the
// old user's name. Devices without an owner are shared.
RuleResult device_owner(const Context& context) {
    const std::string& owner = context.device.value().owner_user_id;
    if (owner.empty() || context.user_id.empty() || owner == context.user_id) return pass();
    return refuse("DeviceOwnerMismatch", "device " + context.device_id + " belongs to user '" +
                                             owner + "', the request is for '" + context.user_id +
                                             "'");
}

}  // namespace ndes::crp
