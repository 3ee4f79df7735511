// PostgresqlStore: what time makes of records: retention, and requests that nobody confirmed.
// Several nodes do this at once: what another one has locked is left to it.
#include <utility>

#include "crp-service/store/decision_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"

namespace ndes::crp::pg {
namespace {

// $1: expired before, $2: at most. A certificate that another one renews is needed to find that
// one's origin.
constexpr Statement kExpiredCertificates{"purge_expired",
                                         R"(SELECT decision_id, challenge_id FROM certificate
    WHERE not_after < $1
      AND NOT EXISTS (SELECT 1 FROM certificate AS newer
                      WHERE newer.renews = certificate.sha256 AND newer.renews <> '')
    ORDER BY not_after LIMIT $2 FOR UPDATE SKIP LOCKED)"};
constexpr Statement kDropCertificates{
    "purge_certificates", "DELETE FROM certificate WHERE decision_id = ANY ($1::text[])"};
constexpr Statement kDropTheirDecisions{"purge_their_decisions",
                                        "DELETE FROM decision WHERE id = ANY ($1::text[])"};
// A challenge may have led to further certificates, by renewal of the first.
constexpr Statement kDropCompleted{
    "purge_completed", "DELETE FROM challenge WHERE id = ANY ($1::text[]) AND state = 'completed'"};
constexpr Statement kDropDecisions{"purge_decisions", R"(DELETE FROM decision WHERE id IN (
    SELECT id FROM decision
    WHERE state IN ('refused', 'failed', 'unconfirmed') AND decided_at < $1
    ORDER BY decided_at LIMIT $2 FOR UPDATE SKIP LOCKED))"};
// A challenge that a request still waits on stays.
constexpr Statement kDropChallenges{"purge_challenges", R"(DELETE FROM challenge WHERE id IN (
    SELECT id FROM challenge
    WHERE state <> 'completed' AND state <> 'reserved' AND expires_at < $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))"};
constexpr Statement kDropClaims{"purge_claims", R"(DELETE FROM key_claim WHERE spki_sha256 IN (
    SELECT spki_sha256 FROM key_claim WHERE claimed_at < $1
    ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED))"};
// $3: the configured sinks. Only what lies before everything that waits for one of them or for a
// sink that another node empties: no message overtakes an older one. The newest stays, as with
// SQLite, whose numbers need it.
constexpr Statement kDropMessages{"purge_messages", R"(WITH gone AS (
    DELETE FROM state_message WHERE id IN (
        SELECT id FROM state_message
        WHERE created_at < $1
          AND sequence < (SELECT max(sequence) FROM state_message)
          AND sequence < coalesce((
              SELECT min(waiting.message)
              FROM (SELECT unnest($3::text[]) COLLATE "C" AS sink
                    UNION SELECT sink FROM sink_lease WHERE held_until > $1) AS in_use
              CROSS JOIN LATERAL (
                  SELECT message FROM delivery
                  WHERE delivery.sink = in_use.sink AND dead_at IS NULL
                  ORDER BY message LIMIT 1) AS waiting), 9223372036854775807)
        ORDER BY sequence LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING sequence), deliveries AS (
    DELETE FROM delivery WHERE message IN (SELECT sequence FROM gone))
    SELECT count(*) FROM gone)"};

constexpr Statement kUnconfirmed{"unconfirmed_find", "SELECT " DECISION_COLUMNS R"( FROM decision
    WHERE state = 'verified' AND decided_at < $1
    ORDER BY decided_at LIMIT $2 FOR UPDATE SKIP LOCKED)"};
constexpr Statement kMarkDecision{"unconfirmed_decision",
                                  "UPDATE decision SET state = 'unconfirmed' WHERE id = $1"};
constexpr Statement kMarkChallenge{"unconfirmed_challenge", R"(UPDATE challenge
    SET state = 'unconfirmed' WHERE id = $1 AND state = 'reserved')"};

Result<void> drop_certificates(Connection& connection, WallTime before, std::size_t most,
                               Purged& purged) {
    auto rows = connection.ask(kExpiredCertificates, Values(to_unix_ms(before), most));
    if (!rows) return pass_on(rows);
    auto lines = rows->all<UnconfirmedDecision>(read_unconfirmed);
    if (!lines) return pass_on(lines);
    if (lines->empty()) return {};
    std::vector<std::string> decisions;
    std::vector<std::string> challenges;
    for (UnconfirmedDecision& line : *lines) {
        decisions.push_back(std::move(line.decision_id));
        challenges.push_back(std::move(line.challenge_id));
    }
    connection.queue(kDropCertificates, Values(array_of(decisions)));
    connection.queue(kDropTheirDecisions, Values(array_of(decisions)));
    connection.queue(kDropCompleted, Values(array_of(challenges)));
    if (auto done = connection.collect(); !done) return pass_on(done);
    purged.certificates = static_cast<std::int64_t>(decisions.size());
    return {};
}

Result<std::int64_t> drop(Connection& connection, const Statement& statement, WallTime before,
                          std::size_t most) {
    auto rows = connection.ask(statement, Values(to_unix_ms(before), most));
    if (!rows) return pass_on(rows);
    return rows->changed();
}

Result<void> drop_all(Connection& connection, const RetentionLimits& limits, std::size_t most,
                      const std::vector<std::string>& sinks, Purged& purged) {
    auto done = drop_certificates(connection, limits.certificates_expired_before, most, purged);
    if (!done) return done;
    auto decisions = drop(connection, kDropDecisions, limits.decisions_before, most);
    if (!decisions) return pass_on(decisions);
    purged.decisions = *decisions;
    auto challenges = drop(connection, kDropChallenges, limits.challenges_expired_before, most);
    if (!challenges) return pass_on(challenges);
    purged.challenges = *challenges;
    auto claims = drop(connection, kDropClaims, limits.decisions_before, most);
    if (!claims) return pass_on(claims);
    auto rows = connection.ask(kDropMessages,
                               Values(to_unix_ms(limits.messages_before), most, array_of(sinks)));
    if (!rows) return pass_on(rows);
    auto messages = rows->one<std::int64_t>(read_count);
    if (!messages) return pass_on(messages);
    purged.messages = messages->value_or(0);
    return {};
}

}  // namespace

Result<Purged> PostgresqlStore::purge(const RetentionLimits& limits, std::size_t most) {
    Purged purged;
    const SinkNames names = sinks();
    auto done = write("", [&](Batch& batch) {
        purged = {};
        return drop_all(batch.connection, limits, most, *names, purged);
    });
    if (!done) return pass_on(done);
    return purged;
}

Result<std::vector<Decision>> PostgresqlStore::mark_unconfirmed(WallTime before, std::size_t most,
                                                                const AuditRecord& audit) {
    std::vector<Decision> marked;
    auto done = write("", [&](Batch& batch) -> Result<void> {
        marked.clear();
        auto rows = batch.connection.ask(kUnconfirmed, Values(to_unix_ms(before), most));
        if (!rows) return pass_on(rows);
        auto found = rows->all<Transaction>(read_transaction);
        if (!found) return pass_on(found);
        for (Transaction& one : *found) {
            batch.connection.queue(kMarkDecision, Values(one.decision.id));
            batch.connection.queue(kMarkChallenge, Values(one.decision.challenge_id));
            AuditRecord record = audit;
            record.transaction_id = one.decision.transaction_id;
            append(batch, record);
            marked.push_back(std::move(one.decision));
        }
        return {};
    });
    if (!done) return pass_on(done);
    return marked;
}

}  // namespace ndes::crp::pg
