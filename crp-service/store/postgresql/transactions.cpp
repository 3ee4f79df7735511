// PostgresqlStore: reads of what was decided.
#include <utility>

#include "crp-service/store/decision_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {

// A yes stands unless its challenge was revoked.
const Statement kStandingDecision{"decision_standing", "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE transaction_id = $1 AND csr_sha256 = $2 AND signing_sha256 = $3 AND verified
      AND NOT EXISTS (SELECT 1 FROM challenge
                      WHERE challenge.id = decision.challenge_id AND challenge.state = 'revoked')
    ORDER BY sequence LIMIT 1)"};

namespace {

constexpr Statement kVerified{"decision_verified", "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE transaction_id = $1 AND verified
    ORDER BY spki_sha256 = $2 DESC, sequence DESC LIMIT 1)"};
constexpr Statement kByRequest{"decision_by_request", "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE caller = $1 AND request_id = $2 ORDER BY sequence LIMIT 1)"};
constexpr Statement kHistory{"decision_history", "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE transaction_id = $1 ORDER BY sequence DESC LIMIT $2)"};

Result<std::optional<Decision>> decision_of(Result<std::optional<Transaction>> found) {
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    return std::move((*found)->decision);
}

}  // namespace

Result<std::optional<Transaction>> PostgresqlStore::find_standing(std::string_view transaction_id,
                                                                  std::string_view csr_sha256,
                                                                  std::string_view signing_sha256) {
    return find_one<Transaction>(*pool_, kStandingDecision,
                                 Values(transaction_id, csr_sha256, signing_sha256),
                                 read_transaction);
}

Result<std::optional<Decision>> PostgresqlStore::find_verified(std::string_view transaction_id,
                                                               std::string_view spki_sha256) {
    return decision_of(find_one<Transaction>(*pool_, kVerified, Values(transaction_id, spki_sha256),
                                             read_transaction));
}

Result<std::optional<Decision>> PostgresqlStore::find_decision_by_request(
    std::string_view caller, std::string_view request_id) {
    if (request_id.empty()) return std::nullopt;
    return decision_of(
        find_one<Transaction>(*pool_, kByRequest, Values(caller, request_id), read_transaction));
}

Result<std::optional<Transaction>> PostgresqlStore::find_transaction(
    std::string_view transaction_id) {
    return find_one<Transaction>(*pool_, kHistory, Values(transaction_id, 1), read_transaction);
}

Result<std::vector<Transaction>> PostgresqlStore::find_transaction_history(
    std::string_view transaction_id) {
    return find_all<Transaction>(*pool_, kHistory, Values(transaction_id, kMaxHistory),
                                 read_transaction);
}

Result<Page<Transaction>> PostgresqlStore::list_transactions(const PageRequest& page,
                                                             const TransactionFilter& filter) {
    SequenceQuery query("SELECT " DECISION_COLUMNS " FROM decision", "sequence", true);
    query.where("owner = ", page.owner)
        .where("device_id = ", filter.device_id)
        .where("reason = ", filter.reason)
        .where("decided_at >= ", filter.since);
    if (filter.state) query.where_word("state = ", to_string(*filter.state));
    auto numbered = list_sequence<Numbered<Transaction>>(
        *pool_, query, page, read_numbered_transaction, [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

}  // namespace ndes::crp::pg
