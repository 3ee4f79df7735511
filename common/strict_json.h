// Strict JSON: reads outside JSON without tolerance. Duplicate keys, unknown fields, wrong types,
// over-long values, depth over 16 and trailing text are refused by name of the field.
// Knows no message by name. Value types; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/error.h"

namespace ndes {

using Json = nlohmann::json;

// Parses one JSON text. bad_request, naming a duplicate key by its path; too_large over `limit`
// octets. No byte order mark, no NUL, well-formed UTF-8 only.
Result<Json> parse_json(std::string_view text, std::size_t limit = 128 * 1024);

// Reads the fields of one object. Each getter marks its field as known and notes the first fault;
// finish() refuses unknown fields and returns that first fault.
// Keeps a reference to the object, which must outlive the reader.
class JsonReader {
  public:
    // `path` is put before field names in messages ("items[3]."); empty at the top.
    explicit JsonReader(const Json& object, std::string path = {});

    // Required. UTF-8 text without control characters of 1..`limit` octets (0 if `may_be_empty`).
    std::string text(std::string_view field, std::size_t limit, bool may_be_empty = false);
    // Absent or null → nullopt.
    std::optional<std::string> optional_text(std::string_view field, std::size_t limit);
    // Absent → fallback; null is a fault, here and in the other …_or. May be empty.
    std::string text_or(std::string_view field, std::string fallback, std::size_t limit);
    // Items as in text(); absent → empty.
    std::vector<std::string> text_list(std::string_view field, std::size_t most_items,
                                       std::size_t limit);
    bool boolean_or(std::string_view field, bool fallback);
    std::int64_t integer(std::string_view field, std::int64_t least, std::int64_t most);
    std::int64_t integer_or(std::string_view field, std::int64_t fallback, std::int64_t least,
                            std::int64_t most);
    // Required, not empty; `limit` counts the decoded octets.
    Bytes base64(std::string_view field, std::size_t limit);
    std::optional<Bytes> optional_base64(std::string_view field, std::size_t limit);  // or null
    std::optional<WallTime> optional_time(std::string_view field);                    // RFC 3339
    const Json* optional_object(std::string_view field);  // null if absent or null
    const Json* optional_array(std::string_view field, std::size_t most_items);

    // True if the field is there and not null. Does not mark it as known.
    bool has(std::string_view field) const;
    void fault(std::string_view field, std::string_view what);
    std::string path_of(std::string_view field) const;
    Result<void> finish();

  private:
    const Json* take(std::string_view field);
    const Json& object_;
    std::string path_;
    std::vector<std::string> known_;
    std::optional<Error> first_fault_;
};

}  // namespace ndes
