// Reads of the records that have a key of the MDM's own and are listed in its order.
#pragma once

#include <string_view>
#include <utility>

#include "crp-service/store/cursor.h"
#include "crp-service/store/sqlite/reader_pool.h"

namespace ndes::crp {

template <class T>
Result<std::optional<T>> find_record(ReaderPool& readers, RecordReads Reads::*record,
                                     std::string_view key, RowReader<T> read) {
    auto reader = readers.lend();
    if (!reader) return pass_on(reader);
    return one_row<T>(bind_all((reader->reads().*record).find, key), read);
}

template <class T, class KeyOf>
Result<Page<T>> list_records(ReaderPool& readers, RecordReads Reads::*record,
                             const PageRequest& page, RowReader<T> read, KeyOf key_of) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = id_of(page.after);
    if (!after) return pass_on(after);
    auto reader = readers.lend();
    if (!reader) return pass_on(reader);
    const auto rows = static_cast<std::int64_t>(page.limit) + 1;
    auto items = all_rows<T>(bind_all((reader->reads().*record).list, *after, rows), read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

// The same for what is recorded in a sequence, of all owners or of one. `first` is where a list
// without cursor begins (kOldest or kNewest).
struct SequenceList {
    Statement& all;
    Statement& of_owner;
    std::int64_t first;
};

template <class T, class KeyOf>
Result<Page<T>> list_sequence(SequenceList list, const PageRequest& page, RowReader<T> read,
                              KeyOf key_of) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto from = sequence_of(page.after, list.first);
    if (!from) return pass_on(from);
    const auto rows = static_cast<std::int64_t>(page.limit) + 1;
    Statement& statement = page.owner.empty() ? bind_all(list.all, *from, rows)
                                              : bind_all(list.of_owner, page.owner, *from, rows);
    auto items = all_rows<T>(statement, read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

}  // namespace ndes::crp
