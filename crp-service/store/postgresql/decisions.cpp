// PostgresqlStore: commit_decision, one transaction from the standing answer to the audit. First
// it locks what other nodes may be deciding about (the challenge, the key), then it looks; so what
// it sees stays true until it has committed.
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/decision_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"

namespace ndes::crp::pg {
namespace {

constexpr Statement kSameRequest{"decision_same_request",
                                 "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE caller = $1 AND request_id = $2
      AND transaction_id = $3 AND csr_sha256 = $4 AND signing_sha256 = $5
    ORDER BY sequence LIMIT 1)"};
constexpr Statement kClaimKey{"key_claim", R"(INSERT INTO key_claim (spki_sha256, claimed_at)
    VALUES ($1, $2) ON CONFLICT (spki_sha256) DO UPDATE SET claimed_at = excluded.claimed_at)"};
constexpr Statement kReserve{"challenge_reserve", R"(UPDATE challenge
    SET state = 'reserved', transaction_id = $2, csr_sha256 = $3 WHERE id = $1)"};
constexpr Statement kCountRefusal{"challenge_count_refusal", R"(UPDATE challenge
    SET refusals = refusals + 1,
        state = CASE WHEN refusals + 1 >= $2 THEN 'locked' ELSE state END
    WHERE id = $1 AND state = 'issued')"};
constexpr Statement kInsertDecision{"decision_insert", R"(INSERT INTO decision (
    id, transaction_id, request_id, csr_sha256, spki_sha256, signing_sha256, caller,
    device_address, template_name, challenge_id, device_id, user_id, policy_id, verified, reason,
    phase, detail, contents_json, outcomes_json, decided_at, owner,
    state, certificate_sha256, hresult)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22, '', 0))"};

// What takes time is made ready on the caller's thread; the one writer serves everybody.
struct Prepared {
    const DecisionCommit& commit;
    std::optional<std::string> contents;
    std::string outcomes;
    std::shared_ptr<const std::vector<std::string>> sinks;
    AuditRecord audit;
};

// What is recorded that the decision depends on, locked where others may change it.
struct Premises {
    std::optional<Challenge> challenge;
    std::optional<Transaction> earlier;  // answer to this question, or to this very request
    std::optional<KeyHolder> holder;     // of the key, another device
};

// The statements run in this order, each sees what was committed when it began.
void look(Connection& connection, const DecisionCommit& commit) {
    const Decision& decision = commit.decision;
    // A challenge made elsewhere is recorded unless its ID is there.
    if (commit.first_seen) insert_challenge(connection, kInsertChallengeIfNew, *commit.first_seen);
    if (!decision.challenge_id.empty()) {
        connection.queue(kChallengeForUpdate, Values(decision.challenge_id));
    }
    if (decision.verified) {
        connection.queue(kClaimKey, Values(decision.spki_sha256, to_unix_ms(decision.decided_at)));
    }
    if (!decision.request_id.empty()) {
        connection.queue(kSameRequest,
                         Values(decision.caller, decision.request_id, decision.transaction_id,
                                decision.csr_sha256, decision.signing_sha256));
    }
    if (decision.verified) {
        connection.queue(kStandingDecision, Values(decision.transaction_id, decision.csr_sha256,
                                                   decision.signing_sha256));
        connection.queue(kKeyOfOtherDevice, Values(decision.spki_sha256, decision.device_id));
    }
}

// What look() asked for.
Result<Premises> read_premises(const DecisionCommit& commit, Answers& answers) {
    const Decision& decision = commit.decision;
    Premises premises;
    Result<void> done;
    if (commit.first_seen) answers.skip();
    if (!decision.challenge_id.empty()) {
        done = answers.take(read_challenge<Row>, premises.challenge);
    }
    if (decision.verified) answers.skip();
    if (done && !decision.request_id.empty()) {
        done = answers.take(read_transaction<Row>, premises.earlier);
    }
    if (done && decision.verified) {
        std::optional<Transaction> standing;
        done = answers.take(read_transaction<Row>, standing);
        if (!premises.earlier) premises.earlier = std::move(standing);
        if (done) done = answers.take(read_key_holder<Row>, premises.holder);
    }
    if (!done) return pass_on(done);
    return premises;
}

// False: the ID of the challenge that was made elsewhere is another one's.
Result<bool> is_its_challenge(const DecisionCommit& commit, const Premises& premises) {
    if (!commit.first_seen) return true;
    if (!premises.challenge) return fail(ErrorCode::storage, "a challenge vanished");
    return is_same_challenge(*premises.challenge, *commit.first_seen);
}

// False: lost; `outcome` says why.
Result<bool> may_be_yes(const Decision& decision, const Premises& premises,
                        DecisionOutcome& outcome) {
    outcome.key_taken = premises.holder.has_value();
    if (outcome.key_taken) return false;
    if (decision.challenge_id.empty()) return true;
    if (!premises.challenge) return fail(ErrorCode::not_found, "no such challenge");
    if (may_reserve(*premises.challenge, decision)) return true;
    outcome.challenge_state = state_at(*premises.challenge, decision.decided_at);
    return false;
}

void record(Batch& batch, Prepared& prepared) {
    const Decision& decision = prepared.commit.decision;
    const TransactionState state =
        decision.verified ? TransactionState::verified : TransactionState::refused;
    batch.connection.queue(
        kInsertDecision,
        Values(decision.id, decision.transaction_id, decision.request_id, decision.csr_sha256,
               decision.spki_sha256, decision.signing_sha256, decision.caller,
               decision.device_address, decision.template_name, decision.challenge_id,
               decision.device_id, decision.user_id, decision.policy_id, decision.verified,
               decision.reason, decision.phase, decision.detail, prepared.contents,
               prepared.outcomes, to_unix_ms(decision.decided_at), decision.owner,
               to_string(state)));
    append(batch, prepared.commit.messages, *prepared.sinks);
    append(batch, prepared.audit);
}

Result<void> settle(Batch& batch, Answers& answers, Prepared& prepared, DecisionOutcome& outcome) {
    const Decision& decision = prepared.commit.decision;
    outcome = {};
    auto premises = read_premises(prepared.commit, answers);
    if (!premises) return pass_on(premises);
    if (premises->earlier) {
        outcome.kind = DecisionOutcome::Kind::repeated;
        outcome.standing = std::move(premises->earlier->decision);
        return {};
    }
    auto its_challenge = is_its_challenge(prepared.commit, *premises);
    if (!its_challenge) return pass_on(its_challenge);
    if (decision.verified) {
        outcome.challenge_id_taken = !*its_challenge;
        outcome.kind = DecisionOutcome::Kind::lost;
        if (!*its_challenge) return {};
        auto possible = may_be_yes(decision, *premises, outcome);
        if (!possible) return pass_on(possible);
        if (!*possible) return {};
        outcome.kind = DecisionOutcome::Kind::committed;
        if (!decision.challenge_id.empty()) {
            batch.connection.queue(kReserve, Values(decision.challenge_id, decision.transaction_id,
                                                    decision.csr_sha256));
        }
    } else if (prepared.commit.counts_as_refusal && *its_challenge) {
        batch.connection.queue(kCountRefusal, Values(decision.challenge_id, kRefusalsUntilLocked));
    }
    record(batch, prepared);
    return {};
}

// What the decision is about: two decisions about the same are made one after the other.
std::vector<std::string> keys_of(const Decision& decision) {
    std::vector<std::string> keys;
    for (const std::string* key :
         {&decision.challenge_id, &decision.spki_sha256, &decision.csr_sha256}) {
        if (!key->empty()) keys.push_back(*key);
    }
    if (keys.empty()) keys.push_back(decision.transaction_id);
    return keys;
}

}  // namespace

Result<DecisionOutcome> PostgresqlStore::commit_decision(const DecisionCommit& commit) {
    std::optional<std::string> contents;
    if (commit.decision.contents) contents = encode(*commit.decision.contents);
    Prepared prepared{commit, std::move(contents), encode(commit.decision.outcomes), sinks(),
                      commit.audit};
    DecisionOutcome outcome;
    auto done = writer_->run(TwoSteps{
        keys_of(commit.decision), [&](Connection& connection) { look(connection, commit); },
        [&](Batch& batch, Answers& answers) { return settle(batch, answers, prepared, outcome); },
        "decision ID is in use"});
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp::pg
