// Cursors: where the next page of a collection begins, as opaque text (base64url of the last key),
// and the cutting of a page. Shared by every backend. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

inline constexpr std::size_t kMaxPage = 1000;

// The sequence after which (or before which, newest first) a page begins. bad_request unless the
// cursor was made by cursor_at. An empty cursor gives `first`.
std::string cursor_at(std::int64_t sequence);
Result<std::int64_t> sequence_of(std::string_view cursor, std::int64_t first);

// As above for collections ordered by id; "" for an empty cursor.
std::string cursor_at(const std::string& id);
Result<std::string> id_of(std::string_view cursor);

inline constexpr std::int64_t kOldest = 0;
inline constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

// bad_request unless 1 <= limit <= kMaxPage.
Result<void> check_limit(const PageRequest& page);

// Makes a page of items read with limit + 1: the surplus one only tells that there is more.
template <class T, class KeyOf>
Page<T> cut_page(std::vector<T> items, std::size_t limit, KeyOf key_of) {
    Page<T> page{std::move(items), std::nullopt};
    if (page.items.size() > limit) {
        page.items.resize(limit);
        page.next = cursor_at(key_of(page.items.back()));
    }
    return page;
}

}  // namespace ndes::crp
