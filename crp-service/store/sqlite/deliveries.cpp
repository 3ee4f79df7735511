// SqliteStore: the way of state messages to their sinks.
#include <utility>

#include "crp-service/store/backlog.h"
#include "crp-service/store/sqlite/message_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {

#define MESSAGE_AND_DELIVERY                                                                \
    "SELECT state_message.sequence, id, state, state_message.transaction_id, decision_id, " \
    "device_id, user_id, certificate_request_id, reason, certificate_sha1, "                \
    "certificate_serial, created_at, owner, sink, attempts, next_attempt_at, dead_at, "     \
    "last_error FROM delivery CROSS JOIN state_message ON state_message.sequence = message"

// The table holds only what is outstanding, so its size is that of the backlog.
const char* const kDueMessages = MESSAGE_AND_DELIVERY R"(
    WHERE sink = ?1 AND dead_at IS NULL AND (next_attempt_at IS NULL OR next_attempt_at <= ?2)
      AND NOT EXISTS (SELECT 1 FROM delivery AS older INDEXED BY delivery_order
                      WHERE older.sink = ?1 AND older.dead_at IS NULL
                        AND older.transaction_id = delivery.transaction_id
                        AND older.message < delivery.message)
    ORDER BY message LIMIT ?3)";
const char* const kSinkBacklog = R"(SELECT sink, waiting, dead,
    (SELECT created_at FROM state_message WHERE sequence = oldest)
    FROM (SELECT sink, count(*) FILTER (WHERE dead_at IS NULL) AS waiting,
                 count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
                 min(message) FILTER (WHERE dead_at IS NULL) AS oldest
          FROM delivery GROUP BY sink))";

#define OF_MESSAGE \
    "WHERE sink = ?1 AND message = (SELECT sequence FROM state_message WHERE id = ?2)"
const char* const kTakeDelivery = "DELETE FROM delivery " OF_MESSAGE " AND dead_at IS NULL";
const char* const kFailDelivery = R"(UPDATE delivery
    SET next_attempt_at = ?3, attempts = attempts + 1, last_error = ?4
    )" OF_MESSAGE " AND dead_at IS NULL";
const char* const kGiveUpDelivery = R"(UPDATE delivery
    SET dead_at = ?3, next_attempt_at = NULL, attempts = attempts + 1, last_error = ?4
    )" OF_MESSAGE " AND dead_at IS NULL";

namespace {

// One row a message; what is waiting or dead begins anew.
constexpr const char* kReplayOne = R"(INSERT INTO delivery
    (sink, message, transaction_id, attempts, last_error)
    SELECT ?1, sequence, transaction_id, 0, '' FROM state_message WHERE id = ?2
    ON CONFLICT (sink, message) DO UPDATE
    SET attempts = 0, next_attempt_at = NULL, dead_at = NULL, last_error = '')";
constexpr const char* kReplayDead = R"(UPDATE delivery
    SET attempts = 0, next_attempt_at = NULL, dead_at = NULL, last_error = ''
    WHERE sink = ?1 AND dead_at IS NOT NULL)";
constexpr const char* kReplayAfter = R"(INSERT INTO delivery
    (sink, message, transaction_id, attempts, last_error)
    SELECT ?1, sequence, transaction_id, 0, '' FROM state_message WHERE sequence > ?2
    ON CONFLICT (sink, message) DO UPDATE
    SET attempts = 0, next_attempt_at = NULL, dead_at = NULL, last_error = '')";

Result<void> one_changed(sqlite::Database& database, Result<void> done) {
    if (!done || database.changes() == 1) return done;
    return fail(ErrorCode::not_found, "no such waiting state message");
}

}  // namespace

Result<std::vector<StateMessage>> SqliteStore::due_state_messages(std::string_view sink,
                                                                  WallTime now, std::size_t limit) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& due = reader->reads().outbox.due;
    return all_rows<StateMessage>(
        bind_all(due, sink, to_unix_ms(now), static_cast<std::int64_t>(limit)),
        read_message_with_delivery);
}

Result<void> SqliteStore::mark_delivered(std::string_view sink,
                                         const std::vector<std::string>& ids) {
    if (ids.empty()) return {};
    return write([&](Writes& writes) -> Result<void> {
        for (const std::string& id : ids) {
            auto done = bind_all(writes.outbox.delivered, sink, id).run();
            if (!done) return done;
        }
        return {};
    });
}

Result<void> SqliteStore::mark_failed(std::string_view sink, std::string_view id,
                                      WallTime next_attempt, std::string_view error) {
    return writer_->run([&](sqlite::Database& database) {
        return one_changed(
            database,
            bind_all(writes_->outbox.failed, sink, id, to_unix_ms(next_attempt), error).run());
    });
}

Result<void> SqliteStore::mark_dead(std::string_view sink, std::string_view id, WallTime now,
                                    std::string_view error) {
    return writer_->run([&](sqlite::Database& database) {
        return one_changed(database,
                           bind_all(writes_->outbox.dead, sink, id, to_unix_ms(now), error).run());
    });
}

Result<Page<StateMessage>> SqliteStore::list_dead_letters(std::string_view sink,
                                                          const PageRequest& page) {
    SequenceQuery query(MESSAGE_AND_DELIVERY, "message", false);
    query.where("dead_at IS NOT NULL AND sink = ?", std::string(sink));
    return list_sequence<StateMessage>(*readers_, query, page, read_message_with_delivery,
                                       [](const StateMessage& one) { return one.sequence; });
}

Result<std::int64_t> SqliteStore::replay(std::string_view sink, const Replay& what,
                                         AuditRecord audit) {
    std::int64_t count = 0;
    auto done = writer_->run([&](sqlite::Database& database) -> Result<void> {
        const auto change = [&](const char* sql, const auto&... values) -> Result<void> {
            auto statement = database.prepare(sql);
            if (!statement) return pass_on(statement);
            auto changed = bind_all(*statement, sink, values...).run();
            count += changed ? database.changes() : 0;
            return changed;
        };
        for (const std::string& id : what.ids) {
            const std::int64_t before = count;
            if (auto made = change(kReplayOne, id); !made) return made;
            if (count == before) return fail(ErrorCode::not_found, "no state message " + id);
        }
        if (what.all_dead) {
            if (auto made = change(kReplayDead); !made) return made;
        }
        if (what.after) {
            if (auto made = change(kReplayAfter, *what.after); !made) return made;
        }
        return append(writes_->audit, audit);
    });
    if (!done) return pass_on(done);
    return count;
}

Result<std::vector<SinkBacklog>> SqliteStore::count_deliveries() {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto found = all_rows<SinkBacklog>(reader->reads().outbox.backlog, read_backlog);
    if (!found) return found;
    complete_backlogs(*found, *sinks());
    return found;
}

}  // namespace ndes::crp
