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

Result<Transaction> verified_decision(Answers& answers, const NotifyCommit& commit) {
    std::optional<Transaction> found;
    if (auto taken = answers.take(read_judged<Row>, found); !taken) return pass_on(taken);
    if (!found || !found->decision.verified ||
        found->decision.transaction_id != commit.transaction_id) {
        return fail(ErrorCode::not_found, "no such verified decision");
    }
    return std::move(*found);
}

void record(Batch& batch, const Transaction& transaction, const NotifyCommit& commit) {
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

Result<void> settle(Batch& batch, Answers& answers, const NotifyCommit& commit,
                    const std::vector<std::string>& sinks, NotifyOutcome& outcome) {
    auto transaction = verified_decision(answers, commit);
    if (!transaction) return pass_on(transaction);
    auto judged = judge_notify(*transaction, commit);
    if (!judged) return pass_on(judged);
    outcome = *judged;
    if (outcome == NotifyOutcome::repeated) return {};
    record(batch, *transaction, commit);
    append(batch, commit.messages, sinks);
    AuditRecord audit = commit.audit;
    append(batch, audit);
    return {};
}

// The challenge first, when the certificate names one: others decide about it.
std::vector<std::string> keys_of(const NotifyCommit& commit) {
    std::vector<std::string> keys;
    if (commit.certificate && !commit.certificate->challenge_id.empty()) {
        keys.push_back(commit.certificate->challenge_id);
    }
    keys.push_back(commit.decision_id);
    return keys;
}

}  // namespace

Result<NotifyOutcome> PostgresqlStore::commit_notify(const NotifyCommit& commit) {
    NotifyOutcome outcome = NotifyOutcome::recorded;
    const SinkNames names = sinks();
    auto done =
        writer_->run(TwoSteps{keys_of(commit),
                              [&](Connection& connection) {
                                  connection.queue(kDecisionForUpdate, Values(commit.decision_id));
                              },
                              [&](Batch& batch, Answers& answers) {
                                  return settle(batch, answers, commit, *names, outcome);
                              },
                              "the certificate is recorded for another decision"});
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp::pg
