// JSON ↔ the parts of certificate contents that policies and challenges have in common, and what a
// challenge overrides of its policy: the same names over REST and inside a sealed challenge.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/certificate_contents.h"
#include "common/strict_json.h"
#include "crp-service/domain/challenge.h"

namespace ndes::crp {

// An absent identifier is null on the wire, never "".
inline Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
inline Json or_null(const std::optional<WallTime>& time) {
    return time ? Json(to_rfc3339(*time)) : Json(nullptr);
}

inline constexpr std::size_t kMaxNameOctets = 512;  // a subject or one alternative name

// nullopt when the field is absent or null. bad_request naming the element's field.
Result<std::optional<std::vector<SubjectAltName>>> read_alt_names(JsonReader& reader,
                                                                  std::string_view field);
// As above, but faults are noted in `reader`.
std::optional<std::vector<KeyUsage>> read_key_usage(JsonReader& reader, std::string_view field);
// Dotted OIDs.
std::optional<std::vector<std::string>> read_oids(JsonReader& reader, std::string_view field);

Json alt_names_json(const std::vector<SubjectAltName>& names);
Json key_usage_json(const std::vector<KeyUsage>& usages);

// The object "expected" of `outer`; nothing is overridden when it is absent or null.
Result<ExpectedOverrides> read_expected(JsonReader& outer);
// Overrides are final values, compared with the request as they stand. bad_request naming the first
// that cannot be one; its name begins with `prefix`.
Result<void> check_expected(const ExpectedOverrides& expected, const std::string& prefix);
Json expected_json(const ExpectedOverrides& expected);

// Absent or null → nullopt.
std::optional<std::int64_t> optional_integer(JsonReader& reader, std::string_view field,
                                             std::int64_t least, std::int64_t most);

}  // namespace ndes::crp
