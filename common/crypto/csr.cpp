#include "common/crypto/csr.h"

#include <algorithm>
#include <array>

#include "common/crypto/asn1_text.h"
#include "common/crypto/csr_extensions.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/digest.h"
#include "common/crypto/name_attribute_types.h"
#include "common/crypto/public_key.h"
#include "common/crypto/signature_algorithm.h"

namespace ndes {
namespace {

constexpr const char* kOidChallengePassword = "1.2.840.113549.1.9.7";
constexpr const char* kOidExtensionRequest = "1.2.840.113549.1.9.14";
constexpr const char* kOidMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";
constexpr std::size_t kMaxPassword = 255;  // RFC 2985 section 5.4.1
constexpr std::size_t kMaxNameAttributes = 64;
constexpr std::size_t kMaxAttributes = 32;

// CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature }
struct SignedRequest {
    DerElement info;
    DerElement algorithm;
    ByteView signature;
};
std::optional<SignedRequest> read_signed_request(ByteView der) {
    DerReader reader(der_contents(der, kDerSequence).value_or(ByteView{}));
    const auto info = reader.take(kDerSequence);
    const auto algorithm = reader.take(kDerSequence);
    const auto bits = reader.take(kDerBitString);
    const auto signature = bits ? whole_octets(bits->contents) : std::nullopt;
    if (!info || !algorithm || !signature || !reader.empty()) return std::nullopt;
    return SignedRequest{*info, *algorithm, *signature};
}

// CertificationRequestInfo ::= SEQUENCE { version, subject, subjectPKInfo, attributes [0] }
struct RequestInfo {
    DerElement version;
    DerElement subject;
    DerElement key;
    ByteView attributes;  // empty when left out, as some clients do
};
std::optional<RequestInfo> read_request_info(ByteView contents) {
    DerReader reader(contents);
    const auto version = reader.take(kDerInteger);
    const auto subject = reader.take(kDerSequence);
    const auto key = reader.take(kDerSequence);
    const auto attributes = reader.take(der_context(0, true));
    if (!version || !subject || !key || !reader.empty()) return std::nullopt;
    return RequestInfo{*version, *subject, *key, attributes ? attributes->contents : ByteView{}};
}

Result<void> read_key(ByteView spki, CertificateRequest& request) {
    auto key = read_public_key(spki);
    if (!key) return pass_on(key);
    request.spki = to_bytes(spki);
    request.spki_sha256 = sha256_hex(spki);
    request.key = key->facts;
    request.public_key = std::move(key->handle);
    return {};
}

Result<void> read_subject(ByteView name, CertificateRequest& request) {
    auto subject = DistinguishedName::from_der(name);
    if (!subject) return pass_on(subject, "subject");
    std::size_t count = 0;
    for (const RelativeName& relative : subject->names()) {
        for (const NameAttribute& attribute : relative) {
            if (++count > kMaxNameAttributes) return bad_request("subject has too many attributes");
            const auto faulty = [&](const char* what) {
                return bad_request("subject: attribute " + attribute.oid + what);
            };
            if (!is_visible_text(attribute.value)) return faulty(" holds a forbidden character");
            if (count_characters(attribute.value) > max_attribute_characters(attribute.oid)) {
                return faulty(" is too long");
            }
        }
    }
    request.subject = *std::move(subject);
    return {};
}

Result<void> read_challenge(const DerElement& value, CertificateRequest& request) {
    switch (value.identifier) {
        case V_ASN1_PRINTABLESTRING:
        case V_ASN1_UTF8STRING:
        case V_ASN1_IA5STRING:
        case V_ASN1_T61STRING:
        case V_ASN1_BMPSTRING:
        case V_ASN1_UNIVERSALSTRING: break;
        default: return bad_request("challengePassword is not a string");
    }
    auto text = text_of(value.identifier, value.contents);
    if (!text) return pass_on(text, "challengePassword");
    if (text->size() > kMaxChallengeOctets) return bad_request("challengePassword is too long");
    if (text->size() > kMaxPassword) {
        std::erase_if(*text, [](char c) { return c == '\r' || c == '\n'; });
    }
    if (!is_visible_text(*text))
        return bad_request("challengePassword holds a forbidden character");
    request.challenge = *std::move(text);
    return {};
}

Result<void> read_attribute_value(const std::string& type, const DerElement& value,
                                  CertificateRequest& request) {
    if (type == kOidChallengePassword) return read_challenge(value, request);
    if (type != kOidExtensionRequest) return {};
    if (value.identifier != kDerSequence) return bad_request("extensionRequest is not a SEQUENCE");
    return read_requested_extensions(value.contents, request);
}

// Parsers differ on which of two attributes or values counts; here there is never a choice.
Result<void> read_attributes(ByteView attributes, CertificateRequest& request) {
    std::vector<std::string> seen;
    for (DerReader reader(attributes); !reader.empty();) {
        const auto attribute = reader.take(kDerSequence);
        DerReader inside(attribute ? attribute->contents : ByteView{});
        const auto oid = inside.take(kDerOid);
        const auto values = inside.take(kDerSet);
        if (!oid || !values || !inside.empty()) return bad_request("an attribute cannot be read");
        std::string type = dotted_oid(oid->contents);
        if (type.empty()) return bad_request("an attribute's type cannot be read");
        // Both forms mean the same, so that having one of each is having it twice.
        if (type == kOidMicrosoftExtensions) type = kOidExtensionRequest;
        if (std::ranges::find(seen, type) != seen.end()) {
            return bad_request("attribute " + type + " occurs twice");
        }
        if (seen.size() == kMaxAttributes) return bad_request("too many attributes");
        seen.push_back(type);
        DerReader of_values(values->contents);
        const auto value = of_values.next();
        if (!value || !of_values.empty()) {
            return bad_request("attribute " + type + " has not exactly one value");
        }
        if (auto read = read_attribute_value(type, *value, request); !read) return read;
    }
    return {};
}

}  // namespace

Result<CertificateRequest> parse_csr(ByteView der, std::size_t limit) {
    if (der.size() > limit) return fail(ErrorCode::too_large, "certificate request is too long");
    if (!is_der(der)) return bad_request("certificate request is not DER");
    const auto signed_request = read_signed_request(der);
    const auto info =
        signed_request ? read_request_info(signed_request->info.contents) : std::nullopt;
    if (!info) return bad_request("not a PKCS#10 certificate request");
    if (!std::ranges::equal(info->version.contents, std::array<std::uint8_t, 1>{0})) {
        return bad_request("certificate request has another version than 1");
    }
    CertificateRequest request;
    request.der = to_bytes(der);
    request.sha256 = sha256_hex(der);
    auto algorithm = read_signature_algorithm(signed_request->algorithm.whole);
    if (!algorithm) return pass_on(algorithm, "certificate request");
    request.signature_hash = algorithm->hash;
    auto read = read_subject(info->subject.whole, request);
    if (read) read = read_key(info->key.whole, request);
    if (read) read = read_attributes(info->attributes, request);
    if (!read) return pass_on(read, "certificate request");
    return request;
}

bool verify_self_signature(const CertificateRequest& request) {
    const auto signed_request = read_signed_request(request.der);
    if (!signed_request || !request.public_key) return false;
    const auto algorithm = read_signature_algorithm(signed_request->algorithm.whole);
    return algorithm && verify_signature(*algorithm, request.public_key.get(),
                                         signed_request->info.whole, signed_request->signature);
}

}  // namespace ndes
