// DER writer for tests: builds right and deliberately wrong encodings octet by octet, apart from
// the code under test.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "common/bytes.h"

namespace ndes::test {

Bytes join(std::initializer_list<Bytes> parts);

// One element with the shortest definite length.
Bytes der(std::uint8_t tag, const Bytes& contents);
Bytes der_text(std::uint8_t tag, std::string_view text);
Bytes der_oid(const char* dotted);
Bytes der_integer(std::uint8_t value);

inline Bytes sequence(std::initializer_list<Bytes> parts) { return der(0x30, join(parts)); }
inline Bytes set(std::initializer_list<Bytes> parts) { return der(0x31, join(parts)); }
inline Bytes octet_string(const Bytes& contents) { return der(0x04, contents); }

// The same element with an indefinite length (BER).
Bytes indefinite(std::uint8_t tag, const Bytes& contents);

inline constexpr std::uint8_t kUtf8 = 0x0C;
inline constexpr std::uint8_t kPrintable = 0x13;
inline constexpr std::uint8_t kT61 = 0x14;
inline constexpr std::uint8_t kIa5 = 0x16;
inline constexpr std::uint8_t kUniversal = 0x1C;
inline constexpr std::uint8_t kBmp = 0x1E;

}  // namespace ndes::test
