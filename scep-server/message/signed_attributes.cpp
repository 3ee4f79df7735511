#include "scep-server/message/signed_attributes.h"

#include <algorithm>

#include "scep-server/message/scep_types.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMaxTransactionId = 255;
constexpr std::size_t kMinNonce = 8;
constexpr std::size_t kMaxNonce = 64;
constexpr std::size_t kMaxDigits = 6;

struct AttributeName {
    const char* oid;
    const char* name;
};
constexpr AttributeName kTransactionId{kOidTransactionId, "transactionID"};
constexpr AttributeName kSenderNonce{kOidSenderNonce, "senderNonce"};
constexpr AttributeName kMessageType{kOidMessageType, "messageType"};

Failure bad(const AttributeName& attribute, const char* what) {
    return fail(ErrorCode::bad_request, std::string(attribute.name) + " " + what);
}

Result<const ASN1_TYPE*> find_single(const CMS_SignerInfo* signer, const AttributeName& wanted) {
    const Asn1ObjectPtr oid(::OBJ_txt2obj(wanted.oid, 1));
    const int at = ::CMS_signed_get_attr_by_OBJ(signer, oid.get(), -1);
    if (at < 0) return bad(wanted, "is missing");
    if (::CMS_signed_get_attr_by_OBJ(signer, oid.get(), at) >= 0)
        return bad(wanted, "occurs twice");
    X509_ATTRIBUTE* attribute = ::CMS_signed_get_attr(signer, at);
    if (::X509_ATTRIBUTE_count(attribute) != 1) return bad(wanted, "has not exactly one value");
    return ::X509_ATTRIBUTE_get0_type(attribute, 0);
}

ByteView octets_of(const ASN1_TYPE* value) {
    const ASN1_STRING* string = value->value.asn1_string;
    return {::ASN1_STRING_get0_data(string),
            static_cast<std::size_t>(::ASN1_STRING_length(string))};
}

// X.680 section 41.4, and what clients write into such strings all the same.
bool is_printable_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" '()+,-./:=?_*@&").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string> read_transaction_id(const CMS_SignerInfo* signer) {
    auto value = find_single(signer, kTransactionId);
    if (!value) return pass_on(value);
    const int type = ::ASN1_TYPE_get(*value);
    if (type != V_ASN1_PRINTABLESTRING && type != V_ASN1_UTF8STRING) {
        return bad(kTransactionId, "is not a PrintableString");
    }
    const std::string_view text = as_text(octets_of(*value));
    if (text.empty() || text.size() > kMaxTransactionId) {
        return bad(kTransactionId, "has not 1 to 255 characters");
    }
    if (!std::ranges::all_of(text, is_printable_character)) {
        return bad(kTransactionId, "holds a forbidden character");
    }
    return std::string(text);
}

Result<Bytes> read_sender_nonce(const CMS_SignerInfo* signer) {
    auto value = find_single(signer, kSenderNonce);
    if (!value) return pass_on(value);
    if (::ASN1_TYPE_get(*value) != V_ASN1_OCTET_STRING) {
        return bad(kSenderNonce, "is not an OCTET STRING");
    }
    const ByteView nonce = octets_of(*value);
    if (nonce.size() < kMinNonce || nonce.size() > kMaxNonce) {
        return bad(kSenderNonce, "has not 8 to 64 octets");
    }
    return to_bytes(nonce);
}

Result<int> read_message_type_number(const CMS_SignerInfo* signer) {
    auto value = find_single(signer, kMessageType);
    if (!value) return pass_on(value);
    if (::ASN1_TYPE_get(*value) != V_ASN1_PRINTABLESTRING) {
        return bad(kMessageType, "is not a PrintableString");
    }
    const std::string_view digits = as_text(octets_of(*value));
    const bool decimal = !digits.empty() && digits.size() <= kMaxDigits &&
                         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    if (!decimal || leading_zero) return bad(kMessageType, "is not a plain decimal number");
    int number = 0;
    for (const char digit : digits)
        number = number * 10 + (digit - '0');
    return number;
}

}  // namespace ndes::scep
