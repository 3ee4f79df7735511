// SqliteStore: commit_notify, what became of a verified decision.
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/decision_rows.h"
#include "crp-service/store/notify_rules.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

Result<Transaction> find_verified(DecisionWrites& writes, const NotifyCommit& commit) {
    auto found = one_row<Transaction>(bind_all(writes.by_id, commit.decision_id), read_judged);
    if (!found) return pass_on(found);
    if (!*found || !(*found)->decision.verified ||
        (*found)->decision.transaction_id != commit.transaction_id) {
        return fail(ErrorCode::not_found, "no such verified decision");
    }
    return std::move(**found);
}

Result<void> settle(Writes& writes, const Transaction& transaction, const NotifyCommit& commit) {
    if (commit.certificate) {
        auto inserted = insert(writes.certificates, *commit.certificate);
        if (!inserted) return inserted;
    }
    const std::string sha256 = commit.certificate ? commit.certificate->sha256 : std::string();
    auto settled = bind_all(writes.decisions.settle, commit.decision_id, to_string(commit.outcome),
                            commit.hresult, sha256, to_unix_ms(commit.now))
                       .run();
    if (!settled || transaction.decision.challenge_id.empty()) return settled;
    return bind_all(writes.challenges.settle, transaction.decision.challenge_id,
                    to_string(challenge_state_after(commit.outcome)))
        .run();
}

Result<void> commit_in_job(Writes& writes, const NotifyCommit& commit,
                           const std::vector<std::string>& sinks, NotifyOutcome& outcome) {
    auto transaction = find_verified(writes.decisions, commit);
    if (!transaction) return pass_on(transaction);
    auto judged = judge_notify(*transaction, commit);
    if (!judged) return pass_on(judged);
    outcome = *judged;
    if (outcome == NotifyOutcome::repeated) return {};
    if (auto done = settle(writes, *transaction, commit); !done) return done;
    if (auto done = append(writes.outbox, commit.messages, sinks); !done) return done;
    AuditRecord audit = commit.audit;
    return append(writes.audit, audit);
}

}  // namespace

Result<NotifyOutcome> SqliteStore::commit_notify(const NotifyCommit& commit) {
    NotifyOutcome outcome = NotifyOutcome::recorded;
    const SinkNames names = sinks();
    auto done =
        write([&](Writes& writes) { return commit_in_job(writes, commit, *names, outcome); });
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp
