#include "common/crypto/ber_elements.h"

#include <openssl/asn1.h>

namespace ndes {
namespace {

constexpr std::size_t kEndOfContents = 2;  // 00 00

bool at_end_of_contents(ByteView data) {
    return data.size() >= kEndOfContents && data[0] == 0x00 && data[1] == 0x00;
}

// Octets of the element at the start of `data`, header and end-of-contents included; absent if
// it is not well-formed. Visits each header once; `depth` bounds the stack.
std::optional<std::size_t> measure(ByteView data, int depth) {
    const auto header = read_asn1_header(data);
    if (!header || depth > kAsn1MaxDepth) return std::nullopt;
    const bool reserved = header->is(V_ASN1_EOC);  // only as end-of-contents, never as an element
    if (reserved) return std::nullopt;
    const std::size_t end = header->size + header->length;
    if (!header->constructed) return end;
    std::size_t position = header->size;
    for (;;) {
        if (header->indefinite && at_end_of_contents(data.subspan(position))) {
            return position + kEndOfContents;
        }
        if (!header->indefinite && position == end) return end;
        const ByteView rest =
            header->indefinite ? data.subspan(position) : data.subspan(position, end - position);
        const auto child = measure(rest, depth + 1);
        if (!child) return std::nullopt;
        position += *child;
    }
}

// Only SEQUENCE and SET are always constructed; strings may be so in BER.
bool has_form_of(std::uint8_t universal_tag, const Asn1Header& header) {
    const bool structure = universal_tag == V_ASN1_SEQUENCE || universal_tag == V_ASN1_SET;
    const bool string = universal_tag == V_ASN1_OCTET_STRING;
    return string || header.constructed == structure;
}

}  // namespace

bool is_ber(ByteView data) { return measure(data, 1) == data.size(); }

std::optional<BerElement> BerElements::take() {
    const auto header = read_asn1_header(rest_);
    if (!header) return std::nullopt;
    const auto size = header->indefinite ? measure(rest_, 1) : header->size + header->length;
    if (!size) return std::nullopt;
    const std::size_t tail = header->indefinite ? kEndOfContents : 0;
    BerElement element{*header, rest_.subspan(header->size, *size - header->size - tail)};
    rest_ = rest_.subspan(*size);
    return element;
}

std::optional<ByteView> BerElements::take(std::uint8_t universal_tag) {
    const auto header = read_asn1_header(rest_);
    if (!header || !header->is(universal_tag) || !has_form_of(universal_tag, *header)) {
        return std::nullopt;
    }
    return take()->contents;
}

std::optional<ByteView> BerElements::take_context(std::uint8_t number) {
    const auto header = read_asn1_header(rest_);
    if (!header || !header->is_context(number) || !header->constructed) return std::nullopt;
    return take()->contents;
}

}  // namespace ndes
