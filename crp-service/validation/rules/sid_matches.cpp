#include "crp-service/validation/rule.h"

#include "common/logging/cmtrace.h"

namespace ndes::crp {

// The SID extension decides whom a domain controller lets log on (KB5014754). It is never taken
// from a CSR; one that names somebody else shows an attack.
RuleResult sid_matches(const Context& context) {
    const std::optional<std::string>& asked = context.csr.value().security_identifier;
    if (!asked) return pass();
    if (context.user && !context.user->security_identifier.empty() &&
        *asked == context.user->security_identifier) {
        return pass();
    }
    return refuse("SecurityIdentifierMismatch", "the CSR carries SID " + loggable(*asked, 64) +
                                                    "; the record of user '" + context.user_id +
                                                    "' says otherwise");
}

}  // namespace ndes::crp
