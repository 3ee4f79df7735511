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
constexpr Statement kInsert{"decision_insert", R"(INSERT INTO decision (
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

// Reads the answers of what was queued, in that order.
class Answers {
  public:
    Answers(std::vector<Rows> rows, std::size_t first) : rows_(std::move(rows)), next_(first) {}
    void skip() { ++next_; }
    template <class T>
    Result<void> take(RowReader<T> read, std::optional<T>& value) {
        auto found = rows_.at(next_++).one<T>(read);
        if (!found) return pass_on(found);
        if (*found) value = std::move(*found);
        return {};
    }

  private:
    std::vector<Rows> rows_;
    std::size_t next_;
};

// One round trip; the statements run in this order, each sees what was committed when it began.
Result<Premises> look(Batch& batch, const Decision& decision) {
    Connection& connection = batch.connection;
    const bool names_challenge = !decision.challenge_id.empty();
    const bool names_request = !decision.request_id.empty();
    const std::size_t first = connection.queued();
    if (names_challenge) connection.queue(kChallengeForUpdate, Values(decision.challenge_id));
    if (decision.verified) {
        connection.queue(kClaimKey, Values(decision.spki_sha256, to_unix_ms(decision.decided_at)));
    }
    if (names_request) {
        connection.queue(kSameRequest,
                         Values(decision.caller, decision.request_id, decision.transaction_id,
                                decision.csr_sha256, decision.signing_sha256));
    }
    if (decision.verified) {
        connection.queue(kStandingDecision, Values(decision.transaction_id, decision.csr_sha256,
                                                   decision.signing_sha256));
        connection.queue(kKeyOfOtherDevice, Values(decision.spki_sha256, decision.device_id));
    }
    auto rows = connection.collect();
    if (!rows) return pass_on(rows);
    Answers answers(std::move(*rows), first);
    Premises premises;
    const auto take = [&](auto read, auto& value) { return answers.take(read, value); };
    Result<void> done;
    if (names_challenge) done = take(read_challenge<Row>, premises.challenge);
    if (decision.verified) answers.skip();
    if (done && names_request) done = take(read_transaction<Row>, premises.earlier);
    if (done && decision.verified) {
        std::optional<Transaction> standing;
        done = take(read_transaction<Row>, standing);
        if (!premises.earlier) premises.earlier = std::move(standing);
        if (done) done = take(read_key_holder<Row>, premises.holder);
    }
    if (!done) return pass_on(done);
    return premises;
}

// The challenge made elsewhere is recorded unless its ID is there. False: it is another one's.
Result<bool> meet(Batch& batch, const Challenge& first_seen, Premises& premises) {
    if (!premises.challenge) {
        insert_challenge(batch, kInsertChallengeIfNew, first_seen);
        auto rows = batch.connection.ask(kChallengeForUpdate, Values(first_seen.id));
        if (!rows) return pass_on(rows);
        auto challenge = rows->one<Challenge>(read_challenge);
        if (!challenge) return pass_on(challenge);
        premises.challenge = std::move(*challenge);
        if (!premises.challenge) return fail(ErrorCode::storage, "a challenge vanished");
    }
    return is_same_challenge(*premises.challenge, first_seen);
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

Result<void> record(Batch& batch, Prepared& prepared) {
    const Decision& decision = prepared.commit.decision;
    const TransactionState state =
        decision.verified ? TransactionState::verified : TransactionState::refused;
    batch.connection.queue(
        kInsert, Values(decision.id, decision.transaction_id, decision.request_id,
                        decision.csr_sha256, decision.spki_sha256, decision.signing_sha256,
                        decision.caller, decision.device_address, decision.template_name,
                        decision.challenge_id, decision.device_id, decision.user_id,
                        decision.policy_id, decision.verified, decision.reason, decision.phase,
                        decision.detail, prepared.contents, prepared.outcomes,
                        to_unix_ms(decision.decided_at), decision.owner, to_string(state)));
    append(batch, prepared.commit.messages, *prepared.sinks);
    append(batch, prepared.audit);
    auto done = batch.connection.collect();
    if (done) return {};
    if (!batch.connection.failed_as_duplicate()) return pass_on(done);
    return fail(ErrorCode::conflict, "decision ID is in use");
}

Result<void> commit_in_job(Batch& batch, Prepared& prepared, DecisionOutcome& outcome) {
    const Decision& decision = prepared.commit.decision;
    outcome = {};
    auto premises = look(batch, decision);
    if (!premises) return pass_on(premises);
    if (premises->earlier) {
        outcome.kind = DecisionOutcome::Kind::repeated;
        outcome.standing = std::move(premises->earlier->decision);
        return {};
    }
    bool is_its_challenge = true;
    if (prepared.commit.first_seen) {
        auto met = meet(batch, *prepared.commit.first_seen, *premises);
        if (!met) return pass_on(met);
        is_its_challenge = *met;
    }
    if (decision.verified) {
        outcome.challenge_id_taken = !is_its_challenge;
        outcome.kind = DecisionOutcome::Kind::lost;
        if (!is_its_challenge) return {};
        auto possible = may_be_yes(decision, *premises, outcome);
        if (!possible) return pass_on(possible);
        if (!*possible) return {};
        outcome.kind = DecisionOutcome::Kind::committed;
        if (!decision.challenge_id.empty()) {
            batch.connection.queue(kReserve, Values(decision.challenge_id, decision.transaction_id,
                                                    decision.csr_sha256));
        }
    } else if (prepared.commit.counts_as_refusal && is_its_challenge) {
        batch.connection.queue(kCountRefusal, Values(decision.challenge_id, kRefusalsUntilLocked));
    }
    return record(batch, prepared);
}

}  // namespace

Result<DecisionOutcome> PostgresqlStore::commit_decision(const DecisionCommit& commit) {
    std::optional<std::string> contents;
    if (commit.decision.contents) contents = encode(*commit.decision.contents);
    Prepared prepared{commit, std::move(contents), encode(commit.decision.outcomes), sinks(),
                      commit.audit};
    DecisionOutcome outcome;
    auto done = write(commit.decision.challenge_id,
                      [&](Batch& batch) { return commit_in_job(batch, prepared, outcome); });
    if (!done) return pass_on(done);
    return outcome;
}

}  // namespace ndes::crp::pg
