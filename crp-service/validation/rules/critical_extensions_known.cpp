#include "crp-service/validation/rule.h"

#include <vector>

#include "common/logging/cmtrace.h"

namespace ndes::crp {

// "Critical" means that whoever does not understand it must not go on (RFC 5280 section 4.2).
// Other unknown extensions are ignored; none of them reaches the certificate.
RuleResult critical_extensions_known(const Context& context) {
    const std::vector<std::string>& unknown = context.csr.value().unknown_critical_extensions;
    if (unknown.empty()) return pass();
    return refuse("CriticalExtensionUnknown",
                  "the CSR asks for critical extension " + loggable(unknown.front(), 64));
}

}  // namespace ndes::crp
