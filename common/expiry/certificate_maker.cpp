#include "common/expiry/certificate_maker.h"

#include <ctime>
#include <memory>
#include <utility>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "common/crypto/pem.h"
#include "common/random.h"

namespace ndes {
namespace {

constexpr unsigned kKeyBits = 2048;
constexpr int kSerialOctets = 16;

Failure cannot_make(const char* step) {
    return fail(ErrorCode::internal, std::string("cannot make ") + step, take_openssl_errors());
}

X509ExtensionPtr extension(X509V3_CTX* context, int nid, const std::string& value) {
    return X509ExtensionPtr(::X509V3_EXT_conf_nid(nullptr, context, nid, value.c_str()));
}

bool set_time(ASN1_TIME* time, WallTime value) {
    return ::ASN1_TIME_set(time, static_cast<std::time_t>(to_unix_ms(value) / 1000)) != nullptr;
}

bool add_extensions(X509* leaf, const CertificateFrame& frame, const LocalCa& ca) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, ca.certificate.handle(), leaf, nullptr, nullptr, 0);
    for (const auto& [nid, value] :
         {std::pair(NID_basic_constraints, std::string("critical,CA:FALSE")),
          std::pair(NID_key_usage, frame.key_usage),
          std::pair(NID_ext_key_usage, frame.extended_key_usage),
          std::pair(NID_subject_key_identifier, std::string("hash")),
          std::pair(NID_authority_key_identifier, std::string("keyid"))}) {
        if (!add_extension(leaf, &context, nid, value)) return false;
    }
    return frame.alternative_names == nullptr ||
           ::X509_add1_ext_i2d(leaf, NID_subject_alt_name, frame.alternative_names, 0, 0) == 1;
}

}  // namespace

bool set_random_serial(X509* certificate) {
    const Bytes octets = system_random().bytes(kSerialOctets);
    const BignumPtr serial(::BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    return serial &&
           ::BN_to_ASN1_INTEGER(serial.get(), ::X509_get_serialNumber(certificate)) != nullptr;
}

bool add_extension(X509* certificate, X509V3_CTX* context, int nid, const std::string& value) {
    const X509ExtensionPtr one = extension(context, nid, value);
    return one && ::X509_add_ext(certificate, one.get(), -1) == 1;
}

Result<LocalCa> load_local_ca(const std::filesystem::path& certificate_file,
                              const KeySource& source) {
    auto chain = load_certificates(certificate_file);
    if (!chain) return pass_on(chain, "CA certificate");
    auto key = load_key(source);
    if (!key) return pass_on(key, "CA key");
    if (!chain->front().matches(key->get()))
        return fail(ErrorCode::configuration,
                    source.text() + ": is not the key of " + certificate_file.string());
    return LocalCa{chain->front(), std::move(*key)};
}

Result<EvpPkeyPtr> make_rsa_key() {
    EvpPkeyPtr key(EVP_RSA_gen(kKeyBits));
    if (!key) return cannot_make("a key");
    return key;
}

Result<std::string> make_certificate(EVP_PKEY* key, const CertificateFrame& frame,
                                     const LocalCa& ca) {
    if (frame.ends > ca.certificate.not_after())
        return fail(ErrorCode::bad_request, "the CA certificate ends before that",
                    "it ends at " + to_rfc3339(ca.certificate.not_after()));
    const X509Ptr leaf(::X509_new());
    const bool framed =
        leaf && ::X509_set_version(leaf.get(), X509_VERSION_3) == 1 &&
        set_random_serial(leaf.get()) && ::X509_set_subject_name(leaf.get(), frame.subject) == 1 &&
        ::X509_set_issuer_name(leaf.get(), ::X509_get_subject_name(ca.certificate.handle())) == 1 &&
        ::X509_set_pubkey(leaf.get(), key) == 1 &&
        set_time(X509_getm_notBefore(leaf.get()), frame.begins) &&
        set_time(X509_getm_notAfter(leaf.get()), frame.ends);
    if (!framed) return cannot_make("a certificate");
    if (!add_extensions(leaf.get(), frame, ca)) return cannot_make("an extension");
    if (::X509_sign(leaf.get(), ca.key.get(), ::EVP_sha256()) <= 0)
        return cannot_make("a signature");
    return certificate_pem(leaf.get());
}

Result<std::string> make_request(EVP_PKEY* key, const CertificateFrame& frame) {
    const X509ReqPtr request(::X509_REQ_new());
    STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
    bool good = request && list != nullptr &&
                ::X509_REQ_set_subject_name(request.get(), frame.subject) == 1 &&
                ::X509_REQ_set_pubkey(request.get(), key) == 1;
    for (const auto& [nid, value] : {std::pair(NID_key_usage, frame.key_usage),
                                     std::pair(NID_ext_key_usage, frame.extended_key_usage)}) {
        X509ExtensionPtr one = extension(nullptr, nid, value);
        if (good && one && sk_X509_EXTENSION_push(list, one.get()) > 0)
            static_cast<void>(one.release());  // now the list's
        else
            good = false;
    }
    good = good && ::X509_REQ_add_extensions(request.get(), list) == 1 &&
           ::X509_REQ_sign(request.get(), key, ::EVP_sha256()) > 0;
    sk_X509_EXTENSION_pop_free(list, ::X509_EXTENSION_free);
    if (!good) return cannot_make("a request");
    return pem_text([&](BIO* out) { return ::PEM_write_bio_X509_REQ(out, request.get()); });
}

}  // namespace ndes
