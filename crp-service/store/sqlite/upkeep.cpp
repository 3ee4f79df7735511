// SqliteStore: what time makes of records: retention, and requests that nobody confirmed.
#include <array>
#include <utility>

#include "crp-service/store/json_columns.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"
#include "crp-service/store/sqlite/transaction_rows.h"

namespace ndes::crp {
namespace {

// 1: expired before, 2: at most. A certificate that another one renews is needed to find that
// one's origin.
constexpr const char* kExpiredCertificates = R"(SELECT decision_id, challenge_id FROM certificate
    INDEXED BY certificate_by_expiry
    WHERE not_after < ?1
      AND NOT EXISTS (SELECT 1 FROM certificate AS newer INDEXED BY certificate_by_renewed
                      WHERE newer.renews = certificate.sha256 AND newer.renews <> '')
    ORDER BY not_after LIMIT ?2)";
constexpr const char* kDropCertificate = "DELETE FROM certificate WHERE decision_id = ?";
constexpr const char* kDropDecision = "DELETE FROM decision WHERE id = ?";
// A challenge may have led to further certificates, by renewal of the first.
constexpr const char* kDropCompleted = "DELETE FROM challenge WHERE id = ? AND state = 'completed'";
constexpr const char* kDropDecisions = R"(DELETE FROM decision WHERE sequence IN (
    SELECT sequence FROM decision INDEXED BY decision_without_certificate
    WHERE state IN ('refused', 'failed', 'unconfirmed') AND decided_at < ?1
    ORDER BY decided_at LIMIT ?2))";
// A challenge that a request still waits on stays.
constexpr const char* kDropChallenges = R"(DELETE FROM challenge WHERE number IN (
    SELECT number FROM challenge INDEXED BY challenge_not_completed
    WHERE state <> 'completed' AND state <> 'reserved' AND expires_at < ?1
    ORDER BY expires_at LIMIT ?2))";
// 3: the configured sinks. Only what lies before everything that waits for one of them: no message
// overtakes an older one. The newest stays: SQLite gives a number again once no row has a higher
// one, and who reads by cursor would miss the message that gets it.
constexpr const char* kDropMessages = R"(DELETE FROM state_message WHERE sequence IN (
    SELECT sequence FROM state_message
    WHERE created_at < ?1
      AND sequence < (SELECT max(sequence) FROM state_message)
      AND sequence < coalesce((
          SELECT min((SELECT message FROM delivery
                      WHERE sink = configured.value AND dead_at IS NULL
                      ORDER BY message LIMIT 1))
          FROM json_each(?3) AS configured), 9223372036854775807)
    ORDER BY sequence LIMIT ?2))";
constexpr const char* kDropDeliveries =
    "DELETE FROM delivery WHERE NOT EXISTS (SELECT 1 FROM state_message WHERE sequence = message)";

constexpr const char* kUnconfirmed = "SELECT " DECISION_COLUMNS R"( FROM decision
    INDEXED BY decision_awaiting_notify
    WHERE state = 'verified' AND decided_at < ? ORDER BY decided_at LIMIT ?)";
constexpr const char* kMarkDecision =
    "UPDATE decision SET state = 'unconfirmed' WHERE id = ? AND state = 'verified'";
constexpr const char* kMarkChallenge =
    "UPDATE challenge SET state = 'unconfirmed' WHERE id = ? AND state = 'reserved'";

template <class... Values>
Result<std::int64_t> change(sqlite::Database& database, const char* sql, const Values&... values) {
    auto statement = database.prepare(sql);
    if (!statement) return pass_on(statement);
    if (auto done = bind_all(*statement, values...).run(); !done) return pass_on(done);
    return database.changes();
}

Result<void> drop_certificates(sqlite::Database& database, WallTime before, std::int64_t batch,
                               Purged& purged) {
    auto expired = database.prepare(kExpiredCertificates);
    if (!expired) return pass_on(expired);
    auto lines = all_rows<UnconfirmedDecision>(bind_all(*expired, to_unix_ms(before), batch),
                                               read_unconfirmed);
    if (!lines) return pass_on(lines);
    for (const UnconfirmedDecision& line : *lines) {
        const std::array<std::pair<const char*, const std::string*>, 3> steps{
            {{kDropCertificate, &line.decision_id},
             {kDropDecision, &line.decision_id},
             {kDropCompleted, &line.challenge_id}}};
        for (const auto& [sql, key] : steps) {
            if (auto done = change(database, sql, *key); !done) return pass_on(done);
        }
    }
    purged.certificates += static_cast<std::int64_t>(lines->size());
    return {};
}

Result<void> drop_messages(sqlite::Database& database, WallTime before, std::int64_t batch,
                           const std::vector<std::string>& sinks, Purged& purged) {
    auto messages = change(database, kDropMessages, to_unix_ms(before), batch, encode(sinks));
    if (!messages) return pass_on(messages);
    purged.messages += *messages;
    if (*messages == 0) return {};
    auto deliveries = change(database, kDropDeliveries);
    if (!deliveries) return pass_on(deliveries);
    return {};
}

Result<void> drop_all(sqlite::Database& database, const RetentionLimits& limits, std::int64_t batch,
                      const std::vector<std::string>& sinks, Purged& purged) {
    auto done = drop_certificates(database, limits.certificates_expired_before, batch, purged);
    if (!done) return done;
    auto decisions = change(database, kDropDecisions, to_unix_ms(limits.decisions_before), batch);
    if (!decisions) return pass_on(decisions);
    purged.decisions += *decisions;
    auto challenges =
        change(database, kDropChallenges, to_unix_ms(limits.challenges_expired_before), batch);
    if (!challenges) return pass_on(challenges);
    purged.challenges += *challenges;
    return drop_messages(database, limits.messages_before, batch, sinks, purged);
}

}  // namespace

Result<Purged> SqliteStore::purge(const RetentionLimits& limits, std::size_t batch) {
    Purged purged;
    const SinkNames names = sinks();
    auto done = writer_->run([&](sqlite::Database& database) {
        purged = {};
        return drop_all(database, limits, static_cast<std::int64_t>(batch), *names, purged);
    });
    if (!done) return pass_on(done);
    return purged;
}

Result<std::vector<Decision>> SqliteStore::mark_unconfirmed(WallTime before, std::size_t batch,
                                                            const AuditRecord& audit) {
    std::vector<Decision> marked;
    auto done = writer_->run([&](sqlite::Database& database) -> Result<void> {
        marked.clear();
        auto waiting = database.prepare(kUnconfirmed);
        if (!waiting) return pass_on(waiting);
        auto found = all_rows<Transaction>(
            bind_all(*waiting, to_unix_ms(before), static_cast<std::int64_t>(batch)),
            read_transaction);
        if (!found) return pass_on(found);
        for (Transaction& one : *found) {
            auto decision = change(database, kMarkDecision, one.decision.id);
            if (!decision) return pass_on(decision);
            auto challenge = change(database, kMarkChallenge, one.decision.challenge_id);
            if (!challenge) return pass_on(challenge);
            AuditRecord record = audit;
            record.transaction_id = one.decision.transaction_id;
            if (auto told = append(writes_->audit, record); !told) return told;
            marked.push_back(std::move(one.decision));
        }
        return {};
    });
    if (!done) return pass_on(done);
    return marked;
}

}  // namespace ndes::crp
