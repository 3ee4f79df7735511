#include "crp-service/store/postgresql/queries.h"

#include <charconv>

namespace ndes::crp::pg {
namespace {

constexpr Statement kNodes{"nodes", "SELECT number, name FROM node ORDER BY number"};

Result<Node> read_node(Row& row) {
    Node node;
    node.number = row.integer();
    node.name = row.text();
    return node;
}

// A number and what ends it; false if there is none.
bool take_number(std::string_view& text, char end, std::int64_t& number) {
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (error != std::errc{} || number < 1 || text.empty() || text.front() != end) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string SequenceQuery::parameter() { return "$" + std::to_string(++parameters_); }

SequenceQuery& SequenceQuery::where(const char* condition, const std::string& value,
                                    const char* end) {
    if (value.empty()) return *this;
    conditions_ += std::string(" AND ") + condition + parameter() + end;
    values_.add(std::string_view(value));
    return *this;
}

SequenceQuery& SequenceQuery::where(const char* condition, const std::optional<WallTime>& value) {
    return value ? where(condition, to_unix_ms(*value)) : *this;
}

SequenceQuery& SequenceQuery::where(const char* condition, std::int64_t value) {
    conditions_ += std::string(" AND ") + condition + parameter();
    values_.add(value);
    return *this;
}

SequenceQuery& SequenceQuery::where_word(const char* condition, const char* word) {
    conditions_ += std::string(" AND ") + condition + parameter();
    values_.add(word);
    return *this;
}

Result<Rows> SequenceQuery::run(Connection& connection, std::int64_t place,
                                std::size_t limit) const {
    SequenceQuery query = *this;
    std::string sql = select_ + " WHERE " + key_ + (newest_first_ ? " < " : " > ");
    sql += query.parameter() + conditions_ + " ORDER BY " + key_;
    sql += (newest_first_ ? " DESC LIMIT " : " LIMIT ") + query.parameter();
    query.values_.add(place).add(limit + 1);
    return connection.ask_text(sql, query.values_);
}

Result<Rows> SequenceQuery::run(Connection& connection, const PageRequest& page) const {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto place = crp::sequence_of(page.after, newest_first_ ? kNewest : kOldest);
    if (!place) return pass_on(place);
    return run(connection, *place, page.limit);
}

std::string cursor_at(const Places& places) {
    std::string text;
    for (const auto& [node, sequence] : places) {
        if (sequence > 0) text += std::to_string(node) + ":" + std::to_string(sequence) + ",";
    }
    return crp::cursor_at(text);
}

Result<Places> places_of(std::string_view cursor) {
    auto text = id_of(cursor);
    if (!text) return pass_on(text);
    Places places;
    for (std::string_view rest = *text; !rest.empty();) {
        std::int64_t node = 0;
        std::int64_t sequence = 0;
        if (!take_number(rest, ':', node) || !take_number(rest, ',', sequence)) {
            return fail(ErrorCode::bad_request, "after: not a cursor of this collection");
        }
        places[node] = sequence;
    }
    return places;
}

Result<std::vector<Node>> all_nodes(Connection& connection) {
    auto rows = connection.ask(kNodes);
    if (!rows) return pass_on(rows);
    return rows->all<Node>(read_node);
}

}  // namespace ndes::crp::pg
