#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult device_known(const Context& context) {
    if (context.device) return pass();
    return refuse("DeviceUnknown", "device " + context.device_id + " is not on record");
}

}  // namespace ndes::crp
