#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult key_not_reused(const Context& context) {
    if (!context.key_of_other_device) return pass();
    // Which one is for the audit: the MDM that reads this need not be that device's.
    return refuse("KeyReused", "the key is that of another device");
}

}  // namespace ndes::crp
