// PostgresqlStore: commit_notify, what became of a verified decision.
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/decision_rows.h"
#include "crp-service/store/notify_rules.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"

namespace ndes::crp::pg {
namespace {

constexpr Statement kDecisionForUpdate{
    "decision_lock", "SELECT " JUDGED_COLUMNS " FROM decision WHERE id = $1 FOR UPDATE"};
constexpr Statement kSettle{"decision_settle", R"(UPDATE decision
    SET state = $2, hresult = $3, certificate_sha256 = $4, notified_at = $5 WHERE id = $1)"};

Result<Transaction> find_verified(Batch& batch, const NotifyCommit& commit) {
    auto rows = batch.connection.ask(kDecisionForUpdate, Values(commit.decision_id));
    if (!rows) return pass_on(rows);
    auto found = rows->one<Transaction>(read_judged);
    if (!found) return pass_on(found);
    if (!*found || !(*found)->decision.verified ||
        (*found)->decision.transaction_id != commit.transaction_id) {
        return fail(ErrorCode::not_found, "no such verified decision");
    }
    return std::move(**found);
}

void settle(Batch& batch, const Transaction& transaction, const NotifyCommit& commit) {
    if (commit.certificate) {
        batch.connection.queue(kInsertCertificate, values_of(*commit.certificate));
    }
    const std::string sha256 = commit.certificate ? commit.certificate->sha256 : std::string();
    batch.connection.queue(kSettle, Values(commit.decision_id, to_string(commit.outcome),
                                           commit.hresult, sha256, to_unix_ms(commit.now)));
    if (transaction.decision.challenge_id.empty()) return;
    batch.connection.queue(kSettleChallenge,
                           Values(transaction.decision.challenge_id,
                                  to_string(challenge_state_after(commit.outcome))));
}

Result<void> commit_in_job(Batch& batch, const NotifyCommit& commit,
                           const std::vector<std::string>& sinks, NotifyOutcome& outcome) {
    auto transaction = find_verified(batch, commit);
    if (!transaction) return pass_on(transaction);
    auto judged = judge_notify(*transaction, commit);
    if (!judged) return pass_on(judged);
    outcome = *judged;
    if (outcome == NotifyOutcome::repeated) return {};
    settle(batch, *transaction, commit);
    append(batch, commit.messages, sinks);
    AuditRecord audit = commit.audit;
    append(batch, audit);
    auto done = batch.connection.collect();
    if (done) return {};
    if (!commit.certificate || !batch.connection.failed_as_duplicate()) return pass_on(done);
    return fail(ErrorCode::conflict, "the certificate is recorded for another decision");
}

}  // namespace

Result<NotifyOutcome> PostgresqlStore::commit_notify(const NotifyCommit& commit) {
    NotifyOutcome outcome = NotifyOutcome::recorded;
    const SinkNames names = sinks();
    // What its certificate names it by; else its decision is nobody else's business.
    const std::string key = commit.certificate ? commit.certificate->challenge_id : std::string();
    auto done =
        write(key, [&](Batch& batch) { return commit_in_job(batch, commit, *names, outcome); });
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp::pg
