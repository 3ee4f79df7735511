// Percent-decoding and query strings (RFC 3986). Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"

namespace ndes::http {

// Decodes %XX. bad_request on a malformed escape and on NUL, escaped or not. '+' stays '+'.
Result<std::string> percent_decode(std::string_view text);

// Encodes all but the unreserved characters of RFC 3986 section 2.3.
std::string percent_encode(std::string_view text);

// Splits at '&' and the first '=' of each part; names and values decoded, order kept, '+' kept.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

// The segments of a request target's path: split at '/' first and decoded afterwards, so that a
// %2F stays inside its segment. The query is left out. "/" has none; "/a/" has "a" and "".
// bad_request if `target` does not begin with '/' or as percent_decode.
Result<std::vector<std::string>> decode_segments(std::string_view target);

}  // namespace ndes::http
