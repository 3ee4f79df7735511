#include "common/crypto/asn1_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <openssl/asn1.h>

namespace ndes {
namespace {

// Takes one code point off the front of `text`; absent when it is not well-formed.
std::optional<char32_t> take_code_point(std::string_view& text) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = octet(0);
    std::size_t size = 1;
    char32_t smallest = 0;
    char32_t value = first;
    if (first >= 0xF0 && first < 0xF8) {
        size = 4, smallest = 0x10000, value = first & 0x07U;
    } else if (first >= 0xE0 && first < 0xF0) {
        size = 3, smallest = 0x800, value = first & 0x0FU;
    } else if (first >= 0xC0 && first < 0xE0) {
        size = 2, smallest = 0x80, value = first & 0x1FU;
    } else if (first >= 0x80) {
        return std::nullopt;
    }
    if (text.size() < size) return std::nullopt;
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xC0U) != 0x80U) return std::nullopt;
        value = value << 6 | (octet(i) & 0x3FU);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < smallest || value > 0x10FFFF || surrogate) return std::nullopt;
    text.remove_prefix(size);
    return value;
}

// Refuses surrogates, so that BMPString is UCS-2 as X.690 says and not UTF-16.
bool append_utf8(char32_t c, std::string& out) {
    const auto tail = [c](int shift) { return static_cast<char>(0x80U | (c >> shift & 0x3FU)); };
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return false;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += {static_cast<char>(0xC0U | c >> 6), tail(0)};
    } else if (c < 0x10000) {
        out += {static_cast<char>(0xE0U | c >> 12), tail(6), tail(0)};
    } else {
        out += {static_cast<char>(0xF0U | c >> 18), tail(12), tail(6), tail(0)};
    }
    return true;
}

// Text made of big-endian units of `width` octets.
std::optional<std::string> from_wide(ByteView octets, std::size_t width) {
    if (octets.size() % width != 0) return std::nullopt;
    std::string text;
    for (; !octets.empty(); octets = octets.subspan(width)) {
        char32_t c = 0;
        for (const std::uint8_t octet : octets.first(width))
            c = c << 8 | octet;
        if (!append_utf8(c, text)) return std::nullopt;
    }
    return text;
}

std::optional<std::string> decode(int type, ByteView octets) {
    switch (type) {
        case V_ASN1_UTF8STRING:
            if (!is_utf8(as_text(octets))) return std::nullopt;
            return std::string(as_text(octets));
        case V_ASN1_PRINTABLESTRING:
        case V_ASN1_IA5STRING:
        case V_ASN1_NUMERICSTRING:
            if (std::ranges::any_of(octets, [](auto c) { return c >= 0x80; })) return std::nullopt;
            return std::string(as_text(octets));
        case V_ASN1_T61STRING: return from_wide(octets, 1);
        case V_ASN1_BMPSTRING: return from_wide(octets, 2);
        case V_ASN1_UNIVERSALSTRING: return from_wide(octets, 4);
        default: return std::nullopt;
    }
}

struct Range {
    char32_t first;
    char32_t last;
};
constexpr std::array kHiddenCharacters{
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F},    // control
    Range{0x00AD, 0x00AD}, Range{0x034F, 0x034F},    // soft hyphen, grapheme joiner
    Range{0x061C, 0x061C}, Range{0x115F, 0x1160},    // Arabic letter mark, Hangul fillers
    Range{0x180B, 0x180F}, Range{0x200B, 0x200F},    // zero width, direction marks
    Range{0x2028, 0x202E}, Range{0x2060, 0x206F},    // separators, overrides, isolates
    Range{0x3164, 0x3164}, Range{0xFE00, 0xFE0F},    // filler, variation selectors
    Range{0xFEFF, 0xFEFF}, Range{0xFFF0, 0xFFFB},    // byte order mark, annotations
    Range{0xFFFE, 0xFFFF}, Range{0xE0000, 0xE0FFF},  // non-characters, tags
};

bool is_hidden(char32_t c) {
    return std::ranges::any_of(kHiddenCharacters,
                               [c](const Range& r) { return c >= r.first && c <= r.last; });
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        if (!take_code_point(text)) return false;
    }
    return true;
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

Result<std::string> text_of(int type, ByteView octets) {
    auto text = decode(type, octets);
    if (!text) {
        const char* name = ::ASN1_tag2str(type);
        return fail(ErrorCode::bad_request, std::string("not readable as text: ") + name);
    }
    if (text->find('\0') != std::string::npos) return fail(ErrorCode::bad_request, "holds NUL");
    return *std::move(text);
}

bool is_visible_text(std::string_view text) {
    while (!text.empty()) {
        const auto c = take_code_point(text);
        if (!c || is_hidden(*c)) return false;
    }
    return true;
}

}  // namespace ndes
