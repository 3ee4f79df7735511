#include "common/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ndes {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array kDeceptive = {
    Range{0x00, 0x1F},       Range{0x7F, 0x9F},      // controls
    Range{0xAD, 0xAD},                               // soft hyphen
    Range{0x61C, 0x61C},     Range{0x180E, 0x180E},  // Arabic mark, Mongolian separator
    Range{0x200B, 0x200F},   Range{0x2028, 0x202E},  // zero width; separators, bidi embedding
    Range{0x2060, 0x206F},                           // invisible operators, bidi isolates
    Range{0xFEFF, 0xFEFF},   Range{0xFFF9, 0xFFFB},  // byte order mark, annotations
    Range{0xE0000, 0xE007F},                         // tags
};

// Unicode table 3-7: the second octet's range depends on the first.
struct Lead {
    std::uint8_t first, last, second_least, second_most, length;
};
constexpr std::array kLeads = {
    Lead{0xC2, 0xDF, 0x80, 0xBF, 2}, Lead{0xE0, 0xE0, 0xA0, 0xBF, 3},
    Lead{0xE1, 0xEC, 0x80, 0xBF, 3}, Lead{0xED, 0xED, 0x80, 0x9F, 3},
    Lead{0xEE, 0xEF, 0x80, 0xBF, 3}, Lead{0xF0, 0xF0, 0x90, 0xBF, 4},
    Lead{0xF1, 0xF3, 0x80, 0xBF, 4}, Lead{0xF4, 0xF4, 0x80, 0x8F, 4},
};

std::uint8_t octet(std::string_view text, std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
}

}  // namespace

Utf8Step first_utf8(std::string_view text) {
    const std::uint8_t head = octet(text, 0);
    if (head < 0x80) return {head, 1, true};
    for (const Lead& lead : kLeads) {
        if (head < lead.first || head > lead.last) continue;
        if (text.size() < lead.length) return {};
        if (octet(text, 1) < lead.second_least || octet(text, 1) > lead.second_most) return {};
        char32_t code_point = head & (0x7FU >> lead.length);
        for (std::size_t i = 1; i < lead.length; ++i) {
            if ((octet(text, i) & 0xC0U) != 0x80U) return {};
            code_point = (code_point << 6) | (octet(text, i) & 0x3FU);
        }
        return {code_point, lead.length, true};
    }
    return {};
}

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&out](char32_t value) { out.push_back(static_cast<char>(value)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
    }
    put(0x80 | (c & 0x3F));
}

bool in_deceptive_range(char32_t c) {
    return std::any_of(kDeceptive.begin(), kDeceptive.end(),
                       [c](const Range& range) { return c >= range.first && c <= range.last; });
}

bool is_utf8_without_controls(std::string_view text) {
    while (!text.empty()) {
        const Utf8Step step = first_utf8(text);
        if (!step.well_formed || is_control(step.code_point)) return false;
        text.remove_prefix(step.length);
    }
    return true;
}

}  // namespace ndes
