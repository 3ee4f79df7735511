#include "common/crypto/asn1_reader.h"

#include <algorithm>

#include <openssl/asn1.h>

#include "common/crypto/asn1_text.h"

namespace ndes {
namespace {

constexpr std::uint8_t kLongForm = 0x80;

// X.690 section 10.1: the length in as few octets as possible.
bool has_shortest_length(const Asn1Header& header) {
    const std::size_t length_octets = header.size - 1;
    if (length_octets == 1) return true;
    if (header.length < kLongForm) return false;
    std::size_t needed = 1;
    for (std::size_t rest = header.length; rest > 0; rest >>= 8)
        ++needed;
    return length_octets == needed;
}

bool is_der_integer(ByteView value) {
    if (value.empty()) return false;
    if (value.size() == 1) return true;
    const bool sign = (value[1] & 0x80) != 0;
    return !(value[0] == 0x00 && !sign) && !(value[0] == 0xFF && sign);
}

bool is_der_bit_string(ByteView value) {
    if (value.empty() || value[0] > 7) return false;
    if (value.size() == 1) return value[0] == 0;
    const unsigned unused = (1U << value[0]) - 1U;
    return (value.back() & unused) == 0;
}

bool is_der_oid(ByteView value) {
    if (value.empty() || (value.back() & 0x80) != 0) return false;
    bool starts_arc = true;
    for (const std::uint8_t octet : value) {
        if (starts_arc && octet == 0x80) return false;
        starts_arc = (octet & 0x80) == 0;
    }
    return true;
}

bool is_printable_character(std::uint8_t c) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    // '*', '&', '@' and '_' are not in X.680's table, but every CA and client lets them pass.
    return alphanumeric || std::string_view(" '()+,-./:=?*&@_").find(static_cast<char>(c)) !=
                               std::string_view::npos;
}

bool is_der_primitive(std::uint8_t tag, ByteView value) {
    switch (tag) {
        case V_ASN1_BOOLEAN: return value.size() == 1 && (value[0] == 0x00 || value[0] == 0xFF);
        case V_ASN1_INTEGER:
        case V_ASN1_ENUMERATED: return is_der_integer(value);
        case V_ASN1_BIT_STRING: return is_der_bit_string(value);
        case V_ASN1_NULL: return value.empty();
        case V_ASN1_OBJECT: return is_der_oid(value);
        case V_ASN1_UTF8STRING: return is_utf8(as_text(value));
        case V_ASN1_PRINTABLESTRING: return std::ranges::all_of(value, is_printable_character);
        case V_ASN1_IA5STRING:
        case V_ASN1_VISIBLESTRING:
            return std::ranges::all_of(value, [](auto c) { return c < 0x80; });
        case V_ASN1_BMPSTRING: return value.size() % 2 == 0;
        case V_ASN1_UNIVERSALSTRING: return value.size() % 4 == 0;
        case V_ASN1_OCTET_STRING:
        case V_ASN1_T61STRING:
        case V_ASN1_NUMERICSTRING:
        case V_ASN1_UTCTIME:
        case V_ASN1_GENERALIZEDTIME: return true;
        default: return false;
    }
}

bool is_der_element(ByteView element, const Asn1Header& header, int depth);

// Contents of a constructed element. X.690 section 11.6: a SET OF ascends.
bool are_der_elements(ByteView contents, bool sorted, int depth) {
    ByteView previous;
    while (!contents.empty()) {
        const auto header = read_asn1_header(contents);
        if (!header) return false;
        const ByteView element = contents.first(header->size + header->length);
        if (!is_der_element(element, *header, depth)) return false;
        if (sorted && std::ranges::lexicographical_compare(element, previous)) return false;
        previous = element;
        contents = contents.subspan(element.size());
    }
    return true;
}

bool is_der_element(ByteView element, const Asn1Header& header, int depth) {
    if (depth > kAsn1MaxDepth || header.indefinite || !has_shortest_length(header)) return false;
    const ByteView value = element.subspan(header.size);
    const bool universal = header.tag_class == Asn1Class::universal;
    if (!header.constructed) return !universal || is_der_primitive(header.tag, value);
    const bool is_set = header.is(V_ASN1_SET);
    if (universal && !is_set && header.tag != V_ASN1_SEQUENCE) return false;
    return are_der_elements(value, is_set, depth + 1);
}

}  // namespace

std::optional<Asn1Header> read_asn1_header(ByteView data) {
    if (data.size() < 2) return std::nullopt;
    Asn1Header header;
    header.tag_class = static_cast<Asn1Class>(data[0] >> 6);
    header.constructed = (data[0] & 0x20) != 0;
    header.tag = data[0] & 0x1F;
    if (header.tag == 0x1F) return std::nullopt;
    header.size = 2;
    if (data[1] < kLongForm) {
        header.length = data[1];
    } else if (data[1] == kLongForm) {
        if (!header.constructed) return std::nullopt;
        header.indefinite = true;
    } else {
        const std::size_t octets = data[1] & 0x7FU;
        if (octets > 4 || data.size() < 2 + octets) return std::nullopt;
        for (std::size_t i = 0; i < octets; ++i)
            header.length = header.length << 8 | data[2 + i];
        header.size += octets;
    }
    if (header.length > data.size() - header.size) return std::nullopt;
    return header;
}

bool is_der(ByteView data) {
    const auto header = read_asn1_header(data);
    if (!header || header->size + header->length != data.size()) return false;
    return is_der_element(data, *header, 1);
}

}  // namespace ndes
