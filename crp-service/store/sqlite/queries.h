// Helpers around statements, shared by the files of this backend. Know no table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/sqlite/database.h"

namespace ndes::crp {

// Prepares the members of a statement set one after the other and keeps the first fault.
class Preparer {
  public:
    explicit Preparer(sqlite::Database& database) : database_(database) {}

    sqlite::Statement operator()(const char* sql) {
        auto statement = database_.prepare(sql);
        if (statement) return std::move(*statement);
        if (!fault_) fault_ = statement.error();
        return {};
    }
    Result<void> finish() const {
        if (fault_) return Failure(*fault_);
        return {};
    }

  private:
    sqlite::Database& database_;
    std::optional<Error> fault_;
};

// Ends a statement's use with the scope: no read snapshot outlives the call that needed it.
class ResetAtEnd {
  public:
    explicit ResetAtEnd(sqlite::Statement& statement) : statement_(statement) {}
    ResetAtEnd(const ResetAtEnd&) = delete;
    ResetAtEnd& operator=(const ResetAtEnd&) = delete;
    ~ResetAtEnd() { statement_.reset(); }

  private:
    sqlite::Statement& statement_;
};

// Binds all parameters in order.
template <class... Values>
sqlite::Statement& bind_all(sqlite::Statement& statement, const Values&... values) {
    int index = 0;
    (statement.bind(++index, values), ...);
    return statement;
}

// Reads the columns of the current row in order.
class Row {
  public:
    explicit Row(const sqlite::Statement& statement) : statement_(statement) {}
    std::string text() { return statement_.text(next_++); }
    std::int64_t integer() { return statement_.integer(next_++); }
    int number() { return static_cast<int>(integer()); }
    bool boolean() { return integer() != 0; }
    WallTime time() { return from_unix_ms(integer()); }
    std::optional<std::string> optional_text() { return statement_.optional_text(next_++); }
    std::optional<WallTime> optional_time() {
        const auto value = statement_.optional_integer(next_++);
        return value ? std::optional(from_unix_ms(*value)) : std::nullopt;
    }
    // One of an enumeration's words; anything else is a damaged record.
    template <class Enum>
    Result<void> word(Enum& value) {
        if (from_string(text(), value)) return {};
        return fail(ErrorCode::storage, "a record in the database is damaged", "unknown word");
    }

  private:
    const sqlite::Statement& statement_;
    int next_ = 0;
};

inline std::optional<std::int64_t> unix_ms_or_null(const std::optional<WallTime>& time) {
    return time ? std::optional(to_unix_ms(*time)) : std::nullopt;
}

template <class T>
using RowReader = Result<T> (*)(Row&);

// The first row of a statement that is bound, if there is one.
template <class T>
Result<std::optional<T>> one_row(sqlite::Statement& statement, RowReader<T> read) {
    const ResetAtEnd reset(statement);
    auto found = statement.step();
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    Row row(statement);
    auto value = read(row);
    if (!value) return pass_on(value);
    return std::optional<T>(std::move(*value));
}

template <class T>
Result<std::vector<T>> all_rows(sqlite::Statement& statement, RowReader<T> read) {
    const ResetAtEnd reset(statement);
    std::vector<T> items;
    auto found = statement.step();
    for (; found && *found; found = statement.step()) {
        Row row(statement);
        auto value = read(row);
        if (!value) return pass_on(value);
        items.push_back(std::move(*value));
    }
    if (!found) return pass_on(found);
    return items;
}

}  // namespace ndes::crp
