#include "crp-service/validation/rule.h"

#include <vector>

#include "common/crypto/general_names.h"
#include "common/logging/cmtrace.h"

namespace ndes::crp {
namespace {

std::string listed(const std::vector<SubjectAltName>& names) {
    std::string text = "[";
    for (const SubjectAltName& name : names) {
        if (text.size() > 1) text += ", ";
        text += std::string(to_string(name.type)) + ":" + loggable(name.value, 128);
        if (text.size() > 512) return text + ", ...]";
    }
    return text + "]";
}

}  // namespace

// In both directions: a name too many is an identity that nobody promised (CVE-2022-34831).
RuleResult san_matches(const Context& context) {
    const std::vector<SubjectAltName>& expected =
        context.expected.value().contents.subject_alt_names;
    const std::vector<SubjectAltName> asked =
        context.csr.value().subject_alt_names.value_or(std::vector<SubjectAltName>{});
    if (asked.empty() && !expected.empty()) {
        return refuse("SubjectAltNameMissing",
                      "Subject alternative name in CSR is missing; the "
                      "record has " +
                          listed(expected));
    }
    // A name twice is one too many, unless the record itself comes to the same name twice.
    if (asked.size() <= expected.size() && same_alt_names(asked, expected)) return pass();
    return refuse("SubjectAltNameMismatch", "Subject alternative name in CSR " + listed(asked) +
                                                " and challenge " + listed(expected) +
                                                " do not match");
}

}  // namespace ndes::crp
