#include "crp-service/validation/rule.h"

#include <algorithm>
#include <vector>

#include "common/logging/cmtrace.h"

namespace ndes::crp {

// See key_usage_matches for clients that name no usage.
RuleResult extended_key_usage_matches(const Context& context) {
    const CertificateRequest& csr = context.csr.value();
    if (!csr.key_usage && !csr.extended_key_usage) return pass();
    const std::vector<std::string>& expected = context.expected.value().contents.extended_key_usage;
    const std::vector<std::string> asked =
        csr.extended_key_usage.value_or(std::vector<std::string>{});
    for (const std::string& oid : expected) {
        if (!contains(asked, oid)) {
            return refuse("EnhancedKeyUsageMissing",
                          "Enhanced key usage " + oid + " of the challenge is missing in the CSR");
        }
    }
    for (const std::string& oid : asked) {
        if (!contains(expected, oid)) {
            return refuse("EnhancedKeyUsageMismatch", "Enhanced key usage " + loggable(oid, 64) +
                                                          " in CSR is not in the challenge");
        }
    }
    return pass();
}

}  // namespace ndes::crp
