// Reads of the records that have a key of the MDM's own and are listed in its order, and of those
// recorded in a sequence.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crp-service/store/cursor.h"
#include "crp-service/store/sqlite/reader_pool.h"

namespace ndes::crp {

template <class T>
Result<std::optional<T>> find_record(ReaderPool& readers, RecordReads Reads::*record,
                                     std::string_view key, RowReader<T> read) {
    RecordCache& cache = readers.cache();
    if (auto kept = cache.find<T>(key, readers.epoch_of_this_thread())) return kept;
    auto reader = readers.lend();
    if (!reader) return pass_on(reader);
    auto found = one_row<T>(bind_all((reader->reads().*record).find, key), read);
    if (found && *found) cache.keep(key, **found, reader->epoch());
    return found;
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
    auto items =
        all_rows<T>(bind_all((reader->reads().*record).list, *after, rows, page.owner), read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

// A list of what is recorded in a sequence. Such lists are asked for rarely and in many ways, so
// their statements are put together, from constant texts, when they are asked for.
class SequenceQuery {
  public:
    // `select`: up to and with FROM. `key`: the sequence's column.
    SequenceQuery(std::string select, std::string key, bool newest_first)
        : select_(std::move(select)), key_(std::move(key)), newest_first_(newest_first) {}

    // Conditions with one parameter each; ignored when the value is empty or absent.
    SequenceQuery& where(const char* condition, const std::string& value);
    SequenceQuery& where(const char* condition, const std::optional<WallTime>& value);
    template <class Enum>
    SequenceQuery& where_word(const char* condition, const std::optional<Enum>& value) {
        return where(condition, value ? std::string(to_string(*value)) : std::string());
    }

    // The page's statement, bound; `database` outlives it. bad_request for a wrong limit or cursor.
    Result<Statement> prepare(sqlite::Database& database, const PageRequest& page) const;

  private:
    struct Condition {
        const char* sql;
        std::string text;
        std::optional<std::int64_t> number;  // instead of the text
    };

    std::string select_;
    std::string key_;
    bool newest_first_;
    std::vector<Condition> conditions_;
};

template <class T, class KeyOf>
Result<Page<T>> list_sequence(ReaderPool& readers, const SequenceQuery& query,
                              const PageRequest& page, RowReader<T> read, KeyOf key_of) {
    auto reader = readers.lend();
    if (!reader) return pass_on(reader);
    auto statement = query.prepare(reader->database(), page);
    if (!statement) return pass_on(statement);
    auto items = all_rows<T>(*statement, read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

}  // namespace ndes::crp
