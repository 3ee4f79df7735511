#include "crp-service/validation/rule.h"

#include <algorithm>

namespace ndes::crp {

RuleResult no_ca_request(const Context& context) {
    const CertificateRequest& csr = context.csr.value();
    if (csr.asks_for_ca) {
        return refuse("CertificateAuthorityRequested", "basicConstraints says cA = TRUE");
    }
    if (csr.key_usage &&
        std::ranges::find(*csr.key_usage, KeyUsage::key_cert_sign) != csr.key_usage->end()) {
        return refuse("CertificateAuthorityRequested", "key usage says keyCertSign");
    }
    return pass();
}

}  // namespace ndes::crp
