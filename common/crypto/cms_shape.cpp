#include "common/crypto/cms_shape.h"

#include <algorithm>
#include <array>

#include <openssl/asn1.h>

#include "common/crypto/ber_elements.h"

namespace ndes {
namespace {

using namespace std::string_view_literals;

// Contents octets of the OBJECT IDENTIFIERs of RFC 5652 and RFC 3370.
constexpr auto kData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"sv;
constexpr auto kSignedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv;
constexpr auto kEnvelopedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"sv;
constexpr auto kRsaEncryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;
constexpr auto kEcPublicKey = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
// RFC 5753 section 7.1.4: dhSinglePass-stdDH with the KDF over SHA-1, SHA-256, -384 and -512.
constexpr std::array kKeyAgreements{"\x2B\x81\x05\x10\x86\x48\x3F\x00\x02"sv,
                                    "\x2B\x81\x04\x01\x0B\x01"sv, "\x2B\x81\x04\x01\x0B\x02"sv,
                                    "\x2B\x81\x04\x01\x0B\x03"sv};
// RFC 3565 section 2.3.2: AES key wrap with 128, 192 and 256 bits.
constexpr std::array kKeyWraps{"\x60\x86\x48\x01\x65\x03\x04\x01\x05"sv,
                               "\x60\x86\x48\x01\x65\x03\x04\x01\x19"sv,
                               "\x60\x86\x48\x01\x65\x03\x04\x01\x2D"sv};

constexpr auto kOid = V_ASN1_OBJECT;
constexpr auto kSequence = V_ASN1_SEQUENCE;
constexpr auto kSet = V_ASN1_SET;
constexpr auto kOctets = V_ASN1_OCTET_STRING;

CmsFault malformed(std::string_view text) { return {false, text}; }
CmsFault not_permitted(std::string_view text) { return {true, text}; }

bool is_oid(const std::optional<ByteView>& contents, std::string_view expected) {
    return contents && as_text(*contents) == expected;
}

// The contents of ContentInfo's inner SEQUENCE if the whole is of `type`.
std::optional<ByteView> open_content_info(ByteView message, std::string_view type) {
    if (!is_ber(message)) return std::nullopt;
    BerElements outer(message);
    BerElements info(outer.take(kSequence).value_or(ByteView{}));
    if (!is_oid(info.take(kOid), type)) return std::nullopt;
    BerElements explicit_content(info.take_context(0).value_or(ByteView{}));
    const auto content = explicit_content.take(kSequence);
    return info.done() && explicit_content.done() ? content : std::nullopt;
}

// EncapsulatedContentInfo: type data, content attached.
bool is_attached_data(ByteView contents) {
    BerElements encapsulated(contents);
    if (!is_oid(encapsulated.take(kOid), kData)) return false;
    BerElements content(encapsulated.take_context(0).value_or(ByteView{}));
    return content.take(kOctets) && content.done() && encapsulated.done();
}

bool are_certificates(ByteView contents, int most) {
    BerElements certificates(contents);
    for (int count = 0; !certificates.done(); ++count) {
        if (count == most || !certificates.take(kSequence)) return false;
    }
    return true;
}

// issuerAndSerialNumber, else [0] subjectKeyIdentifier.
bool take_certificate_identifier(BerElements& elements) {
    if (elements.take(kSequence)) return true;
    const auto identifier = elements.take();
    return identifier && identifier->header.is_context(0);
}

bool is_signer_info(ByteView contents) {
    BerElements signer(contents);
    if (!signer.take(V_ASN1_INTEGER)) return false;
    if (!take_certificate_identifier(signer)) return false;
    if (!signer.take(kSequence) || !signer.take_context(0)) return false;  // digest, attributes
    if (!signer.take(kSequence) || !signer.take(kOctets)) return false;    // algorithm, signature
    signer.take_context(1);  // unsigned attributes are never looked at
    return signer.done();
}

std::optional<CmsFault> check_key_transport(ByteView contents) {
    BerElements recipient(contents);
    if (!recipient.take(V_ASN1_INTEGER)) return malformed("RecipientInfo cannot be read");
    if (!take_certificate_identifier(recipient)) {
        return malformed("RecipientInfo names no certificate");
    }
    BerElements algorithm(recipient.take(kSequence).value_or(ByteView{}));
    if (!is_oid(algorithm.take(kOid), kRsaEncryption)) {
        return not_permitted("key encryption is not rsaEncryption");
    }
    const auto parameters = algorithm.take();  // absent or NULL
    if (parameters && !parameters->header.is(V_ASN1_NULL)) {
        return not_permitted("rsaEncryption has parameters");
    }
    const bool whole = algorithm.done() && recipient.take(kOctets) && recipient.done();
    if (!whole) return malformed("RecipientInfo cannot be read");
    return std::nullopt;
}

// [0] EXPLICIT OriginatorIdentifierOrKey with the one form that OpenSSL can use: an ephemeral
// public key, [1] IMPLICIT { algorithm, BIT STRING }.
bool is_originator_key(ByteView contents) {
    BerElements choice(contents);
    BerElements key(choice.take_context(1).value_or(ByteView{}));
    BerElements algorithm(key.take(kSequence).value_or(ByteView{}));
    if (!is_oid(algorithm.take(kOid), kEcPublicKey)) return false;
    if (const auto parameters = algorithm.take()) {  // absent, NULL or the curve's name
        if (!parameters->header.is(V_ASN1_NULL) && !parameters->header.is(kOid)) return false;
    }
    return algorithm.done() && key.take(V_ASN1_BIT_STRING) && key.done() && choice.done();
}

template <class List>
bool is_one_of(const std::optional<ByteView>& oid, const List& list) {
    return oid && std::ranges::find(list, as_text(*oid)) != list.end();
}

bool is_key_agreement_algorithm(ByteView contents) {
    BerElements algorithm(contents);
    if (!is_one_of(algorithm.take(kOid), kKeyAgreements)) return false;
    BerElements wrap(algorithm.take(kSequence).value_or(ByteView{}));
    if (!is_one_of(wrap.take(kOid), kKeyWraps)) return false;
    const auto parameters = wrap.take();  // absent or NULL
    return (!parameters || parameters->header.is(V_ASN1_NULL)) && wrap.done() && algorithm.done();
}

// The encrypted keys of a KeyAgreeRecipientInfo: at least one.
bool are_encrypted_keys(ByteView contents, int most) {
    BerElements keys(contents);
    int count = 0;
    for (; !keys.done(); ++count) {
        if (count == most) return false;
        BerElements key(keys.take(kSequence).value_or(ByteView{}));
        if (!take_certificate_identifier(key) || !key.take(kOctets) || !key.done()) return false;
    }
    return count > 0;
}

// RFC 5652 section 6.2.2, without user keying material.
std::optional<CmsFault> check_key_agreement(ByteView contents, int most) {
    BerElements recipient(contents);
    const bool version = recipient.take(V_ASN1_INTEGER).has_value();
    if (!version || !is_originator_key(recipient.take_context(0).value_or(ByteView{}))) {
        return malformed("KeyAgreeRecipientInfo has no ephemeral key");
    }
    const auto algorithm = recipient.take(kSequence);
    if (!algorithm || !is_key_agreement_algorithm(*algorithm)) {
        return not_permitted("key agreement is not ECDH with AES key wrap");
    }
    const auto keys = recipient.take(kSequence);
    if (!keys || !recipient.done() || !are_encrypted_keys(*keys, most)) {
        return malformed("KeyAgreeRecipientInfo cannot be read");
    }
    return std::nullopt;
}

std::optional<CmsFault> check_recipients(ByteView contents, const CmsLimits& limits) {
    BerElements recipients(contents);
    if (recipients.done()) return malformed("envelope has no recipient");
    for (int count = 0; !recipients.done(); ++count) {
        if (count == limits.most_recipients) return malformed("envelope has too many recipients");
        std::optional<CmsFault> fault;
        if (const auto transport = recipients.take(kSequence)) {
            fault = check_key_transport(*transport);
        } else if (!limits.permits_key_agreement) {
            fault = not_permitted("recipient is not a KeyTransRecipientInfo");
        } else if (const auto agreement = recipients.take_context(1)) {
            fault = check_key_agreement(*agreement, limits.most_recipients);
        } else {
            fault = not_permitted("recipient is neither key transport nor key agreement");
        }
        if (fault) return fault;
    }
    return std::nullopt;
}

tl::expected<std::string_view, CmsFault> check_encrypted_content(ByteView contents,
                                                                 IvOctetsOf iv_octets_of) {
    BerElements content(contents);
    if (!is_oid(content.take(kOid), kData)) {
        return tl::unexpected(malformed("enveloped content is not of type data"));
    }
    BerElements algorithm(content.take(kSequence).value_or(ByteView{}));
    const auto oid = algorithm.take(kOid);
    const std::size_t iv_octets = oid ? iv_octets_of(as_text(*oid)) : 0;
    if (iv_octets == 0) return tl::unexpected(not_permitted("content cipher is not supported"));
    const auto vector = algorithm.take();
    if (!vector || !vector->header.is(kOctets) || vector->header.constructed ||
        vector->contents.size() != iv_octets || !algorithm.done()) {
        return tl::unexpected(not_permitted("initialisation vector is not one block"));
    }
    const auto encrypted = content.take();  // [0] IMPLICIT OCTET STRING, in one piece or several
    const bool whole = encrypted && encrypted->header.is_context(0) && content.done();
    if (!whole || encrypted->contents.empty()) {
        return tl::unexpected(malformed("envelope has no encrypted content"));
    }
    return as_text(*oid);
}

}  // namespace

std::optional<CmsFault> check_signed_shape(ByteView message, const CmsLimits& limits) {
    if (message.size() > limits.most_octets) return malformed("message is too long");
    const auto contents = open_content_info(message, kSignedData);
    if (!contents) return malformed("message is not CMS SignedData");
    BerElements signed_data(*contents);
    const auto encapsulated =
        signed_data.take(V_ASN1_INTEGER) && signed_data.take(kSet)  // version, digestAlgorithms
            ? signed_data.take(kSequence)
            : std::nullopt;
    if (!encapsulated || !is_attached_data(*encapsulated)) {
        return malformed("SignedData carries no content of type data");
    }
    const auto certificates = signed_data.take_context(0);
    const bool well_formed = certificates
                                 ? are_certificates(*certificates, limits.most_certificates)
                                 : !limits.certificates_required;
    if (!well_formed) {
        return malformed("SignedData has no certificate, too many, or other kinds");
    }
    BerElements signers(signed_data.take(kSet).value_or(ByteView{}));
    const auto signer = signers.take(kSequence);
    if (!signer || !signers.done() || !signed_data.done()) {
        return malformed("SignedData has not exactly one signer");
    }
    if (!is_signer_info(*signer)) return malformed("SignerInfo cannot be read");
    return std::nullopt;
}

tl::expected<std::string_view, CmsFault> check_envelope_shape(ByteView envelope,
                                                              const CmsLimits& limits,
                                                              IvOctetsOf iv_octets_of) {
    if (envelope.size() > limits.most_octets) {
        return tl::unexpected(malformed("envelope is too long"));
    }
    const auto contents = open_content_info(envelope, kEnvelopedData);
    if (!contents) return tl::unexpected(malformed("content is not CMS EnvelopedData"));
    BerElements enveloped(*contents);
    const auto recipients = enveloped.take(V_ASN1_INTEGER) ? enveloped.take(kSet) : std::nullopt;
    if (!recipients) return tl::unexpected(malformed("EnvelopedData cannot be read"));
    if (const auto fault = check_recipients(*recipients, limits)) return tl::unexpected(*fault);
    const auto encrypted = enveloped.take(kSequence);
    if (!encrypted || !enveloped.done()) {
        return tl::unexpected(malformed("EnvelopedData cannot be read"));
    }
    return check_encrypted_content(*encrypted, iv_octets_of);
}

}  // namespace ndes
