#include "crp-service/cli/init/certificate_maker.h"

#include <openssl/x509v3.h>

#include "common/crypto/distinguished_name.h"
#include "common/crypto/pem.h"
#include "common/expiry/certificate_maker.h"

namespace ndes::crp::cli {

namespace {

constexpr long kBackdateSeconds = 300;  // clocks of two hosts are never the same

Failure cannot_make(const char* what) {
    return fail(ErrorCode::internal, std::string("cannot make ") + what, take_openssl_errors());
}

Result<void> fill(X509* certificate, const CertificateOrder& order, EVP_PKEY* key, X509* issuer) {
    auto subject = DistinguishedName::from_text(order.subject);
    if (!subject) return pass_on(subject, order.subject);
    auto name = subject->to_x509();
    if (!name) return pass_on(name, order.subject);
    const bool framed =
        ::X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
        ::X509_set_subject_name(certificate, name->get()) == 1 &&
        ::X509_set_issuer_name(
            certificate, issuer == certificate ? name->get() : ::X509_get_subject_name(issuer)) ==
            1 &&
        ::X509_set_pubkey(certificate, key) == 1 &&
        ::X509_gmtime_adj(X509_getm_notBefore(certificate), -kBackdateSeconds) != nullptr &&
        ::X509_time_adj_ex(X509_getm_notAfter(certificate), order.days, 0, nullptr) != nullptr;
    if (!framed) return cannot_make("a certificate");
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::vector<ExtensionText> extensions = order.extensions;
    extensions.emplace_back(NID_subject_key_identifier, "hash");
    if (issuer != certificate) extensions.emplace_back(NID_authority_key_identifier, "keyid");
    for (const auto& [nid, text] : extensions) {
        if (!add_extension(certificate, &context, nid, text)) return cannot_make("an extension");
    }
    return {};
}

}  // namespace

Result<MadeCertificate> make_own_certificate(const CertificateOrder& order,
                                             const MadeCertificate* issuer) {
    EvpPkeyPtr key(order.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(order.rsa_bits));
    const X509Ptr made(::X509_new());
    if (!key || !made) return cannot_make("a key");
    X509* signer = issuer == nullptr ? made.get() : issuer->certificate.handle();
    if (auto filled = fill(made.get(), order, key.get(), signer); !filled) return pass_on(filled);
    if (::X509_sign(made.get(), issuer == nullptr ? key.get() : issuer->key.get(),
                    ::EVP_sha256()) <= 0) {
        return cannot_make("a signature");
    }
    auto certificate = Certificate::from_handle(made.get());
    if (!certificate) return pass_on(certificate);
    auto pem = certificate_pem(made.get());
    if (!pem) return pass_on(pem);
    auto key_text = key_pem(key.get());
    if (!key_text) return pass_on(key_text);
    return MadeCertificate{std::move(*certificate), std::move(key), std::move(*pem),
                           std::move(*key_text)};
}

}  // namespace ndes::crp::cli
