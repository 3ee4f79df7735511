// PostgresqlStore: the way of state messages to their sinks.
#include <utility>

#include "crp-service/store/backlog.h"
#include "crp-service/store/event_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {
namespace {

#define MESSAGE_AND_DELIVERY                                                                      \
    "SELECT m.sequence, m.id, m.state, m.transaction_id, m.decision_id, m.device_id, m.user_id, " \
    "m.certificate_request_id, m.reason, m.certificate_sha1, m.certificate_serial, "              \
    "m.created_at, m.owner, d.sink, d.attempts, d.next_attempt_at, d.dead_at, d.last_error "      \
    "FROM delivery AS d JOIN state_message AS m ON m.sequence = d.message"

// The table holds only what is outstanding, so its size is that of the backlog.
constexpr Statement kDue{"deliveries_due", MESSAGE_AND_DELIVERY R"(
    WHERE d.sink = $1 AND d.dead_at IS NULL
      AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= $2)
      AND NOT EXISTS (SELECT 1 FROM delivery AS older
                      WHERE older.sink = $1 AND older.dead_at IS NULL
                        AND older.transaction_id = d.transaction_id
                        AND older.message < d.message)
    ORDER BY d.message LIMIT $3)"};
constexpr Statement kBacklog{"deliveries_backlog", R"(SELECT sink, waiting, dead,
    (SELECT created_at FROM state_message WHERE sequence = oldest)
    FROM (SELECT sink, count(*) FILTER (WHERE dead_at IS NULL) AS waiting,
                 count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
                 min(message) FILTER (WHERE dead_at IS NULL) AS oldest
          FROM delivery GROUP BY sink) AS backlog)"};

#define OF_MESSAGE \
    "WHERE sink = $1 AND message = (SELECT sequence FROM state_message WHERE id = $2)"
constexpr Statement kTake{"delivery_take",
                          "DELETE FROM delivery " OF_MESSAGE " AND dead_at IS NULL"};
constexpr Statement kFail{"delivery_fail", R"(UPDATE delivery
    SET next_attempt_at = $3, attempts = attempts + 1, last_error = $4
    )" OF_MESSAGE " AND dead_at IS NULL"};
constexpr Statement kGiveUp{"delivery_give_up", R"(UPDATE delivery
    SET dead_at = $3, next_attempt_at = NULL, attempts = attempts + 1, last_error = $4
    )" OF_MESSAGE " AND dead_at IS NULL"};

// One row a message; what is waiting or dead begins anew.
#define WAIT_AGAIN(condition)                                                                     \
    "INSERT INTO delivery (sink, message, transaction_id, attempts, last_error) "                 \
    "SELECT $1::text, sequence, transaction_id, 0, ''::bytea FROM state_message WHERE " condition \
    " ON CONFLICT (sink, message) DO UPDATE "                                                     \
    "SET attempts = 0, next_attempt_at = NULL, dead_at = NULL, last_error = ''"
constexpr Statement kReplayOne{"replay_one", WAIT_AGAIN("id = $2")};
constexpr Statement kReplayAfter{"replay_after", WAIT_AGAIN("sequence > $2")};
constexpr Statement kReplayDead{"replay_dead", R"(UPDATE delivery
    SET attempts = 0, next_attempt_at = NULL, dead_at = NULL, last_error = ''
    WHERE sink = $1 AND dead_at IS NOT NULL)"};
constexpr Statement kClaim{"sink_claim", R"(INSERT INTO sink_lease (sink, node, held_until)
    VALUES ($1, $2, $4) ON CONFLICT (sink) DO UPDATE
    SET node = excluded.node, held_until = excluded.held_until
    WHERE sink_lease.node = excluded.node OR sink_lease.held_until <= $3)"};

Result<void> one_changed(const Result<Rows>& rows) {
    if (!rows) return Failure(rows.error());
    if (rows->changed() == 1) return {};
    return fail(ErrorCode::not_found, "no such waiting state message");
}

}  // namespace

Result<std::vector<StateMessage>> PostgresqlStore::due_state_messages(std::string_view sink,
                                                                      WallTime now,
                                                                      std::size_t limit) {
    return find_all<StateMessage>(*pool_, kDue, Values(sink, to_unix_ms(now), limit),
                                  read_message_with_delivery);
}

Result<void> PostgresqlStore::mark_delivered(std::string_view sink,
                                             const std::vector<std::string>& ids) {
    if (ids.empty()) return {};
    return write("", [&](Batch& batch) -> Result<void> {
        for (const std::string& id : ids)
            batch.connection.queue(kTake, Values(sink, id));
        return {};
    });
}

Result<void> PostgresqlStore::mark_failed(std::string_view sink, std::string_view id,
                                          WallTime next_attempt, std::string_view error) {
    return write("", [&](Batch& batch) {
        return one_changed(
            batch.connection.ask(kFail, Values(sink, id, to_unix_ms(next_attempt), error)));
    });
}

Result<void> PostgresqlStore::mark_dead(std::string_view sink, std::string_view id, WallTime now,
                                        std::string_view error) {
    return write("", [&](Batch& batch) {
        return one_changed(batch.connection.ask(kGiveUp, Values(sink, id, to_unix_ms(now), error)));
    });
}

Result<Page<StateMessage>> PostgresqlStore::list_dead_letters(std::string_view sink,
                                                              const PageRequest& page) {
    SequenceQuery query(MESSAGE_AND_DELIVERY, "d.message", false);
    const std::string name(sink);
    query.where("d.dead_at IS NOT NULL AND d.sink = ", name);
    return list_sequence<StateMessage>(*pool_, query, page, read_message_with_delivery,
                                       [](const StateMessage& one) { return one.sequence; });
}

Result<std::int64_t> PostgresqlStore::replay(std::string_view sink, const Replay& what,
                                             AuditRecord audit) {
    std::int64_t count = 0;
    auto done = write("", [&](Batch& batch) -> Result<void> {
        count = 0;
        const auto change = [&](const Statement& statement, const Values& values) -> Result<void> {
            auto changed = batch.connection.ask(statement, values);
            if (!changed) return pass_on(changed);
            count += changed->changed();
            return {};
        };
        for (const std::string& id : what.ids) {
            const std::int64_t before = count;
            if (auto made = change(kReplayOne, Values(sink, id)); !made) return made;
            if (count == before) return fail(ErrorCode::not_found, "no state message " + id);
        }
        if (what.all_dead) {
            if (auto made = change(kReplayDead, Values(sink)); !made) return made;
        }
        if (what.after) {
            if (auto made = change(kReplayAfter, Values(sink, *what.after)); !made) return made;
        }
        append(batch, audit);
        return {};
    });
    if (!done) return pass_on(done);
    return count;
}

Result<std::vector<SinkBacklog>> PostgresqlStore::count_deliveries() {
    auto found = find_all<SinkBacklog>(*pool_, kBacklog, Values(), read_backlog);
    if (!found) return found;
    complete_backlogs(*found, *sinks());
    return found;
}

Result<bool> PostgresqlStore::claim_sink(std::string_view sink, std::string_view node, WallTime now,
                                         WallTime until) {
    bool claimed = false;
    auto done = write("", [&](Batch& batch) -> Result<void> {
        auto changed =
            batch.connection.ask(kClaim, Values(sink, node, to_unix_ms(now), to_unix_ms(until)));
        if (!changed) return pass_on(changed);
        claimed = changed->changed() == 1;
        return {};
    });
    if (!done) return pass_on(done);
    return claimed;
}

}  // namespace ndes::crp::pg
