// SqliteStore: challenges and the answers kept for their Idempotency-Keys.
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/decision_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

constexpr const char* kChallengeById = "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE id = ?";
constexpr const char* kByLookup = "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE lookup = ?";
constexpr const char* kInsertChallenge =
    "INSERT INTO challenge (" CHALLENGE_COLUMNS
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

// The compare-and-swap: may_reserve of challenge_rules.h. 1 transaction, 2 CSR, 3 id, 4 now.
constexpr const char* kReserve = R"(UPDATE challenge
    SET state = 'reserved', transaction_id = ?1, csr_sha256 = ?2
    WHERE id = ?3
      AND ((state = 'issued' AND expires_at > ?4)
        OR (state IN ('reserved', 'failed', 'unconfirmed')
            AND transaction_id = ?1 AND csr_sha256 = ?2)))";
constexpr const char* kCountRefusal = R"(UPDATE challenge
    SET refusals = refusals + 1,
        state = CASE WHEN refusals + 1 >= ?2 THEN 'locked' ELSE state END
    WHERE id = ?1 AND state = 'issued')";
constexpr const char* kRevokeChallenge =
    "UPDATE challenge SET state = 'revoked' WHERE id = ? AND state IN ('issued', 'failed')";
// awaits_outcome of challenge_rules.h.
constexpr const char* kSettleChallenge = R"(UPDATE challenge SET state = ?2
    WHERE id = ?1 AND state IN ('reserved', 'failed', 'unconfirmed'))";

constexpr const char* kFindAnswer = R"(SELECT body_sha256, answer FROM challenge_answer
    WHERE owner = ? AND idempotency_key = ?)";
constexpr const char* kInsertAnswer = R"(INSERT INTO challenge_answer
    (owner, idempotency_key, body_sha256, answer, recorded_at) VALUES (?, ?, ?, ?, ?))";
// The first condition is the index's.
constexpr const char* kCountOutstanding = R"(SELECT kind, key_id, count(*), max(expires_at)
    FROM challenge INDEXED BY challenge_not_completed
    WHERE state <> 'completed' AND expires_at > ?
      AND state IN ('issued', 'reserved', 'failed', 'unconfirmed')
    GROUP BY kind, key_id ORDER BY kind, key_id)";
constexpr const char* kForgetAnswers = "DELETE FROM challenge_answer WHERE recorded_at <= ?";

Result<void> insert_challenge(ChallengeWrites& writes, const Challenge& challenge) {
    const auto lookup =
        challenge.lookup.empty() ? std::nullopt : std::optional<std::string>(challenge.lookup);
    return bind_all(writes.insert, challenge.id, to_string(challenge.kind), lookup,
                    challenge.device_id, challenge.user_id, challenge.policy_id,
                    challenge.certificate_request_id, encode(challenge.expected),
                    to_unix_ms(challenge.not_before), to_unix_ms(challenge.expires_at),
                    to_unix_ms(challenge.created_at), challenge.owner, to_string(challenge.state),
                    challenge.refusals, challenge.transaction_id, challenge.csr_sha256,
                    challenge.key_id)
        .run();
}

// The answer recorded for this key, if any; conflict when it was for another body.
Result<std::optional<std::string>> recall(Statement& find, std::string_view owner,
                                          std::string_view key, std::string_view body_sha256) {
    const ResetAtEnd reset(find);
    auto found = bind_all(find, owner, key).step();
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    if (find.text(0) != body_sha256) {
        return fail(ErrorCode::conflict, "Idempotency-Key was used before with another body");
    }
    return find.text(1);
}

Result<std::optional<std::string>> recall(ChallengeWrites& writes, const ChallengeBatch& batch) {
    if (batch.idempotency_key.empty()) return std::nullopt;
    // In passing, so that no timer is needed: what has outlived the window.
    const WallTime oldest = batch.now - kIdempotencyWindow;
    auto forgotten = bind_all(writes.forget_answers, to_unix_ms(oldest)).run();
    if (!forgotten) return pass_on(forgotten);
    return recall(writes.find_answer, batch.owner, batch.idempotency_key, batch.body_sha256);
}

Result<void> insert_batch(sqlite::Database& database, Writes& writes, const ChallengeBatch& batch) {
    for (const Challenge& challenge : batch.challenges) {
        auto inserted = insert_challenge(writes.challenges, challenge);
        if (inserted) continue;
        if (!database.last_error_is_constraint()) return inserted;
        return fail(ErrorCode::conflict, "challenge is already in use");
    }
    if (batch.idempotency_key.empty()) return {};
    return bind_all(writes.challenges.insert_answer, batch.owner, batch.idempotency_key,
                    batch.body_sha256, batch.answer, to_unix_ms(batch.now))
        .run();
}

}  // namespace

ChallengeReads::ChallengeReads(Preparer& prepare)
    : by_id(prepare(kChallengeById)),
      by_lookup(prepare(kByLookup)),
      find_answer(prepare(kFindAnswer)) {}

ChallengeWrites::ChallengeWrites(Preparer& prepare)
    : by_id(prepare(kChallengeById)),
      insert(prepare(kInsertChallenge)),
      reserve(prepare(kReserve)),
      count_refusal(prepare(kCountRefusal)),
      revoke(prepare(kRevokeChallenge)),
      settle(prepare(kSettleChallenge)),
      find_answer(prepare(kFindAnswer)),
      insert_answer(prepare(kInsertAnswer)),
      forget_answers(prepare(kForgetAnswers)) {}

Result<std::optional<Challenge>> find_challenge(ChallengeWrites& writes, std::string_view id) {
    return one_row<Challenge>(bind_all(writes.by_id, id), read_challenge);
}

Result<bool> meet(ChallengeWrites& writes, const Challenge& challenge) {
    auto recorded = find_challenge(writes, challenge.id);
    if (!recorded) return pass_on(recorded);
    if (*recorded) return is_same_challenge(**recorded, challenge);
    if (auto inserted = insert_challenge(writes, challenge); !inserted) return pass_on(inserted);
    return true;
}

Result<std::optional<std::string>> SqliteStore::find_answer(std::string_view owner,
                                                            std::string_view idempotency_key,
                                                            std::string_view body_sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    return recall(reader->reads().challenges.find_answer, owner, idempotency_key, body_sha256);
}

Result<Page<Challenge>> SqliteStore::list_challenges(const PageRequest& page,
                                                     const ChallengeFilter& filter) {
    SequenceQuery query("SELECT number, " CHALLENGE_COLUMNS " FROM challenge", "number", true);
    query.where("owner = ?", page.owner).where("device_id = ?", filter.device_id);
    if (filter.state == ChallengeState::expired) {
        query.where("state = 'issued' AND expires_at <= ?", std::optional(filter.now));
    } else if (filter.state == ChallengeState::issued) {
        query.where("state = 'issued' AND expires_at > ?", std::optional(filter.now));
    } else {
        query.where_word("state = ?", filter.state);
    }
    auto numbered =
        list_sequence<Numbered<Challenge>>(*readers_, query, page, read_numbered_challenge,
                                           [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

Result<std::vector<KeyUse>> SqliteStore::count_outstanding_challenges(WallTime now) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto count = reader->database().prepare(kCountOutstanding);
    if (!count) return pass_on(count);
    return all_rows<KeyUse>(bind_all(*count, to_unix_ms(now)), read_key_use);
}

Result<std::optional<std::string>> SqliteStore::add_challenges(const ChallengeBatch& batch,
                                                               AuditRecord audit) {
    std::optional<std::string> earlier;
    auto done = writer_->run([&](sqlite::Database& database) -> Result<void> {
        auto answer = recall(writes_->challenges, batch);
        if (!answer) return pass_on(answer);
        earlier = std::move(*answer);
        if (earlier) return {};
        if (auto added = insert_batch(database, *writes_, batch); !added) return added;
        return append(writes_->audit, audit);
    });
    if (!done) return pass_on(done);
    return earlier;
}

Result<std::optional<Challenge>> SqliteStore::find_challenge(std::string_view id) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    return one_row<Challenge>(bind_all(reader->reads().challenges.by_id, id), read_challenge);
}

Result<std::optional<Challenge>> SqliteStore::find_challenge_by_lookup(std::string_view lookup) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    return one_row<Challenge>(bind_all(reader->reads().challenges.by_lookup, lookup),
                              read_challenge);
}

Result<void> SqliteStore::revoke_challenge(std::string_view id, AuditRecord audit) {
    return writer_->run([&](sqlite::Database& database) -> Result<void> {
        if (auto revoked = bind_all(writes_->challenges.revoke, id).run(); !revoked) return revoked;
        if (database.changes() == 1) return append(writes_->audit, audit);
        auto challenge = crp::find_challenge(writes_->challenges, id);
        if (!challenge) return pass_on(challenge);
        if (!*challenge) return fail(ErrorCode::not_found, "no such challenge");
        return fail(ErrorCode::conflict,
                    std::string("challenge is ") + to_string((*challenge)->state));
    });
}

}  // namespace ndes::crp
