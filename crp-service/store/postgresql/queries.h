// Reads shared by the topics: one record, a page of records with a key of their own, a page of what
// is recorded in a sequence, and a page of what each node records in a sequence of its own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crp-service/store/cursor.h"
#include "crp-service/store/postgresql/connection_pool.h"
#include "crp-service/store/postgresql/values.h"

// The end of a list statement: what its page holds. An ownerless record is everybody's.
#define IN_PAGE " > $1 AND ($3 = '' OR owner IN ($3, '')) ORDER BY "

namespace ndes::crp::pg {

template <class T>
Result<std::optional<T>> find_one(ConnectionPool& pool, const Statement& statement,
                                  const Values& values, RowReader<T> read) {
    auto connection = pool.lend();
    if (!connection) return pass_on(connection);
    auto rows = (*connection)->ask(statement, values);
    if (!rows) return pass_on(rows);
    return rows->one<T>(read);
}

template <class T>
Result<std::vector<T>> find_all(ConnectionPool& pool, const Statement& statement,
                                const Values& values, RowReader<T> read) {
    auto connection = pool.lend();
    if (!connection) return pass_on(connection);
    auto rows = (*connection)->ask(statement, values);
    if (!rows) return pass_on(rows);
    return rows->all<T>(read);
}

template <class T, class KeyOf>
Result<Page<T>> list_records(ConnectionPool& pool, const Statement& list, const PageRequest& page,
                             RowReader<T> read, KeyOf key_of) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = id_of(page.after);
    if (!after) return pass_on(after);
    auto items = find_all<T>(pool, list, Values(*after, page.limit + 1, page.owner), read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

// A list's statement, put together from constant texts when it is asked for: such lists are asked
// for rarely and in many ways, and so the server plans them for their values.
class SequenceQuery {
  public:
    // `select`: up to and with FROM. `key`: the sequence's column.
    SequenceQuery(std::string select, std::string key, bool newest_first)
        : select_(std::move(select)), key_(std::move(key)), newest_first_(newest_first) {}

    // `condition` ends where its one parameter stands ("owner = "), `end` follows that. Ignored
    // when the value is empty or absent. The value outlives the query.
    SequenceQuery& where(const char* condition, const std::string& value, const char* end = "");
    SequenceQuery& where(const char* condition, const std::optional<WallTime>& value);
    SequenceQuery& where(const char* condition, std::int64_t value);
    SequenceQuery& where_word(const char* condition, const char* word);

    // The rows after (before, newest first) `place`, at most limit + 1.
    Result<Rows> run(Connection& connection, std::int64_t place, std::size_t limit) const;
    Result<Rows> run(Connection& connection, const PageRequest& page) const;

  private:
    std::string parameter();
    std::string select_;
    std::string key_;
    bool newest_first_;
    std::string conditions_;
    Values values_;
    int parameters_ = 0;
};

template <class T, class KeyOf>
Result<Page<T>> list_sequence(ConnectionPool& pool, const SequenceQuery& query,
                              const PageRequest& page, RowReader<T> read, KeyOf key_of) {
    auto connection = pool.lend();
    if (!connection) return pass_on(connection);
    auto rows = query.run(**connection, page);
    if (!rows) return pass_on(rows);
    auto items = rows->all<T>(read);
    if (!items) return pass_on(items);
    return cut_page(std::move(*items), page.limit, key_of);
}

// Where each node's records have been read up to; the cursor of lists that grow in several places
// at once. A node commits in the order of its numbers, so no record is skipped.
using Places = std::map<std::int64_t, std::int64_t>;  // node → sequence
std::string cursor_at(const Places& places);
Result<Places> places_of(std::string_view cursor);

struct Node {
    std::int64_t number = 0;
    std::string name;
};
Result<std::vector<Node>> all_nodes(Connection& connection);

// Takes the next of each node's records, whichever `before(a, b)` says is to come first, until the
// page is full. `chains`: of each node the records after its place, at most limit + 1.
template <class T, class SequenceOf, class Before>
Page<T> merge_chains(std::map<std::int64_t, std::vector<T>> chains, Places places,
                     std::size_t limit, SequenceOf sequence_of, Before before) {
    Page<T> page;
    std::map<std::int64_t, std::size_t> taken;
    for (;;) {
        std::int64_t best = 0;
        for (auto& [node, records] : chains) {
            if (taken[node] == records.size()) continue;
            if (best == 0 || before(records[taken[node]], chains[best][taken[best]])) best = node;
        }
        if (best == 0) return page;
        if (page.items.size() == limit) break;
        T& next = chains[best][taken[best]++];
        places[best] = sequence_of(next);
        page.items.push_back(std::move(next));
    }
    page.next = cursor_at(places);
    return page;
}

// A page of a list that every node adds to. `query(node, places)`: the node's records after its
// place; `read` makes one of a row.
template <class T, class QueryOf, class SequenceOf, class Before>
Result<Page<T>> list_chains(Connection& connection, const PageRequest& page, QueryOf query_of,
                            RowReader<T> read, SequenceOf sequence_of, Before before) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto places = places_of(page.after);
    if (!places) return pass_on(places);
    auto nodes = all_nodes(connection);
    if (!nodes) return pass_on(nodes);
    std::map<std::int64_t, std::vector<T>> chains;
    for (const Node& node : *nodes) {
        const SequenceQuery query = query_of(node);
        auto rows = query.run(connection, (*places)[node.number], page.limit);
        if (!rows) return pass_on(rows);
        auto records = rows->template all<T>(read);
        if (!records) return pass_on(records);
        chains[node.number] = std::move(*records);
    }
    return merge_chains(std::move(chains), std::move(*places), page.limit, sequence_of, before);
}

}  // namespace ndes::crp::pg
