#include "tests/unit/crypto/test_pki.h"

#include <array>
#include <stdexcept>

#include <openssl/rsa.h>

#include "common/crypto/distinguished_name.h"

namespace ndes::test {
namespace {

void require(bool condition) {
    if (!condition) throw std::runtime_error("test set-up: " + take_openssl_errors());
}

void add_extension(X509* certificate, int nid, const char* value) {
    if (value == nullptr) return;
    const X509ExtensionPtr extension(::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    require(extension != nullptr);
    ::X509_add_ext(certificate, extension.get(), -1);
}

}  // namespace

EvpPkeyPtr new_rsa_key(unsigned bits) {
    EvpPkeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
    require(key != nullptr);
    return key;
}

EvpPkeyPtr new_ec_key(const char* curve) {
    EvpPkeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
    require(key != nullptr);
    return key;
}

EVP_PKEY* rsa_key(std::size_t number) {
    static std::array<EvpPkeyPtr, 4> keys;
    if (!keys.at(number)) keys.at(number) = new_rsa_key();
    return keys.at(number).get();
}

EvpPkeyPtr share(EVP_PKEY* key) {
    ::EVP_PKEY_up_ref(key);
    return EvpPkeyPtr(key);
}

Certificate make_certificate(EVP_PKEY* key, const CertificateOptions& options) {
    const X509Ptr built(::X509_new());
    const auto subject = DistinguishedName::from_text(options.subject);
    require(subject.has_value());
    const auto name = subject->to_x509();
    require(name.has_value());
    ::X509_set_version(built.get(), options.version - 1);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(built.get()), options.serial);
    ::X509_set_subject_name(built.get(), name->get());
    const bool self_signed = options.issuer == nullptr;
    ::X509_set_issuer_name(
        built.get(), self_signed ? name->get() : ::X509_get_subject_name(options.issuer->handle()));
    ::ASN1_TIME_set_string_X509(::X509_getm_notBefore(built.get()), "20260101000000Z");
    ::ASN1_TIME_set_string_X509(::X509_getm_notAfter(built.get()), "20360101000000Z");
    ::X509_set_pubkey(built.get(), key);
    add_extension(built.get(), NID_key_usage, options.key_usage);
    add_extension(built.get(), NID_ext_key_usage, options.extended_key_usage);
    add_extension(built.get(), NID_subject_alt_name, options.subject_alt_name);
    require(::X509_sign(built.get(), self_signed ? key : options.issuer_key, ::EVP_sha256()) > 0);
    auto certificate = Certificate::from_handle(built.get());
    require(certificate.has_value());
    return *std::move(certificate);
}

Bytes name_part(const char* oid, std::uint8_t tag, std::string_view value) {
    return set({sequence({der_oid(oid), der_text(tag, value)})});
}

Bytes name_of(std::initializer_list<Bytes> parts) { return sequence(parts); }

Bytes attribute(const char* oid, std::initializer_list<Bytes> values) {
    return sequence({der_oid(oid), set(values)});
}

Bytes extension(const char* oid, const Bytes& value, bool critical) {
    const Bytes flag = critical ? Bytes{0x01, 0x01, 0xFF} : Bytes{};
    return sequence({der_oid(oid), flag, octet_string(value)});
}

Bytes make_csr(EVP_PKEY* key, const CsrParts& parts) {
    const Bytes attributes = parts.omit_attributes ? Bytes{} : der(0xA0, parts.attributes);
    const Bytes spki = parts.spki.empty() ? spki_of(key) : parts.spki;
    const Bytes info = sequence({der_integer(0), parts.subject, spki, attributes});
    Bytes signature = sign(key, parts.digest, parts.pss, info);
    signature.insert(signature.begin(), 0x00);
    return sequence(
        {info, signature_algorithm(key, parts.digest, parts.pss), der(0x03, signature)});
}

Bytes signature_algorithm(EVP_PKEY* key, const std::string& digest, bool pss) {
    if (pss) {  // SHA-256 with MGF1 over SHA-256 and 32 octets of salt
        const Bytes sha256 = sequence({der_oid("2.16.840.1.101.3.4.2.1")});
        const Bytes mgf1 = sequence({der_oid("1.2.840.113549.1.1.8"), sha256});
        return sequence(
            {der_oid("1.2.840.113549.1.1.10"),
             sequence({der(0xA0, sha256), der(0xA1, mgf1), der(0xA2, der_integer(32))})});
    }
    int nid = NID_undef;
    const int hash = ::OBJ_txt2nid(digest.c_str());
    require(::OBJ_find_sigid_by_algs(&nid, hash, ::EVP_PKEY_get_base_id(key)) == 1);
    std::array<char, 64> oid{};
    ::OBJ_obj2txt(oid.data(), oid.size(), ::OBJ_nid2obj(nid), 1);
    const bool rsa = ::EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    return rsa ? sequence({der_oid(oid.data()), {0x05, 0x00}}) : sequence({der_oid(oid.data())});
}

Bytes sign(EVP_PKEY* key, const std::string& digest, bool pss, const Bytes& data) {
    const EvpMdCtxPtr context(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* key_context = nullptr;
    require(::EVP_DigestSignInit(context.get(), &key_context,
                                 ::EVP_get_digestbyname(digest.c_str()), nullptr, key) == 1);
    if (pss) {
        ::EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
        ::EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, 32);
    }
    std::size_t size = 0;
    require(::EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1);
    Bytes signature(size);
    require(::EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) ==
            1);
    signature.resize(size);
    return signature;
}

Bytes spki_of(const EVP_PKEY* key) {
    auto spki = spki_der(key);
    require(spki.has_value());
    return *std::move(spki);
}

}  // namespace ndes::test
