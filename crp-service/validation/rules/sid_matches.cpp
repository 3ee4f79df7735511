#include "crp-service/validation/rule.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/certificate_contents.h"
#include "common/logging/cmtrace.h"
#include "crp-service/validation/security_identifier.h"

namespace ndes::crp {
namespace {

bool is_expected(const Context& context, const std::string& sid) {
    if (context.user && !sid.empty() && context.user->security_identifier == sid) return true;
    // A challenge can promise a name of its own, a computer account's for one.
    const auto& names = context.expected.value().contents.subject_alt_names;
    return std::ranges::any_of(
        names, [&sid](const SubjectAltName& name) { return sid_of_uri(name) == sid; });
}

}  // namespace

// A SID decides whom a domain controller lets log on (KB5014754), as an extension and as a URI
// among the alternative names. It is never taken from a CSR; one of somebody else shows an attack.
RuleResult sid_matches(const Context& context) {
    const CertificateRequest& csr = context.csr.value();
    std::vector<std::string> asked;
    if (csr.security_identifier) asked.push_back(*csr.security_identifier);
    for (const SubjectAltName& name :
         csr.subject_alt_names.value_or(std::vector<SubjectAltName>{})) {
        if (auto sid = sid_of_uri(name)) asked.push_back(*std::move(sid));
    }
    for (const std::string& sid : asked) {
        if (is_expected(context, sid)) continue;
        return refuse("SecurityIdentifierMismatch", "the CSR carries SID " + loggable(sid, 64) +
                                                        "; the record of user '" + context.user_id +
                                                        "' says otherwise");
    }
    return pass();
}

}  // namespace ndes::crp
