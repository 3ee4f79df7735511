#include "crp-service/validation/rule.h"

#include <vector>

#include "common/crypto/general_names.h"
#include "common/logging/cmtrace.h"

namespace ndes::crp {

// The white paper's DisableRenewalSubjectNameMatch has no counterpart here: what a renewal may say
// is also held against the record as it is now, by the rules after this one.
RuleResult renewal_same_identity(const Context& context) {
    const CertificateRequest& csr = context.csr.value();
    const Certificate& signer = context.signer.value();
    const Result<DistinguishedName> subject = signer.subject();
    if (!subject || !csr.subject.same_names(*subject)) {
        return refuse("RenewalSubjectMismatch",
                      "subject in CSR " + loggable(csr.subject.to_text(), 256) +
                          " and in the certificate " + loggable(signer.subject_text(), 256));
    }
    const Result<std::vector<SubjectAltName>> names = signer.subject_alt_names();
    if (!names ||
        !same_alt_names(csr.subject_alt_names.value_or(std::vector<SubjectAltName>{}), *names)) {
        return refuse("RenewalSubjectMismatch",
                      "the subject alternative names are not those of the certificate");
    }
    return pass();
}

}  // namespace ndes::crp
