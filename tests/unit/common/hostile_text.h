// Random text made of what breaks log formats and parsers.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tests/unit/common/fakes.h"

namespace ndes::test {

using namespace std::string_view_literals;

// Well-formed UTF-8: every prefix of the delimiters, line ends, controls, quotes, escapes that
// look like ours, bidirectional and zero-width characters, all lengths of sequence.
inline constexpr std::array kHostilePieces = {"]"sv,
                                              "]L"sv,
                                              "]LO"sv,
                                              "]LOG"sv,
                                              "]LOG]"sv,
                                              "]LOG]!"sv,
                                              "]LOG]!>"sv,
                                              "<"sv,
                                              "<!"sv,
                                              "<!["sv,
                                              "<![L"sv,
                                              "<![LOG"sv,
                                              "<![LOG["sv,
                                              "<time=\""sv,
                                              "\""sv,
                                              "\\"sv,
                                              "\\x"sv,
                                              "\\x2"sv,
                                              "\\x21"sv,
                                              "\\x5C"sv,
                                              "\\x1b"sv,
                                              "\\u"sv,
                                              "\\u{"sv,
                                              "\\u{202E"sv,
                                              "\\u{202E}"sv,
                                              "\\u{}"sv,
                                              "\\u{D800}"sv,
                                              "\r"sv,
                                              "\n"sv,
                                              "\r\n"sv,
                                              "\x1B[2J"sv,
                                              "\0"sv,
                                              "\t"sv,
                                              "\x7F"sv,
                                              "\xC2\x85"sv,
                                              "\xC2\xA0"sv,
                                              "\xE2\x80\xA8"sv,
                                              "\xE2\x80\xAE"sv,
                                              "\xE2\x80\x8B"sv,
                                              "\xEF\xBB\xBF"sv,
                                              "\xF3\xA0\x81\x81"sv,
                                              "\xC3\xA9"sv,
                                              "\xE4\xB8\xAD"sv,
                                              "\xF0\x9F\x98\x80"sv,
                                              "a"sv,
                                              "1"sv,
                                              "E"sv,
                                              "}"sv,
                                              "{"sv,
                                              "&quot;"sv,
                                              " "sv,
                                              ">"sv,
                                              "'"sv,
                                              ";"sv,
                                              "CN=Ann"sv,
                                              "\" type=\"3"sv};

inline constexpr std::array kIllFormedPieces = {
    "\x80"sv, "\xFF"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv, "\xE2\x80"sv, "\xF4\x90\x80\x80"sv,
    "\xC3"sv};

inline std::string hostile_text(SeededRandom& random, bool well_formed) {
    std::string text;
    for (std::size_t pieces = random.below(12); pieces > 0; --pieces) {
        const bool bad = !well_formed && random.below(4) == 0;
        text += bad ? kIllFormedPieces[random.below(kIllFormedPieces.size())]
                    : kHostilePieces[random.below(kHostilePieces.size())];
    }
    return text;
}

}  // namespace ndes::test
