// SqliteStore: state messages, from the deciding transaction to their delivery.
#include <utility>

#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

#define MESSAGE_COLUMNS                                                                  \
    "sequence, id, state, transaction_id, decision_id, device_id, user_id, "             \
    "certificate_request_id, reason, certificate_sha1, certificate_serial, created_at, " \
    "owner, attempts, delivered_at, next_attempt_at, last_error"

constexpr const char* kInsert = R"(INSERT INTO state_message (
    id, state, transaction_id, decision_id, device_id, user_id, certificate_request_id, reason,
    certificate_sha1, certificate_serial, created_at, owner, attempts, last_error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ''))";
// INDEXED BY: the partial indexes hold only what waits; without them a due query over millions of
// delivered messages would be a scan.
constexpr const char* kDue = "SELECT " MESSAGE_COLUMNS R"( FROM state_message AS one
    INDEXED BY state_message_waiting
    WHERE delivered_at IS NULL AND (next_attempt_at IS NULL OR next_attempt_at <= ?)
      AND NOT EXISTS (SELECT 1 FROM state_message AS older INDEXED BY state_message_order
                      WHERE older.delivered_at IS NULL
                        AND older.transaction_id = one.transaction_id
                        AND older.sequence < one.sequence)
    ORDER BY sequence LIMIT ?)";
constexpr const char* kList = "SELECT " MESSAGE_COLUMNS R"( FROM state_message
    WHERE sequence > ? ORDER BY sequence LIMIT ?)";
constexpr const char* kListOfOwner = "SELECT " MESSAGE_COLUMNS R"( FROM state_message
    WHERE owner = ? AND sequence > ? ORDER BY sequence LIMIT ?)";
constexpr const char* kDelivered = R"(UPDATE state_message
    SET delivered_at = ?2, attempts = attempts + 1, next_attempt_at = NULL, last_error = ''
    WHERE id = ?1 AND delivered_at IS NULL)";
constexpr const char* kFailed = R"(UPDATE state_message
    SET next_attempt_at = ?2, attempts = attempts + 1, last_error = ?3
    WHERE id = ?1 AND delivered_at IS NULL)";

Result<StateMessage> read_message(const Statement& statement) {
    Row row(statement);
    StateMessage message;
    message.sequence = row.integer();
    message.id = row.text();
    message.state = static_cast<StateId>(row.integer());
    message.transaction_id = row.text();
    message.decision_id = row.text();
    message.device_id = row.text();
    message.user_id = row.text();
    message.certificate_request_id = row.text();
    message.reason = row.text();
    message.certificate_sha1 = row.text();
    message.certificate_serial = row.text();
    message.created_at = row.time();
    message.owner = row.text();
    message.attempts = row.number();
    message.delivered_at = row.optional_time();
    message.next_attempt_at = row.optional_time();
    message.last_error = row.text();
    return message;
}

}  // namespace

OutboxReads::OutboxReads(Preparer& prepare)
    : due(prepare(kDue)), list(prepare(kList)), list_of_owner(prepare(kListOfOwner)) {}

OutboxWrites::OutboxWrites(Preparer& prepare)
    : insert(prepare(kInsert)), delivered(prepare(kDelivered)), failed(prepare(kFailed)) {}

Result<void> append(OutboxWrites& writes, const std::vector<StateMessage>& messages) {
    for (const StateMessage& one : messages) {
        auto done = bind_all(writes.insert, one.id, static_cast<int>(one.state), one.transaction_id,
                             one.decision_id, one.device_id, one.user_id,
                             one.certificate_request_id, one.reason, one.certificate_sha1,
                             one.certificate_serial, to_unix_ms(one.created_at), one.owner)
                        .run();
        if (!done) return done;
    }
    return {};
}

Result<Page<StateMessage>> SqliteStore::list_state_messages(const PageRequest& page) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    OutboxReads& reads = reader->reads().outbox;
    return list_sequence<StateMessage>({reads.list, reads.list_of_owner, kOldest}, page,
                                       read_message,
                                       [](const StateMessage& one) { return one.sequence; });
}

Result<std::vector<StateMessage>> SqliteStore::due_state_messages(WallTime now, std::size_t limit) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& due = reader->reads().outbox.due;
    return all_rows<StateMessage>(bind_all(due, to_unix_ms(now), static_cast<std::int64_t>(limit)),
                                  read_message);
}

Result<void> SqliteStore::mark_delivered(const std::vector<std::string>& ids, WallTime now) {
    if (ids.empty()) return {};
    return write([&](Writes& writes) -> Result<void> {
        for (const std::string& id : ids) {
            auto done = bind_all(writes.outbox.delivered, id, to_unix_ms(now)).run();
            if (!done) return done;
        }
        return {};
    });
}

Result<void> SqliteStore::mark_failed(std::string_view id, WallTime next_attempt,
                                      std::string_view error) {
    return writer_->run([&](sqlite::Database& database) -> Result<void> {
        auto done = bind_all(writes_->outbox.failed, id, to_unix_ms(next_attempt), error).run();
        if (!done || database.changes() == 1) return done;
        return fail(ErrorCode::not_found, "no such undelivered state message");
    });
}

}  // namespace ndes::crp
