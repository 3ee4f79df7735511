#include "common/crypto/csr.h"

#include <algorithm>
#include <array>
#include <set>

#include <openssl/rsa.h>

#include "common/crypto/asn1_reader.h"
#include "common/crypto/asn1_text.h"
#include "common/crypto/csr_extensions.h"
#include "common/crypto/digest.h"
#include "common/crypto/name_attribute_types.h"

namespace ndes {
namespace {

constexpr const char* kOidChallengePassword = "1.2.840.113549.1.9.7";
constexpr const char* kOidExtensionRequest = "1.2.840.113549.1.9.14";
constexpr const char* kOidMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";
// A sealed challenge is a base64 CMS message; PKCS#9's bound of 255 is for a person's password.
constexpr std::size_t kMaxChallenge = 16 * 1024;
constexpr std::size_t kMaxNameAttributes = 64;

using PssParametersPtr = std::unique_ptr<RSA_PSS_PARAMS, OpensslFree<::RSA_PSS_PARAMS_free>>;

Failure bad(std::string text) {
    return fail(ErrorCode::bad_request, std::move(text), take_openssl_errors());
}

X509ReqPtr decode(ByteView der) {
    const unsigned char* position = der.data();
    return X509ReqPtr(::d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
}

// RFC 8017 appendix A.2.3: the hash of RSASSA-PSS stands in its parameters; absent means SHA-1.
int pss_hash(const X509_ALGOR* algorithm) {
    int type = V_ASN1_UNDEF;
    const void* value = nullptr;
    ::X509_ALGOR_get0(nullptr, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE) return NID_undef;
    const auto* sequence = static_cast<const ASN1_STRING*>(value);
    const unsigned char* position = ::ASN1_STRING_get0_data(sequence);
    const PssParametersPtr parameters(
        ::d2i_RSA_PSS_PARAMS(nullptr, &position, ::ASN1_STRING_length(sequence)));
    if (!parameters) return NID_undef;
    if (parameters->hashAlgorithm == nullptr) return NID_sha1;
    const ASN1_OBJECT* hash = nullptr;
    ::X509_ALGOR_get0(&hash, nullptr, nullptr, parameters->hashAlgorithm);
    return ::OBJ_obj2nid(hash);
}

Result<void> read_signature_algorithm(const X509_REQ* csr, CertificateRequest& request) {
    const X509_ALGOR* algorithm = nullptr;
    ::X509_REQ_get0_signature(csr, nullptr, &algorithm);
    const int signature = ::X509_REQ_get_signature_nid(csr);
    int hash = NID_undef;
    if (signature == NID_rsassaPss) {
        hash = pss_hash(algorithm);
    } else {
        // The signature does not cover these octets, so that nothing may vary in them.
        int parameters = V_ASN1_UNDEF;
        ::X509_ALGOR_get0(nullptr, &parameters, nullptr, algorithm);
        if (parameters != V_ASN1_UNDEF && parameters != V_ASN1_NULL) {
            return bad("signature algorithm has parameters");
        }
        ::OBJ_find_sigid_algs(signature, &hash, nullptr);
    }
    request.signature_hash = digest_name(hash);
    return {};
}

// What is_der cannot see: the key inside its BIT STRING, and parameters that mean nothing.
bool is_canonical_key(X509_REQ* csr) {
    const unsigned char* octets = nullptr;
    int size = 0;
    X509_ALGOR* algorithm = nullptr;
    ::X509_PUBKEY_get0_param(nullptr, &octets, &size, &algorithm, ::X509_REQ_get_X509_PUBKEY(csr));
    if (::EVP_PKEY_get_base_id(::X509_REQ_get0_pubkey(csr)) != EVP_PKEY_RSA) return true;
    int parameters = V_ASN1_UNDEF;
    ::X509_ALGOR_get0(nullptr, &parameters, nullptr, algorithm);
    // RFC 3279 section 2.3.1: NULL, and an RSAPublicKey in DER.
    return parameters == V_ASN1_NULL && is_der({octets, static_cast<std::size_t>(size)});
}

Result<void> read_key(X509_REQ* csr, CertificateRequest& request) {
    const EVP_PKEY* key = ::X509_REQ_get0_pubkey(csr);
    if (key == nullptr) return bad("public key cannot be read");
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509_PUBKEY(::X509_REQ_get_X509_PUBKEY(csr), &encoded);
    if (size <= 0) return bad("public key cannot be read");
    request.spki.assign(encoded, encoded + size);
    ::OPENSSL_free(encoded);
    if (!is_canonical_key(csr)) return bad("public key is not DER");
    request.spki_sha256 = sha256_hex(request.spki);
    request.key = key_facts(key);
    return {};
}

Result<void> read_subject(const X509_REQ* csr, CertificateRequest& request) {
    auto subject = DistinguishedName::from_x509(::X509_REQ_get_subject_name(csr));
    if (!subject) return pass_on(subject, "subject");
    std::size_t count = 0;
    for (const RelativeName& name : subject->names()) {
        for (const NameAttribute& attribute : name) {
            if (++count > kMaxNameAttributes) return bad("subject has too many attributes");
            const std::string label = "subject: attribute " + attribute.oid;
            if (!is_visible_text(attribute.value))
                return bad(label + " holds a forbidden character");
            if (count_characters(attribute.value) > max_attribute_characters(attribute.oid)) {
                return bad(label + " is too long");
            }
        }
    }
    request.subject = *std::move(subject);
    return {};
}

Result<void> read_challenge(const ASN1_TYPE* value, CertificateRequest& request) {
    switch (::ASN1_TYPE_get(value)) {
        case V_ASN1_PRINTABLESTRING:
        case V_ASN1_UTF8STRING:
        case V_ASN1_IA5STRING:
        case V_ASN1_T61STRING:
        case V_ASN1_BMPSTRING:
        case V_ASN1_UNIVERSALSTRING: break;
        default: return bad("challengePassword is not a string");
    }
    auto text = text_of(value->value.asn1_string);
    if (!text) return pass_on(text, "challengePassword");
    if (text->size() > kMaxChallenge) return bad("challengePassword is too long");
    if (!is_visible_text(*text)) return bad("challengePassword holds a forbidden character");
    request.challenge = *std::move(text);
    return {};
}

Result<void> read_extension_request(const ASN1_TYPE* value, CertificateRequest& request) {
    if (::ASN1_TYPE_get(value) != V_ASN1_SEQUENCE) return bad("extensionRequest is not a SEQUENCE");
    const ASN1_STRING* sequence = value->value.sequence;
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(sequence));
    return read_requested_extensions({::ASN1_STRING_get0_data(sequence), size}, request);
}

std::string attribute_type(X509_ATTRIBUTE* attribute) {
    std::array<char, 256> text{};
    const int size =
        ::OBJ_obj2txt(text.data(), text.size(), ::X509_ATTRIBUTE_get0_object(attribute), 1);
    if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) return "";
    // Both forms mean the same, so that having one of each is having it twice.
    if (std::string_view(text.data()) == kOidMicrosoftExtensions) return kOidExtensionRequest;
    return text.data();
}

// Parsers differ on which of two attributes or values counts; here there is never a choice.
Result<void> read_attributes(X509_REQ* csr, CertificateRequest& request) {
    std::set<std::string> seen;
    for (int i = 0; i < ::X509_REQ_get_attr_count(csr); ++i) {
        X509_ATTRIBUTE* attribute = ::X509_REQ_get_attr(csr, i);
        const std::string type = attribute_type(attribute);
        if (type.empty()) return bad("an attribute's type cannot be read");
        if (!seen.insert(type).second) return bad("attribute " + type + " occurs twice");
        if (::X509_ATTRIBUTE_count(attribute) != 1) {
            return bad("attribute " + type + " has not exactly one value");
        }
        const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(attribute, 0);
        Result<void> read;
        if (type == kOidChallengePassword) read = read_challenge(value, request);
        if (type == kOidExtensionRequest) read = read_extension_request(value, request);
        if (!read) return read;
    }
    return {};
}

}  // namespace

Result<CertificateRequest> parse_csr(ByteView der, std::size_t limit) {
    if (der.size() > limit) return fail(ErrorCode::too_large, "certificate request is too long");
    if (!is_der(der)) return bad("certificate request is not DER");
    const std::shared_ptr<X509_REQ> csr = decode(der);
    if (!csr) return bad("not a PKCS#10 certificate request");
    CertificateRequest request;
    request.handle = csr;
    request.der = to_bytes(der);
    request.sha256 = sha256_hex(der);
    auto read = read_signature_algorithm(csr.get(), request);
    if (read) read = read_subject(csr.get(), request);
    if (read) read = read_key(csr.get(), request);
    if (read) read = read_attributes(csr.get(), request);
    take_openssl_errors();
    if (!read) return pass_on(read, "certificate request");
    return request;
}

bool verify_self_signature(const CertificateRequest& request) {
    constexpr std::array kAccepted{"SHA-256", "SHA-384",  "SHA-512",  "SHA-224",
                                   "SHA-1",   "SHA3-256", "SHA3-384", "SHA3-512"};
    if (std::ranges::find(kAccepted, request.signature_hash) == kAccepted.end()) return false;
    X509_REQ* csr = request.handle.get();
    const bool verified =
        csr != nullptr && ::X509_REQ_verify(csr, ::X509_REQ_get0_pubkey(csr)) == 1;
    take_openssl_errors();
    return verified;
}

}  // namespace ndes
