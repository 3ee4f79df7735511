// UTF-8: one step through text that may be hostile, and which characters must not be shown raw.
// Knows nothing of formats. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ndes {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct Utf8Step {
    char32_t code_point = kReplacementCharacter;
    std::size_t length = 1;  // octets taken
    bool well_formed = false;
};

// The first character of `text`, which must not be empty. An octet that begins no well-formed
// sequence (Unicode table 3-7) is a step of its own with U+FFFD.
Utf8Step first_utf8(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);

// C0 and C1 controls and DEL.
constexpr bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

// Characters that can break, reorder or hide what stands on a line: controls, line and paragraph
// separators, bidirectional and zero-width formatting, tags.
bool in_deceptive_range(char32_t c);
inline bool is_deceptive(char32_t c) { return (c < 0x20 || c > 0x7E) && in_deceptive_range(c); }

// True if all of `text` is well-formed UTF-8 without controls.
bool is_utf8_without_controls(std::string_view text);

}  // namespace ndes
