#include "scep-server/message/asn1_prefilter.h"

#include <openssl/asn1.h>

#include "scep-server/message/ber_elements.h"

namespace ndes::scep {
namespace {

using namespace std::string_view_literals;

// Contents octets of the OBJECT IDENTIFIERs of RFC 5652 and RFC 3370.
constexpr auto kData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"sv;
constexpr auto kSignedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv;
constexpr auto kEnvelopedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"sv;
constexpr auto kRsaEncryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;

constexpr auto kOid = V_ASN1_OBJECT;
constexpr auto kSequence = V_ASN1_SEQUENCE;
constexpr auto kSet = V_ASN1_SET;
constexpr auto kOctets = V_ASN1_OCTET_STRING;

ShapeFault malformed(std::string_view text) { return {FailInfo::bad_request, text}; }

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

bool are_certificates(ByteView contents) {
    BerElements certificates(contents);
    for (int count = 0; !certificates.done(); ++count) {
        if (count == kMaxCertificates || !certificates.take(kSequence)) return false;
    }
    return true;
}

bool is_signer_info(ByteView contents) {
    BerElements signer(contents);
    if (!signer.take(V_ASN1_INTEGER)) return false;
    if (!signer.take(kSequence)) {  // issuerAndSerialNumber, else [0] subjectKeyIdentifier
        const auto identifier = signer.take();
        if (!identifier || !identifier->header.is_context(0)) return false;
    }
    if (!signer.take(kSequence) || !signer.take_context(0)) return false;  // digest, attributes
    if (!signer.take(kSequence) || !signer.take(kOctets)) return false;    // algorithm, signature
    signer.take_context(1);  // unsigned attributes are never looked at
    return signer.done();
}

std::optional<ShapeFault> check_recipient(ByteView contents) {
    BerElements recipient(contents);
    if (!recipient.take(V_ASN1_INTEGER)) return malformed("RecipientInfo cannot be read");
    if (!recipient.take(kSequence)) {  // issuerAndSerialNumber, else [0] subjectKeyIdentifier
        const auto identifier = recipient.take();
        if (!identifier || !identifier->header.is_context(0)) {
            return malformed("RecipientInfo names no certificate");
        }
    }
    BerElements algorithm(recipient.take(kSequence).value_or(ByteView{}));
    if (!is_oid(algorithm.take(kOid), kRsaEncryption)) {
        return ShapeFault{FailInfo::bad_alg, "key encryption is not rsaEncryption"};
    }
    const auto parameters = algorithm.take();  // absent or NULL
    if (parameters && !parameters->header.is(V_ASN1_NULL)) {
        return ShapeFault{FailInfo::bad_alg, "rsaEncryption has parameters"};
    }
    const bool whole = algorithm.done() && recipient.take(kOctets) && recipient.done();
    if (!whole) return malformed("RecipientInfo cannot be read");
    return std::nullopt;
}

std::optional<ShapeFault> check_recipients(ByteView contents) {
    BerElements recipients(contents);
    if (recipients.done()) return malformed("envelope has no recipient");
    for (int count = 0; !recipients.done(); ++count) {
        if (count == kMaxRecipients) return malformed("envelope has too many recipients");
        const auto recipient = recipients.take(kSequence);
        if (!recipient) {
            return ShapeFault{FailInfo::bad_alg, "recipient is not a KeyTransRecipientInfo"};
        }
        if (const auto fault = check_recipient(*recipient)) return fault;
    }
    return std::nullopt;
}

tl::expected<const ContentCipher*, ShapeFault> check_encrypted_content(ByteView contents) {
    BerElements content(contents);
    if (!is_oid(content.take(kOid), kData)) {
        return tl::unexpected(malformed("enveloped content is not of type data"));
    }
    BerElements algorithm(content.take(kSequence).value_or(ByteView{}));
    const auto oid = algorithm.take(kOid);
    const ContentCipher* cipher = oid ? find_cipher_by_oid(as_text(*oid)) : nullptr;
    if (cipher == nullptr) {
        return tl::unexpected(ShapeFault{FailInfo::bad_alg, "content cipher is not supported"});
    }
    const auto vector = algorithm.take();
    if (!vector || !vector->header.is(kOctets) || vector->header.constructed ||
        vector->contents.size() != cipher->block_size || !algorithm.done()) {
        return tl::unexpected(
            ShapeFault{FailInfo::bad_alg, "initialisation vector is not one block"});
    }
    const auto encrypted = content.take();  // [0] IMPLICIT OCTET STRING, in one piece or several
    const bool whole = encrypted && encrypted->header.is_context(0) && content.done();
    if (!whole || encrypted->contents.empty()) {
        return tl::unexpected(malformed("envelope has no encrypted content"));
    }
    return cipher;
}

}  // namespace

std::optional<ShapeFault> check_signed_shape(ByteView message) {
    if (message.size() > kMaxMessage) return malformed("message is too long");
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
    if (!certificates || !are_certificates(*certificates)) {
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

tl::expected<const ContentCipher*, ShapeFault> check_envelope_shape(ByteView envelope) {
    const auto contents = open_content_info(envelope, kEnvelopedData);
    if (!contents) return tl::unexpected(malformed("content is not CMS EnvelopedData"));
    BerElements enveloped(*contents);
    const auto recipients = enveloped.take(V_ASN1_INTEGER) ? enveloped.take(kSet) : std::nullopt;
    if (!recipients) return tl::unexpected(malformed("EnvelopedData cannot be read"));
    if (const auto fault = check_recipients(*recipients)) return tl::unexpected(*fault);
    const auto encrypted = enveloped.take(kSequence);
    if (!encrypted || !enveloped.done()) {
        return tl::unexpected(malformed("EnvelopedData cannot be read"));
    }
    return check_encrypted_content(*encrypted);
}

}  // namespace ndes::scep
