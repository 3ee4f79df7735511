#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult key_not_reused(const Context& context) {
    if (!context.key_of_other_device) return pass();
    return refuse("KeyReused", "the key has certificate " + context.key_of_other_device->serial +
                                   " of device " + context.key_of_other_device->device_id);
}

}  // namespace ndes::crp
