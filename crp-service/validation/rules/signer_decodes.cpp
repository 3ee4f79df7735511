#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult signer_decodes(const Context& context) {
    if (context.signer) return pass();
    return refuse("RenewalSignerUnreadable", context.signer_fault);
}

}  // namespace ndes::crp
