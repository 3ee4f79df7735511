#include "crp-service/store/sqlite/record_queries.h"

namespace ndes::crp {

Result<Statement> SequenceQuery::prepare(sqlite::Database& database,
                                         const PageRequest& page) const {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto from = sequence_of(page.after, newest_first_ ? kNewest : kOldest);
    if (!from) return pass_on(from);
    std::string sql = select_ + " WHERE " + key_ + (newest_first_ ? " < ?" : " > ?");
    for (const auto& [condition, value] : conditions_)
        sql += std::string(" AND ") + condition;
    sql += " ORDER BY " + key_ + (newest_first_ ? " DESC LIMIT ?" : " LIMIT ?");
    auto statement = database.prepare(sql);
    if (!statement) return statement;
    int index = 0;
    statement->bind(++index, *from);
    for (const auto& [condition, value] : conditions_) {
        ++index;
        std::visit([&](const auto& one) { statement->bind(index, one); }, value);
    }
    statement->bind(++index, static_cast<std::int64_t>(page.limit) + 1);
    return statement;
}

}  // namespace ndes::crp
