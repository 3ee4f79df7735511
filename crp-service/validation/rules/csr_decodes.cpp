#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult csr_decodes(const Context& context) {
    if (context.csr) return pass();
    return refuse("CertificateRequestDecodingFailed", context.csr_fault);
}

}  // namespace ndes::crp
