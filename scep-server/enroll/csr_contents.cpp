#include "scep-server/enroll/csr_contents.h"

namespace ndes::scep {

Result<CertificateContents> contents_from_request(const CertificateRequest& csr,
                                                  const std::string& template_name,
                                                  int validity_days) {
    if (csr.asks_for_ca)
        return fail(ErrorCode::bad_request, "the request asks for a CA certificate");
    if (!csr.unknown_critical_extensions.empty())
        return fail(ErrorCode::bad_request, "the request holds the unknown critical extension " +
                                                csr.unknown_critical_extensions.front());
    CertificateContents contents;
    contents.subject = csr.subject.to_text();
    if (csr.subject_alt_names) contents.subject_alt_names = *csr.subject_alt_names;
    if (csr.key_usage) {
        contents.key_usage = *csr.key_usage;
    } else {
        contents.key_usage = {KeyUsage::digital_signature};
        if (csr.key.type == KeyType::rsa) contents.key_usage.push_back(KeyUsage::key_encipherment);
    }
    if (csr.extended_key_usage) contents.extended_key_usage = *csr.extended_key_usage;
    contents.validity_days = validity_days;
    contents.template_name = template_name;
    return contents;
}

}  // namespace ndes::scep
