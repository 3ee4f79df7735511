// Pages of what MemoryStore keeps by sequence. Pure functions.
#pragma once

#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "crp-service/store/cursor.h"

namespace ndes::crp {

// The entries that `fits`, newest first.
template <class T, class Fits>
Result<Page<T>> newest_first(const std::map<std::int64_t, T>& entries, const PageRequest& page,
                             Fits fits) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto before = sequence_of(page.after, kNewest);
    if (!before) return pass_on(before);
    std::vector<std::pair<std::int64_t, T>> found;
    for (auto it = std::make_reverse_iterator(entries.lower_bound(*before)); it != entries.rend();
         ++it) {
        if (found.size() > page.limit) break;
        if (fits(it->second)) found.emplace_back(it->first, it->second);
    }
    auto cut = cut_page(std::move(found), page.limit, [](const auto& one) { return one.first; });
    Page<T> result{{}, std::move(cut.next)};
    for (auto& [sequence, entry] : cut.items)
        result.items.push_back(std::move(entry));
    return result;
}

}  // namespace ndes::crp
