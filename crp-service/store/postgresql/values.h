// Values: the parameters of one statement; Rows and Row: what it answered. Text and octets travel
// as they are (binary format), so that no octet is lost or quoted; what the column's type cannot
// hold is refused by the server. Know no connection. One thread at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <libpq-fe.h>

#include "common/clock.h"
#include "common/error.h"

namespace ndes::crp::pg {

// A value as the server writes and reads it: an array, for = ANY ($1) and unnest($1).
struct Literal {
    std::string text;
};
Literal array_of(const std::vector<std::string>& items);

// $1, $2, … in order. What texts refer to outlives the call that takes the values.
class Values {
  public:
    template <class... T>
    explicit Values(const T&... values) {
        fields_.reserve(sizeof...(values));
        (add(values), ...);
    }

    Values& add(std::string_view text) { return add_field({text, {}, kBinary, false}); }
    Values& add(const std::string& text) { return add(std::string_view(text)); }
    Values& add(const char* text) { return add(std::string_view(text)); }
    Values& add(const Literal& literal) { return add_literal(literal.text); }
    Values& add(bool value) { return add_literal(value ? "t" : "f"); }
    template <class Integer>
    std::enable_if_t<std::is_integral_v<Integer>, Values&> add(Integer value) {
        return add_literal(std::to_string(value));
    }
    template <class T>
    Values& add(const std::optional<T>& value) {
        return value ? add(*value) : add_field({{}, {}, kText, true});
    }

    // As libpq takes them.
    struct Raw {
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    Raw raw() const;

  private:
    static constexpr int kText = 0;
    static constexpr int kBinary = 1;
    struct Field {
        std::string_view text;
        std::string literal;  // instead of the text, when the format is kText
        int format;
        bool is_null;
    };
    Values& add_literal(std::string literal) {
        return add_field({{}, std::move(literal), kText, false});
    }
    Values& add_field(Field field) {
        fields_.push_back(std::move(field));
        return *this;
    }
    std::vector<Field> fields_;
};

inline std::optional<std::int64_t> unix_ms_or_null(const std::optional<WallTime>& time) {
    return time ? std::optional(to_unix_ms(*time)) : std::nullopt;
}

struct ResultCloser {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultCloser>;

// Reads the columns of one row in order.
class Row {
  public:
    Row(const PGresult* result, int row) : result_(result), row_(row) {}
    std::string text();
    // Of any width, and booleans.
    std::int64_t integer();
    int number() { return static_cast<int>(integer()); }
    bool boolean() { return integer() != 0; }
    WallTime time() { return from_unix_ms(integer()); }
    std::optional<std::string> optional_text() {
        if (is_null()) return skip();
        return text();
    }
    std::optional<WallTime> optional_time() {
        if (is_null()) return skip();
        return time();
    }
    // One of an enumeration's words; anything else is a damaged record.
    template <class Enum>
    Result<void> word(Enum& value) {
        if (from_string(text(), value)) return {};
        return fail(ErrorCode::storage, "a record in the database is damaged", "unknown word");
    }

  private:
    bool is_null() const { return PQgetisnull(result_, row_, next_) == 1; }
    std::nullopt_t skip() {
        ++next_;
        return std::nullopt;
    }
    const PGresult* result_;
    int row_;
    int next_ = 0;
};

template <class T>
using RowReader = Result<T> (*)(Row&);

// The rows of one statement, and how many it changed.
class Rows {
  public:
    Rows() = default;
    explicit Rows(ResultPtr result) : result_(std::move(result)) {}
    int count() const { return result_ ? PQntuples(result_.get()) : 0; }
    bool empty() const { return count() == 0; }
    Row row(int index) const { return {result_.get(), index}; }
    std::int64_t changed() const;
    // What was done: "COMMIT".
    std::string_view command() const { return result_ ? PQcmdStatus(result_.get()) : ""; }

    template <class T>
    Result<std::optional<T>> one(RowReader<T> read) const {
        if (empty()) return std::nullopt;
        Row first = row(0);
        auto value = read(first);
        if (!value) return pass_on(value);
        return std::optional<T>(std::move(*value));
    }
    template <class T>
    Result<std::vector<T>> all(RowReader<T> read) const {
        std::vector<T> items;
        items.reserve(static_cast<std::size_t>(count()));
        for (int index = 0; index < count(); ++index) {
            Row next = row(index);
            auto value = read(next);
            if (!value) return pass_on(value);
            items.push_back(std::move(*value));
        }
        return items;
    }

  private:
    ResultPtr result_;
};

// For rows that are one number.
inline Result<std::int64_t> read_count(Row& row) { return row.integer(); }

}  // namespace ndes::crp::pg
