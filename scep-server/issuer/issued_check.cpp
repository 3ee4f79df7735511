#include "scep-server/issuer/issued_check.h"

#include <algorithm>

#include "common/crypto/csr_extensions.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/general_names.h"

namespace ndes::scep {
namespace {

using Fault = std::optional<std::string>;

// The extensions of a certificate are written as those a request asks for.
Result<CertificateRequest> read_extensions(const Certificate& leaf) {
    CertificateRequest extensions;
    const auto* list = ::X509_get0_extensions(leaf.handle());
    if (list == nullptr) return extensions;
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509_EXTENSIONS(list, &encoded);
    if (size <= 0)
        return fail(ErrorCode::bad_request, "extensions cannot be read", take_openssl_errors());
    const Bytes der(encoded, encoded + size);
    ::OPENSSL_free(encoded);
    const auto contents = der_contents(der, kDerSequence);
    if (!contents) return fail(ErrorCode::bad_request, "extensions cannot be read");
    if (auto read = read_requested_extensions(*contents, extensions); !read) return pass_on(read);
    return extensions;
}

Fault fault_of_subject(const Certificate& leaf, const std::string& wanted_text) {
    const auto subject = leaf.subject();
    const auto wanted = DistinguishedName::from_text(wanted_text);
    if (subject && wanted && subject->same_names(*wanted)) return std::nullopt;
    return "for another subject: " + leaf.subject_text();
}

bool is_permitted(const std::vector<KeyUsage>& found, const std::vector<KeyUsage>& wanted) {
    if (!wanted.empty()) return std::ranges::is_permutation(found, wanted);
    return std::ranges::none_of(found, [](KeyUsage usage) {
        return usage == KeyUsage::key_cert_sign || usage == KeyUsage::crl_sign;
    });
}

Fault fault_of_extensions(const Certificate& leaf, const CertificateContents& contents) {
    const auto found = read_extensions(leaf);
    if (!found) return "with an extension that cannot be read: " + found.error().text;
    if (found->asks_for_ca || ::X509_check_ca(leaf.handle()) == 1) return "for a CA";
    using Names = std::vector<SubjectAltName>;
    if (!same_alt_names(found->subject_alt_names.value_or(Names{}), contents.subject_alt_names))
        return "with other alternative names";
    if (!is_permitted(found->key_usage.value_or(std::vector<KeyUsage>{}), contents.key_usage))
        return "with other key usages";
    const auto extended = found->extended_key_usage.value_or(std::vector<std::string>{});
    if (!contents.extended_key_usage.empty() &&
        !std::ranges::is_permutation(extended, contents.extended_key_usage))
        return "with other extended key usages";
    if (found->security_identifier.value_or("") != contents.security_identifier)
        return "with another security identifier";
    if (!found->unknown_critical_extensions.empty())
        return "with the critical extension " + found->unknown_critical_extensions.front();
    return std::nullopt;
}

Fault fault_of_dates(const Certificate& leaf, int validity_days, WallTime now) {
    if (now < leaf.not_before() || now > leaf.not_after()) return "that is not valid now";
    if (leaf.not_after() > now + std::chrono::days(validity_days + 1))
        return "that is valid longer than asked for, until " + to_rfc3339(leaf.not_after());
    return std::nullopt;
}

}  // namespace

Fault fault_of_issued(const Certificate& leaf, const IssueRequest& request, const Certificate& ca,
                      WallTime now) {
    if (leaf.spki_sha256() != request.csr->spki_sha256) return "for another public key";
    if (!leaf.is_issued_by(ca)) return "that is not signed by the CA of [issuer]";
    if (auto fault = fault_of_subject(leaf, request.contents.subject)) return fault;
    if (auto fault = fault_of_extensions(leaf, request.contents)) return fault;
    return fault_of_dates(leaf, request.contents.validity_days, now);
}

}  // namespace ndes::scep
