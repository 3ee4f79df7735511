// SqliteStore: the audit's chain of records.
#include <utility>

#include "crp-service/store/audit_chain.h"
#include "crp-service/store/event_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

constexpr const char* kTail = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";
constexpr const char* kInsertRecord =
    "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kChainTail =
    "SELECT '', sequence, hash, time, '', '' FROM audit ORDER BY sequence DESC LIMIT 1";
// 1: how many, 2: the event that confirms the clock.
constexpr const char* kNewestTime = R"(WITH recent AS MATERIALIZED (
    SELECT sequence, time, event FROM audit ORDER BY sequence DESC LIMIT ?1)
    SELECT max(time) FROM recent
    WHERE sequence >= coalesce((SELECT max(sequence) FROM recent WHERE event = ?2), 0))";
constexpr const char* kInsertCheckpoint =
    "INSERT INTO audit_checkpoint (" CHECKPOINT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* kListCheckpoints = "SELECT " CHECKPOINT_COLUMNS R"( FROM audit_checkpoint
    WHERE (node, sequence) > (?, ?) ORDER BY node, sequence LIMIT 1000)";

Result<AuditTail> read_tail(Row& row) {
    AuditTail tail;
    tail.sequence = row.integer();
    tail.hash = row.text();
    return tail;
}

Result<std::optional<WallTime>> read_newest(Row& row) { return row.optional_time(); }

}  // namespace

AuditWrites::AuditWrites(Preparer& prepare)
    : tail(prepare(kTail)), insert(prepare(kInsertRecord)) {}

// The tail is read inside the transaction, from a page that is always in the cache: a copy kept
// in memory would have to follow every savepoint and commit that fails.
Result<void> append(AuditWrites& writes, AuditRecord& record) {
    auto tail = one_row<AuditTail>(writes.tail, read_tail);
    if (!tail) return pass_on(tail);
    seal_audit_record(record, tail->value_or(AuditTail{}));
    return bind_all(writes.insert, record.sequence, to_unix_ms(record.time), record.event,
                    record.outcome, record.reason, record.caller, record.peer_address,
                    record.transaction_id, encode(record.facts), record.previous_hash, record.hash)
        .run();
}

Result<void> SqliteStore::append_audit(AuditRecord record) {
    return write([&](Writes& writes) { return append(writes.audit, record); });
}

Result<Page<AuditRecord>> SqliteStore::list_audit(const PageRequest& page) {
    SequenceQuery query("SELECT " AUDIT_COLUMNS " FROM audit", "sequence", false);
    query.where("caller = ?", page.owner);
    return list_sequence<AuditRecord>(*readers_, query, page, read_audit,
                                      [](const AuditRecord& one) { return one.sequence; });
}

Result<std::vector<AuditCheckpoint>> SqliteStore::audit_tails() {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto newest = reader->database().prepare(kChainTail);
    if (!newest) return pass_on(newest);
    return all_rows<AuditCheckpoint>(*newest, read_checkpoint);
}

Result<void> SqliteStore::append_checkpoint(const AuditCheckpoint& checkpoint) {
    return writer_->run([&](sqlite::Database& database) -> Result<void> {
        auto insert = database.prepare(kInsertCheckpoint);
        if (!insert) return pass_on(insert);
        auto done = bind_all(*insert, checkpoint.node, checkpoint.sequence, checkpoint.hash,
                             to_unix_ms(checkpoint.time), checkpoint.key_id, checkpoint.signature)
                        .run();
        if (done || !database.last_error_is_constraint()) return done;
        return fail(ErrorCode::conflict, "this place of the audit has a checkpoint");
    });
}

Result<std::vector<AuditCheckpoint>> SqliteStore::list_checkpoints(std::string_view after_node,
                                                                   std::int64_t after_sequence) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto list = reader->database().prepare(kListCheckpoints);
    if (!list) return pass_on(list);
    return all_rows<AuditCheckpoint>(bind_all(*list, after_node, after_sequence), read_checkpoint);
}

Result<std::optional<WallTime>> SqliteStore::last_recorded_time() {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto newest = reader->database().prepare(kNewestTime);
    if (!newest) return pass_on(newest);
    auto found = one_row<std::optional<WallTime>>(
        bind_all(*newest, kRecentRecords, kClockConfirmed), read_newest);
    if (!found) return pass_on(found);
    return found->value_or(std::nullopt);
}

}  // namespace ndes::crp
