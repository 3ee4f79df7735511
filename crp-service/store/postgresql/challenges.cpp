// PostgresqlStore: challenges and the answers kept for their Idempotency-Keys.
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/decision_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {

#define INSERT_CHALLENGE                        \
    "INSERT INTO challenge (" CHALLENGE_COLUMNS \
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"

const Statement kChallengeForUpdate{
    "challenge_lock", "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE id = $1 FOR UPDATE"};
const Statement kInsertChallengeIfNew{"challenge_meet",
                                      INSERT_CHALLENGE " ON CONFLICT (id) DO NOTHING"};
// awaits_outcome of challenge_rules.h.
const Statement kSettleChallenge{"challenge_settle", R"(UPDATE challenge SET state = $2
    WHERE id = $1 AND state IN ('reserved', 'failed', 'unconfirmed'))"};

namespace {

constexpr Statement kChallengeById{"challenge_by_id",
                                   "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE id = $1"};
constexpr Statement kByLookup{"challenge_by_lookup",
                              "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE lookup = $1"};
constexpr Statement kInsertChallenge{"challenge_insert", INSERT_CHALLENGE};
// may_revoke of challenge_rules.h.
constexpr Statement kRevokeChallenge{"challenge_revoke", R"(UPDATE challenge SET state = 'revoked'
    WHERE id = $1 AND state IN ('issued', 'failed'))"};
constexpr Statement kFindAnswer{"answer_find", R"(SELECT body_sha256, answer FROM challenge_answer
    WHERE owner = $1 AND idempotency_key = $2)"};
constexpr Statement kInsertAnswer{"answer_insert", R"(INSERT INTO challenge_answer
    (owner, idempotency_key, body_sha256, answer, recorded_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (owner, idempotency_key) DO NOTHING)"};
// Rows that another node is forgetting are left to it.
constexpr Statement kForgetAnswers{"answers_forget", R"(DELETE FROM challenge_answer
    WHERE (owner, idempotency_key) IN (
        SELECT owner, idempotency_key FROM challenge_answer WHERE recorded_at <= $1
        FOR UPDATE SKIP LOCKED))"};
// The first condition is the index's.
constexpr Statement kCountOutstanding{"challenges_outstanding",
                                      R"(SELECT kind, key_id, count(*), max(expires_at)
    FROM challenge WHERE state <> 'completed' AND expires_at > $1
      AND state IN ('issued', 'reserved', 'failed', 'unconfirmed')
    GROUP BY kind, key_id ORDER BY kind COLLATE "C", key_id COLLATE "C")"};
// What is queued without collecting; a batch's answers then fit any buffer.
constexpr std::size_t kQueued = 100;

struct Answer {
    std::string body_sha256;
    std::string answer;
};

Result<Answer> read_answer(Row& row) {
    Answer answer;
    answer.body_sha256 = row.text();
    answer.answer = row.text();
    return answer;
}

// The answer recorded for this key, if any; conflict when it was for another body.
Result<std::optional<std::string>> recall(Connection& connection, std::string_view owner,
                                          std::string_view key, std::string_view body_sha256) {
    auto rows = connection.ask(kFindAnswer, Values(owner, key));
    if (!rows) return pass_on(rows);
    auto found = rows->one<Answer>(read_answer);
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    if ((*found)->body_sha256 != body_sha256) {
        return fail(ErrorCode::conflict, "Idempotency-Key was used before with another body");
    }
    return std::move((*found)->answer);
}

// Takes the batch's key for it, or tells the answer that somebody recorded before: whoever inserts
// the key second waits until the first has committed.
Result<std::optional<std::string>> take_key(Batch& batch, const ChallengeBatch& posted) {
    if (posted.idempotency_key.empty()) return std::nullopt;
    // In passing, so that no timer is needed: what has outlived the window.
    const WallTime oldest = posted.now - kIdempotencyWindow;
    batch.connection.queue(kForgetAnswers, Values(to_unix_ms(oldest)));
    auto taken = batch.connection.ask(
        kInsertAnswer, Values(posted.owner, posted.idempotency_key, posted.body_sha256,
                              posted.answer, to_unix_ms(posted.now)));
    if (!taken) return pass_on(taken);
    if (taken->changed() == 1) return std::nullopt;
    return recall(batch.connection, posted.owner, posted.idempotency_key, posted.body_sha256);
}

Result<void> collect_inserts(Batch& batch) {
    auto done = batch.connection.collect();
    if (done) return {};
    if (!batch.connection.failed_as_duplicate()) return pass_on(done);
    return fail(ErrorCode::conflict, "challenge is already in use");
}

}  // namespace

void insert_challenge(Connection& connection, const Statement& insert, const Challenge& challenge) {
    const std::optional<std::string> lookup =
        challenge.lookup.empty() ? std::nullopt : std::optional(challenge.lookup);
    connection.queue(
        insert, Values(challenge.id, to_string(challenge.kind), lookup, challenge.device_id,
                       challenge.user_id, challenge.policy_id, challenge.certificate_request_id,
                       encode(challenge.expected), to_unix_ms(challenge.not_before),
                       to_unix_ms(challenge.expires_at), to_unix_ms(challenge.created_at),
                       challenge.owner, to_string(challenge.state), challenge.refusals,
                       challenge.transaction_id, challenge.csr_sha256, challenge.key_id));
}

Result<std::optional<std::string>> PostgresqlStore::add_challenges(const ChallengeBatch& posted,
                                                                   AuditRecord audit) {
    std::optional<std::string> earlier;
    auto done = write(posted.idempotency_key, [&](Batch& batch) -> Result<void> {
        auto answer = take_key(batch, posted);
        if (!answer) return pass_on(answer);
        earlier = std::move(*answer);
        if (earlier) return {};
        std::size_t queued = 0;
        for (const Challenge& challenge : posted.challenges) {
            insert_challenge(batch.connection, kInsertChallenge, challenge);
            if (++queued % kQueued != 0) continue;
            if (auto added = collect_inserts(batch); !added) return added;
        }
        if (auto added = collect_inserts(batch); !added) return added;
        append(batch, audit);
        return {};
    });
    if (!done) return pass_on(done);
    return earlier;
}

Result<std::optional<std::string>> PostgresqlStore::find_answer(std::string_view owner,
                                                                std::string_view idempotency_key,
                                                                std::string_view body_sha256) {
    auto connection = pool_->lend();
    if (!connection) return pass_on(connection);
    return recall(**connection, owner, idempotency_key, body_sha256);
}

Result<std::optional<Challenge>> PostgresqlStore::find_challenge(std::string_view id) {
    return find_one<Challenge>(*pool_, kChallengeById, Values(id), read_challenge);
}

Result<std::optional<Challenge>> PostgresqlStore::find_challenge_by_lookup(
    std::string_view lookup) {
    return find_one<Challenge>(*pool_, kByLookup, Values(lookup), read_challenge);
}

Result<void> PostgresqlStore::revoke_challenge(std::string_view id, AuditRecord audit) {
    return write(id, [&](Batch& batch) -> Result<void> {
        auto revoked = batch.connection.ask(kRevokeChallenge, Values(id));
        if (!revoked) return pass_on(revoked);
        if (revoked->changed() == 1) {
            append(batch, audit);
            return {};
        }
        auto rows = batch.connection.ask(kChallengeById, Values(id));
        if (!rows) return pass_on(rows);
        auto challenge = rows->one<Challenge>(read_challenge);
        if (!challenge) return pass_on(challenge);
        if (!*challenge) return fail(ErrorCode::not_found, "no such challenge");
        return fail(ErrorCode::conflict,
                    std::string("challenge is ") + to_string((*challenge)->state));
    });
}

Result<Page<Challenge>> PostgresqlStore::list_challenges(const PageRequest& page,
                                                         const ChallengeFilter& filter) {
    SequenceQuery query("SELECT number, " CHALLENGE_COLUMNS " FROM challenge", "number", true);
    query.where("owner = ", page.owner).where("device_id = ", filter.device_id);
    if (filter.state == ChallengeState::expired) {
        query.where("state = 'issued' AND expires_at <= ", to_unix_ms(filter.now));
    } else if (filter.state == ChallengeState::issued) {
        query.where("state = 'issued' AND expires_at > ", to_unix_ms(filter.now));
    } else if (filter.state) {
        query.where_word("state = ", to_string(*filter.state));
    }
    auto numbered = list_sequence<Numbered<Challenge>>(*pool_, query, page, read_numbered_challenge,
                                                       [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

Result<std::vector<KeyUse>> PostgresqlStore::count_outstanding_challenges(WallTime now) {
    return find_all<KeyUse>(*pool_, kCountOutstanding, Values(to_unix_ms(now)), read_key_use);
}

}  // namespace ndes::crp::pg
