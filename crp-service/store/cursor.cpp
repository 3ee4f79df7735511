#include "crp-service/store/cursor.h"

#include <charconv>

#include "common/bytes.h"

namespace ndes::crp {
namespace {

// The first character tells the kinds apart, so that a cursor of one collection is not taken for
// a place in another of a different order.
constexpr char kSequence = 's';
constexpr char kId = 'i';
constexpr std::size_t kMaxCursor = 512;

std::string encode(char kind, const std::string& key) { return to_base64url(as_bytes(kind + key)); }

Failure invalid() { return fail(ErrorCode::bad_request, "after: not a cursor of this collection"); }

Result<std::string> decode(char kind, std::string_view cursor) {
    if (cursor.size() > kMaxCursor) return invalid();
    auto bytes = from_base64url(cursor);
    if (!bytes || bytes->empty() || bytes->front() != static_cast<std::uint8_t>(kind)) {
        return invalid();
    }
    return std::string(as_text(*bytes).substr(1));
}

}  // namespace

std::string cursor_at(std::int64_t sequence) { return encode(kSequence, std::to_string(sequence)); }

Result<std::int64_t> sequence_of(std::string_view cursor, std::int64_t first) {
    if (cursor.empty()) return first;
    auto key = decode(kSequence, cursor);
    if (!key) return pass_on(key);
    std::int64_t sequence = 0;
    const auto [end, error] = std::from_chars(key->data(), key->data() + key->size(), sequence);
    if (error != std::errc{} || end != key->data() + key->size() || sequence < 1) return invalid();
    return sequence;
}

std::string cursor_at(const std::string& id) { return encode(kId, id); }

Result<std::string> id_of(std::string_view cursor) {
    if (cursor.empty()) return std::string();
    auto key = decode(kId, cursor);
    if (!key) return pass_on(key);
    if (key->empty()) return invalid();
    return key;
}

Result<void> check_limit(const PageRequest& page) {
    if (page.limit >= 1 && page.limit <= kMaxPage) return {};
    return fail(ErrorCode::bad_request, "limit: must be 1 to " + std::to_string(kMaxPage));
}

}  // namespace ndes::crp
