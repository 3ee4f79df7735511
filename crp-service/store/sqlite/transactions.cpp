// SqliteStore: reads of what was decided.
#include <utility>

#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"
#include "crp-service/store/sqlite/transaction_rows.h"

namespace ndes::crp {
namespace {

// INDEXED BY: the order by sequence would lead through every decision there is.
constexpr const char* kVerified = "SELECT " DECISION_COLUMNS R"( FROM decision
    INDEXED BY decision_by_question
    WHERE transaction_id = ? AND verified = 1
    ORDER BY spki_sha256 = ? DESC, sequence DESC LIMIT 1)";
constexpr const char* kByRequest = "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE caller = ? AND request_id = ? ORDER BY sequence LIMIT 1)";
constexpr const char* kHistory = "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE transaction_id = ? ORDER BY sequence DESC LIMIT ?)";

Result<std::optional<Decision>> decision_of(Result<std::optional<Transaction>> found) {
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    return std::move((*found)->decision);
}

}  // namespace

DecisionReads::DecisionReads(Preparer& prepare)
    : standing(prepare(kStandingDecision)),
      verified(prepare(kVerified)),
      by_request(prepare(kByRequest)),
      history(prepare(kHistory)) {}

Result<std::optional<Transaction>> SqliteStore::find_standing(std::string_view transaction_id,
                                                              std::string_view csr_sha256,
                                                              std::string_view signing_sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& standing = reader->reads().decisions.standing;
    return one_row<Transaction>(bind_all(standing, transaction_id, csr_sha256, signing_sha256),
                                read_transaction);
}

Result<std::optional<Decision>> SqliteStore::find_verified(std::string_view transaction_id,
                                                           std::string_view spki_sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& verified = reader->reads().decisions.verified;
    return decision_of(
        one_row<Transaction>(bind_all(verified, transaction_id, spki_sha256), read_transaction));
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
    auto numbered =
        list_sequence<Numbered<Transaction>>(*readers_, query, page, read_numbered_transaction,
                                             [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

}  // namespace ndes::crp
