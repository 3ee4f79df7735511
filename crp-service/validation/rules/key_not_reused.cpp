#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult key_not_reused(const Context& context) {
    if (!context.key_of_other_device) return pass();
    const KeyHolder& holder = *context.key_of_other_device;
    return refuse("KeyReused", "the key is that of device " + holder.device_id + ", transaction " +
                                   holder.transaction_id);
}

}  // namespace ndes::crp
