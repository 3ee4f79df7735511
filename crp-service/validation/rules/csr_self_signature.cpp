#include "crp-service/validation/rule.h"

namespace ndes::crp {

// Proof of possession. The SCEP envelope does not prove it for a renewal with a new key
// (RFC 8894 section 7.6).
RuleResult csr_self_signature(const Context& context) {
    if (verify_self_signature(context.csr.value())) return pass();
    return refuse("CertificateRequestSignatureInvalid",
                  "the request's own key does not verify its signature");
}

}  // namespace ndes::crp
