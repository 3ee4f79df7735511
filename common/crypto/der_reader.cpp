#include "common/crypto/der_reader.h"

#include <array>
#include <charconv>

namespace ndes {
namespace {

// Far above all that occur in requests; OpenSSL's text form has an end, too.
constexpr std::size_t kMaxOidOctets = 64;

void append_arc(std::uint64_t arc, std::string& out) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), arc).ptr;
    if (!out.empty()) out += '.';
    out.append(digits.data(), end);
}

}  // namespace

std::optional<DerElement> DerReader::next() {
    const auto header = read_asn1_header(rest_);
    if (!header || header->indefinite) return std::nullopt;
    const ByteView whole = rest_.first(header->size + header->length);
    rest_ = rest_.subspan(whole.size());
    return DerElement{whole.front(), whole, whole.subspan(header->size)};
}

std::optional<DerElement> DerReader::take(std::uint8_t identifier) {
    if (rest_.empty() || rest_.front() != identifier) return std::nullopt;
    return next();
}

std::optional<ByteView> der_contents(ByteView octets, std::uint8_t identifier) {
    DerReader reader(octets);
    const auto element = reader.take(identifier);
    if (!element || !reader.empty()) return std::nullopt;
    return element->contents;
}

std::optional<ByteView> whole_octets(ByteView bit_string) {
    if (bit_string.empty() || bit_string.front() != 0) return std::nullopt;
    return bit_string.subspan(1);
}

std::string dotted_oid(ByteView contents) {
    constexpr std::uint64_t kMostBeforeShift = std::uint64_t{1} << 56;
    if (contents.size() > kMaxOidOctets) return "";
    std::string dotted;
    std::uint64_t arc = 0;
    bool inside = false;
    for (const std::uint8_t octet : contents) {
        if ((!inside && octet == 0x80) || arc >= kMostBeforeShift) return "";
        arc = arc << 7 | (octet & 0x7FU);
        inside = (octet & 0x80) != 0;
        if (inside) continue;
        if (dotted.empty()) {
            // X.690 section 8.19.4: the first two arcs share one number.
            const std::uint64_t first = arc < 80 ? arc / 40 : 2;
            append_arc(first, dotted);
            arc -= first * 40;
        }
        append_arc(arc, dotted);
        arc = 0;
    }
    return inside ? "" : dotted;
}

}  // namespace ndes
