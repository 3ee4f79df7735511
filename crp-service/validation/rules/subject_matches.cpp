#include "crp-service/validation/rule.h"

#include "common/logging/cmtrace.h"

namespace ndes::crp {

// Compared as parsed names: text would break on escapes, order and string types.
RuleResult subject_matches(const Context& context) {
    const DistinguishedName& asked = context.csr.value().subject;
    const ExpectedContents& expected = context.expected.value();
    if (asked.empty() && !expected.subject.empty()) {
        return refuse("SubjectNameMissing", "the CSR has no subject; the record says " +
                                                loggable(expected.contents.subject, 256));
    }
    if (asked.same_names(expected.subject)) return pass();
    // The original's words, which administrators search for.
    return refuse("SubjectNameMismatch",
                  "Subject Name in CSR " + loggable(asked.to_text(), 256) + " and challenge " +
                      loggable(expected.contents.subject, 256) + " do not match");
}

}  // namespace ndes::crp
