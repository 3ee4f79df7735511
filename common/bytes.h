// Bytes: owners and views of octets, and their text forms (hex, base64).
// Knows nothing of what the octets mean. Value types and pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace ndes {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

// Lower-case hexadecimal, two digits an octet, no separators.
std::string to_hex(ByteView bytes);

// Accepts upper and lower case; bad_request on an odd length or another character.
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4, padded, one line.
std::string to_base64(ByteView bytes);

// RFC 4648 section 4. Strict: padding required, no white space, no stray bits in the last group.
Result<Bytes> from_base64(std::string_view text);

// RFC 4648 section 5 (URL-safe), without padding.
std::string to_base64url(ByteView bytes);

// RFC 4648 section 5 without padding; strict as above.
Result<Bytes> from_base64url(std::string_view text);

// Compares secrets in time that depends on the lengths alone.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace ndes
