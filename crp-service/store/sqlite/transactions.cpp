// SqliteStore: reads of what was decided.
#include <utility>

#include "crp-service/store/json_columns.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"
#include "crp-service/store/sqlite/transaction_rows.h"

namespace ndes::crp {
namespace {

constexpr const char* kByRequest = "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE caller = ? AND request_id = ? ORDER BY sequence LIMIT 1)";
constexpr const char* kHistory = "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE transaction_id = ? ORDER BY sequence DESC LIMIT ?)";
constexpr std::int64_t kMaxHistory = 100;

struct Numbered {
    std::int64_t sequence = 0;
    Transaction transaction;
};

Result<Decision> read_decision(Row& row) {
    Decision decision;
    decision.id = row.text();
    decision.transaction_id = row.text();
    decision.request_id = row.text();
    decision.csr_sha256 = row.text();
    decision.spki_sha256 = row.text();
    decision.signing_sha256 = row.text();
    decision.caller = row.text();
    decision.device_address = row.text();
    decision.template_name = row.text();
    decision.challenge_id = row.text();
    decision.device_id = row.text();
    decision.user_id = row.text();
    decision.policy_id = row.text();
    decision.verified = row.boolean();
    decision.reason = row.text();
    decision.phase = row.number();
    decision.detail = row.text();
    if (const auto contents = row.optional_text()) {
        auto done = decode(*contents, decision.contents.emplace());
        if (!done) return pass_on(done);
    }
    if (auto done = decode(row.text(), decision.outcomes); !done) return pass_on(done);
    decision.decided_at = row.time();
    decision.owner = row.text();
    return decision;
}

Result<Numbered> read_numbered(const Statement& statement) {
    Row row(statement);
    Numbered numbered;
    numbered.sequence = row.integer();
    auto decision = read_decision(row);
    if (!decision) return pass_on(decision);
    Transaction& transaction = numbered.transaction;
    transaction.decision = std::move(*decision);
    if (auto state = row.word(transaction.state); !state) return pass_on(state);
    transaction.certificate_sha256 = row.text();
    transaction.hresult = row.number();
    transaction.notified_at = row.optional_time();
    return numbered;
}

Result<std::optional<Decision>> decision_of(Result<std::optional<Transaction>> found) {
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    return std::move((*found)->decision);
}

}  // namespace

Result<Transaction> read_transaction(const Statement& statement) {
    auto numbered = read_numbered(statement);
    if (!numbered) return pass_on(numbered);
    return std::move(numbered->transaction);
}

Result<KeyHolder> read_key_holder(const Statement& statement) {
    Row row(statement);
    KeyHolder holder;
    holder.device_id = row.text();
    holder.transaction_id = row.text();
    holder.certificate_sha256 = row.text();
    return holder;
}

DecisionReads::DecisionReads(Preparer& prepare)
    : standing(prepare(kStandingDecision)),
      by_request(prepare(kByRequest)),
      history(prepare(kHistory)) {}

Result<std::optional<Decision>> SqliteStore::find_standing_decision(
    std::string_view transaction_id, std::string_view csr_sha256, std::string_view signing_sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& standing = reader->reads().decisions.standing;
    return decision_of(one_row<Transaction>(
        bind_all(standing, transaction_id, csr_sha256, signing_sha256), read_transaction));
}

Result<std::optional<Decision>> SqliteStore::find_decision_by_request(std::string_view caller,
                                                                      std::string_view request_id) {
    if (request_id.empty()) return std::nullopt;
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& by_request = reader->reads().decisions.by_request;
    return decision_of(
        one_row<Transaction>(bind_all(by_request, caller, request_id), read_transaction));
}

Result<std::optional<Transaction>> SqliteStore::find_transaction(std::string_view transaction_id) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& history = reader->reads().decisions.history;
    return one_row<Transaction>(bind_all(history, transaction_id, 1), read_transaction);
}

Result<std::vector<Transaction>> SqliteStore::find_transaction_history(
    std::string_view transaction_id) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& history = reader->reads().decisions.history;
    return all_rows<Transaction>(bind_all(history, transaction_id, kMaxHistory), read_transaction);
}

Result<Page<Transaction>> SqliteStore::list_transactions(const PageRequest& page,
                                                         const TransactionFilter& filter) {
    SequenceQuery query("SELECT " DECISION_COLUMNS " FROM decision", "sequence", true);
    query.where("owner = ?", page.owner)
        .where("device_id = ?", filter.device_id)
        .where("reason = ?", filter.reason)
        .where("decided_at >= ?", filter.since)
        .where_word("state = ?", filter.state);
    auto numbered = list_sequence<Numbered>(*readers_, query, page, read_numbered,
                                            [](const Numbered& one) { return one.sequence; });
    if (!numbered) return pass_on(numbered);
    Page<Transaction> result{{}, std::move(numbered->next)};
    for (Numbered& one : numbered->items)
        result.items.push_back(std::move(one.transaction));
    return result;
}

}  // namespace ndes::crp
