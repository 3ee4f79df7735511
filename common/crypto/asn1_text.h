// ASN.1 text: character strings as UTF-8, and what characters a name may hold.
// Knows no field. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes {

// Well-formed UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF).
bool is_utf8(std::string_view text);

// Code points of well-formed UTF-8.
std::size_t count_characters(std::string_view utf8);

// The text of the octets of a UTF8String, PrintableString, IA5String, NumericString, T61String
// (read as Latin-1, as everyone does), BMPString or UniversalString. bad_request when it is of
// another type (VisibleString, too: names do not have it), not what its type allows, or holds NUL.
// `type` is the universal tag number.
Result<std::string> text_of(int type, ByteView octets);

// False if well-formed UTF-8 `text` holds a character that hides or reorders others on an
// operator's screen: control, bidirectional, zero-width, line separators, tags, non-characters.
bool is_visible_text(std::string_view text);

}  // namespace ndes
