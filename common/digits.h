// Digits: decimal numbers of fixed width and single hexadecimal digits, without locale or
// allocation. Knows nothing of dates. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace ndes {

// Writes the low `width` decimal digits of `value`, leading zeros included; returns the end.
inline char* put_digits(char* out, unsigned value, std::size_t width) {
    for (std::size_t i = width; i > 0; --i, value /= 10) {
        out[i - 1] = static_cast<char>('0' + value % 10);
    }
    return out + width;
}

// Reads exactly `width` (at most 9) digits from the front of `text` and removes them.
// False if there are fewer or another character is among them.
inline bool take_digits(std::string_view& text, std::size_t width, int& value) {
    if (text.size() < width) return false;
    value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return true;
}

// 0 to 15, either case; -1 for another character.
inline int hex_digit_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

// Removes `c` from the front of `text`; false if it is not there.
inline bool take_char(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace ndes
