#include "tests/unit/scep_message/message_builder.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "scep-server/message/legacy_provider.h"

namespace ndes::scep::test {
namespace {

Bytes digest_of(const std::string& name, const Bytes& data) {
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    ::EVP_Digest(data.data(), data.size(), digest.data(), &size,
                 ::EVP_get_digestbyname(name.c_str()), nullptr);
    digest.resize(size);
    return digest;
}

Bytes digest_algorithm(const std::string& name) {
    std::array<char, 64> oid{};
    ::OBJ_obj2txt(oid.data(), oid.size(), ::OBJ_txt2obj(name.c_str(), 0), 1);
    return algorithm(oid.data(), {0x05, 0x00});
}

Bytes encoded_name(const X509_NAME* name) {
    unsigned char* octets = nullptr;
    const int size = ::i2d_X509_NAME(name, &octets);
    Bytes der_name(octets, octets + size);
    ::OPENSSL_free(octets);
    return der_name;
}

Bytes identifier_of(const Certificate& certificate) {
    unsigned char* octets = nullptr;
    const int size = ::i2d_ASN1_INTEGER(::X509_get0_serialNumber(certificate.handle()), &octets);
    const Bytes serial(octets, octets + size);
    ::OPENSSL_free(octets);
    return sequence({encoded_name(::X509_get_issuer_name(certificate.handle())), serial});
}

Bytes concatenated(std::vector<Bytes> parts, bool sorted) {
    if (sorted) std::ranges::sort(parts);
    Bytes all;
    for (const Bytes& part : parts)
        all = join({all, part});
    return all;
}

// The contents with definite or, for BER, indefinite length.
Bytes wrap(bool ber, std::uint8_t tag, const Bytes& contents) {
    return ber ? indefinite(tag, contents) : der(tag, contents);
}

Bytes attached(bool ber, const Bytes& content) {
    if (!ber) return sequence({der_oid(kOidData), der(0xA0, octet_string(content))});
    const auto half = static_cast<std::ptrdiff_t>(content.size() / 2);
    const Bytes pieces = join({octet_string(Bytes(content.begin(), content.begin() + half)),
                               octet_string(Bytes(content.begin() + half, content.end()))});
    return indefinite(0x30, join({der_oid(kOidData), indefinite(0xA0, indefinite(0x24, pieces))}));
}

}  // namespace

const RaIdentity& ra() {
    static const RaIdentity identity = [] {
        RaIdentity made;
        made.signing_certificate = make_certificate(
            rsa_key(0), {.subject = "CN=RA signing", .serial = 2, .key_usage = "digitalSignature"});
        made.signing_key = share(rsa_key(0));
        made.encryption_certificate = make_certificate(
            rsa_key(1),
            {.subject = "CN=RA encryption", .serial = 3, .key_usage = "keyEncipherment"});
        made.decryption_key = share(rsa_key(1));
        return made;
    }();
    return identity;
}

const Certificate& client() {
    static const Certificate certificate =
        make_certificate(rsa_key(2), {.subject = "CN=SCEP SIGNER", .serial = 7, .version = 1});
    return certificate;
}

Bytes client_csr() {
    static const Bytes csr =
        make_csr(rsa_key(2),
                 {.attributes = attribute(kChallengePassword, {der_text(kPrintable, "secret")})});
    return csr;
}

Bytes make_envelope(const Bytes& content, const std::vector<Certificate>& recipients,
                    const char* cipher) {
    const bool legacy = std::string_view(cipher) == "des-cbc";
    OSSL_LIB_CTX* context = legacy ? legacy_library_context() : nullptr;
    EVP_CIPHER* fetched = ::EVP_CIPHER_fetch(context, cipher, nullptr);
    STACK_OF(X509)* stack = sk_X509_new_null();
    for (const Certificate& recipient : recipients)
        sk_X509_push(stack, recipient.handle());
    const BioPtr source(::BIO_new_mem_buf(as_text(content).empty() ? "" : as_text(content).data(),
                                          static_cast<int>(content.size())));
    const CmsPtr cms(::CMS_encrypt_ex(stack, source.get(), fetched, CMS_BINARY, context, nullptr));
    sk_X509_free(stack);
    ::EVP_CIPHER_free(fetched);
    if (!cms) throw std::runtime_error("test set-up: " + take_openssl_errors());
    unsigned char* octets = nullptr;
    const int size = ::i2d_CMS_ContentInfo(cms.get(), &octets);
    Bytes envelope(octets, octets + size);
    ::OPENSSL_free(octets);
    return envelope;
}

Bytes good_envelope(const char* cipher) {
    return make_envelope(client_csr(), {ra().encryption_certificate}, cipher);
}

Bytes algorithm(const char* oid, const Bytes& parameters) {
    return sequence({der_oid(oid), parameters});
}

Bytes recipient_info(const Bytes& key_encryption) {
    return sequence({der_integer(0), identifier_of(ra().encryption_certificate), key_encryption,
                     octet_string(Bytes(256, 0x42))});
}

Bytes content_info(const char* type_oid, const Bytes& content) {
    return sequence({der_oid(type_oid), der(0xA0, content)});
}

Bytes make_envelope_of(const EnvelopeParts& parts) {
    const auto or_else = [](const Bytes& given, const Bytes& fallback) {
        return given.empty() ? fallback : given;
    };
    const Bytes rsa = algorithm(kOidRsaEncryption, {0x05, 0x00});
    const Bytes aes = algorithm("2.16.840.1.101.3.4.1.2", octet_string(Bytes(16, 1)));
    const Bytes encrypted =
        sequence({or_else(parts.data_type, der_oid(kOidData)), or_else(parts.cipher, aes),
                  or_else(parts.encrypted, der(0x80, Bytes(32, 2)))});
    const Bytes enveloped =
        sequence({der_integer(0), der(0x31, or_else(parts.recipients, recipient_info(rsa))),
                  encrypted, parts.trailing});
    return sequence({or_else(parts.type, der_oid(kOidEnvelopedData)), der(0xA0, enveloped)});
}

Bytes message_type(std::string_view digits, std::uint8_t tag) {
    return attribute(kOidMessageType, {der_text(tag, digits)});
}

Bytes transaction_id(std::string_view text, std::uint8_t tag) {
    return attribute(kOidTransactionId, {der_text(tag, text)});
}

Bytes sender_nonce(const Bytes& nonce) { return attribute(kOidSenderNonce, {octet_string(nonce)}); }

std::vector<Bytes> scep_attributes(std::string_view type) {
    return {message_type(type), transaction_id("transaction-1"), sender_nonce()};
}

Bytes make_message(const MessageParts& parts) {
    const Bytes content = parts.content.empty() ? good_envelope() : parts.content;
    const Certificate& signer = parts.signer != nullptr ? *parts.signer : client();
    EVP_PKEY* key = parts.key != nullptr ? parts.key : rsa_key(2);
    std::vector<Bytes> attributes = parts.attributes.empty() ? scep_attributes() : parts.attributes;
    attributes.push_back(attribute("1.2.840.113549.1.9.3", {der_oid(kOidData)}));
    attributes.push_back(
        attribute("1.2.840.113549.1.9.4", {octet_string(digest_of(parts.digest, content))}));
    const Bytes all_attributes = concatenated(attributes, true);
    const Bytes signature = sign(key, parts.digest, parts.pss, der(0x31, all_attributes));
    const Bytes signer_info = sequence(
        {der_integer(1), identifier_of(signer), digest_algorithm(parts.digest),
         der(0xA0, all_attributes),
         parts.signature_algorithm.empty() ? signature_algorithm(key, parts.digest, parts.pss)
                                           : parts.signature_algorithm,
         octet_string(signature),
         parts.unsigned_attributes.empty() ? Bytes{} : der(0xA1, parts.unsigned_attributes)});
    const Bytes certificates =
        parts.certificates.empty() ? signer.der() : concatenated(parts.certificates, false);
    const Bytes signed_data = wrap(
        parts.ber, 0x30,
        join({der_integer(1), set({digest_algorithm(parts.digest)}), attached(parts.ber, content),
              wrap(parts.ber, 0xA0, certificates), wrap(parts.ber, 0x31, signer_info)}));
    return wrap(parts.ber, 0x30,
                join({der_oid(kOidSignedData), wrap(parts.ber, 0xA0, signed_data)}));
}

}  // namespace ndes::scep::test
