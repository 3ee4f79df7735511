// SqliteStore: commit_decision, one transaction from the standing answer to the audit.
#include "crp-service/store/sqlite/transaction_rows.h"

#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/json_columns.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

constexpr const char* kSameRequest = "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE caller = ? AND request_id = ?
      AND transaction_id = ? AND csr_sha256 = ? AND signing_sha256 = ?
    ORDER BY sequence LIMIT 1)";
constexpr const char* kDecisionById = "SELECT " JUDGED_COLUMNS " FROM decision WHERE id = ?";
constexpr const char* kInsertDecision = R"(INSERT INTO decision (
    id, transaction_id, request_id, csr_sha256, spki_sha256, signing_sha256, caller,
    device_address, template_name, challenge_id, device_id, user_id, policy_id, verified, reason,
    phase, detail, contents_json, outcomes_json, decided_at, owner,
    state, certificate_sha256, hresult)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0))";
constexpr const char* kSettleDecision = R"(UPDATE decision
    SET state = ?2, hresult = ?3, certificate_sha256 = ?4, notified_at = ?5 WHERE id = ?1)";

// What takes time is made ready on the caller's thread; the one writer serves everybody.
struct Prepared {
    const DecisionCommit& commit;
    std::optional<std::string> contents;
    std::string outcomes;
    std::shared_ptr<const std::vector<std::string>> sinks;
    AuditRecord audit;
};

Prepared prepare_commit(const DecisionCommit& commit,
                        std::shared_ptr<const std::vector<std::string>> sinks) {
    std::optional<std::string> contents;
    if (commit.decision.contents) contents = encode(*commit.decision.contents);
    return {commit, std::move(contents), encode(commit.decision.outcomes), std::move(sinks),
            commit.audit};
}

// The answer this question, or this very request, has been given before.
Result<std::optional<Transaction>> find_earlier(DecisionWrites& writes, const Decision& decision) {
    if (!decision.request_id.empty()) {
        auto same = one_row<Transaction>(
            bind_all(writes.same_request, decision.caller, decision.request_id,
                     decision.transaction_id, decision.csr_sha256, decision.signing_sha256),
            read_transaction);
        if (!same || *same) return same;
    }
    if (!decision.verified) return std::nullopt;
    return one_row<Transaction>(bind_all(writes.standing, decision.transaction_id,
                                         decision.csr_sha256, decision.signing_sha256),
                                read_transaction);
}

// True: reserved for this decision. False: lost; `outcome` says why.
Result<bool> reserve(sqlite::Database& database, ChallengeWrites& writes, const Decision& decision,
                     DecisionOutcome& outcome) {
    auto swapped = bind_all(writes.reserve, decision.transaction_id, decision.csr_sha256,
                            decision.challenge_id, to_unix_ms(decision.decided_at))
                       .run();
    if (!swapped) return pass_on(swapped);
    if (database.changes() == 1) return true;
    auto challenge = find_challenge(writes, decision.challenge_id);
    if (!challenge) return pass_on(challenge);
    if (!*challenge) return fail(ErrorCode::not_found, "no such challenge");
    outcome.kind = DecisionOutcome::Kind::lost;
    outcome.challenge_state = state_at(**challenge, decision.decided_at);
    return false;
}

Result<void> insert_decision(sqlite::Database& database, DecisionWrites& writes,
                             const Prepared& prepared) {
    const Decision& decision = prepared.commit.decision;
    const TransactionState state =
        decision.verified ? TransactionState::verified : TransactionState::refused;
    auto inserted =
        bind_all(writes.insert, decision.id, decision.transaction_id, decision.request_id,
                 decision.csr_sha256, decision.spki_sha256, decision.signing_sha256,
                 decision.caller, decision.device_address, decision.template_name,
                 decision.challenge_id, decision.device_id, decision.user_id, decision.policy_id,
                 decision.verified, decision.reason, decision.phase, decision.detail,
                 prepared.contents, prepared.outcomes, to_unix_ms(decision.decided_at),
                 decision.owner, to_string(state))
            .run();
    if (!inserted && database.last_error_is_constraint()) {
        return fail(ErrorCode::conflict, "decision ID is in use");
    }
    return inserted;
}

Result<void> record(sqlite::Database& database, Writes& writes, Prepared& prepared) {
    if (auto done = insert_decision(database, writes.decisions, prepared); !done) return done;
    auto told = append(writes.outbox, prepared.commit.messages, *prepared.sinks);
    if (!told) return told;
    return append(writes.audit, prepared.audit);
}

// False: lost; `outcome` says why.
Result<bool> may_be_yes(sqlite::Database& database, Writes& writes, const Decision& decision,
                        DecisionOutcome& outcome) {
    auto holder = one_row<KeyHolder>(
        bind_all(writes.decisions.key_of_other_device, decision.spki_sha256, decision.device_id),
        read_key_holder);
    if (!holder) return pass_on(holder);
    if (*holder) {
        outcome.kind = DecisionOutcome::Kind::lost;
        outcome.key_taken = true;
        return false;
    }
    if (decision.challenge_id.empty()) return true;
    return reserve(database, writes.challenges, decision, outcome);
}

Result<void> commit_in_job(sqlite::Database& database, Writes& writes, Prepared& prepared,
                           DecisionOutcome& outcome) {
    const Decision& decision = prepared.commit.decision;
    auto earlier = find_earlier(writes.decisions, decision);
    if (!earlier) return pass_on(earlier);
    if (*earlier) {
        outcome.kind = DecisionOutcome::Kind::repeated;
        outcome.standing = std::move((*earlier)->decision);
        return {};
    }
    bool is_its_challenge = true;
    if (prepared.commit.first_seen) {
        auto met = meet(writes.challenges, *prepared.commit.first_seen);
        if (!met) return pass_on(met);
        is_its_challenge = *met;
    }
    if (decision.verified && !is_its_challenge) {
        outcome.kind = DecisionOutcome::Kind::lost;
        outcome.challenge_id_taken = true;
        return {};
    }
    if (decision.verified) {
        auto possible = may_be_yes(database, writes, decision, outcome);
        if (!possible) return pass_on(possible);
        if (!*possible) return {};
    }
    if (!decision.verified && prepared.commit.counts_as_refusal && is_its_challenge) {
        auto counted =
            bind_all(writes.challenges.count_refusal, decision.challenge_id, kRefusalsUntilLocked)
                .run();
        if (!counted) return counted;
    }
    return record(database, writes, prepared);
}

}  // namespace

DecisionWrites::DecisionWrites(Preparer& prepare)
    : key_of_other_device(prepare(kKeyOfOtherDevice)),
      standing(prepare(kStandingDecision)),
      same_request(prepare(kSameRequest)),
      by_id(prepare(kDecisionById)),
      insert(prepare(kInsertDecision)),
      settle(prepare(kSettleDecision)) {}

Result<DecisionOutcome> SqliteStore::commit_decision(const DecisionCommit& commit) {
    Prepared prepared = prepare_commit(commit, sinks());
    DecisionOutcome outcome;
    auto done = writer_->run([&](sqlite::Database& database) {
        return commit_in_job(database, *writes_, prepared, outcome);
    });
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp
