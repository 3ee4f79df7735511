#include "crp-service/store/sqlite/record_queries.h"

namespace ndes::crp {

SequenceQuery& SequenceQuery::where(const char* condition, const std::string& value) {
    if (!value.empty()) conditions_.push_back({condition, value, std::nullopt});
    return *this;
}

SequenceQuery& SequenceQuery::where(const char* condition, const std::optional<WallTime>& value) {
    if (value) conditions_.push_back({condition, {}, to_unix_ms(*value)});
    return *this;
}

Result<Statement> SequenceQuery::prepare(sqlite::Database& database,
                                         const PageRequest& page) const {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto from = sequence_of(page.after, newest_first_ ? kNewest : kOldest);
    if (!from) return pass_on(from);
    std::string sql = select_ + " WHERE " + key_ + (newest_first_ ? " < ?" : " > ?");
    for (const Condition& one : conditions_)
        sql += std::string(" AND ") + one.sql;
    sql += " ORDER BY " + key_ + (newest_first_ ? " DESC LIMIT ?" : " LIMIT ?");
    auto statement = database.prepare(sql);
    if (!statement) return statement;
    int index = 0;
    statement->bind(++index, *from);
    for (const Condition& one : conditions_) {
        ++index;
        if (one.number) {
            statement->bind(index, *one.number);
        } else {
            statement->bind(index, std::string_view(one.text));
        }
    }
    statement->bind(++index, static_cast<std::int64_t>(page.limit) + 1);
    return statement;
}

}  // namespace ndes::crp
