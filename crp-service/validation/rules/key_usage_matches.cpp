#include "crp-service/validation/rule.h"

#include <vector>

namespace ndes::crp {

// A client that names no usage at all leaves it to the record: scepclient, for one, cannot name
// any. One that names key usage or extended key usage is held to both.
RuleResult key_usage_matches(const Context& context) {
    const CertificateRequest& csr = context.csr.value();
    if (!csr.key_usage && !csr.extended_key_usage) return pass();
    if (csr.key_usage.value_or(std::vector<KeyUsage>{}) ==
        context.expected.value().contents.key_usage) {
        return pass();
    }
    return refuse("KeyUsageMismatch", "Key usage in CSR and challenge do not match");
}

}  // namespace ndes::crp
