// SqliteStore: the audit's chain of records.
#include <utility>

#include "crp-service/store/audit_chain.h"
#include "crp-service/store/json_columns.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

#define AUDIT_COLUMNS                                                                \
    "sequence, time, event, outcome, reason, caller, peer_address, transaction_id, " \
    "facts_json, previous_hash, hash"

constexpr const char* kTail = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";
constexpr const char* kInsert =
    "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kList =
    "SELECT " AUDIT_COLUMNS " FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?";
constexpr const char* kListOfCaller = "SELECT " AUDIT_COLUMNS R"( FROM audit
    WHERE caller = ? AND sequence > ? ORDER BY sequence LIMIT ?)";

Result<AuditTail> read_tail(const Statement& statement) {
    return AuditTail{statement.integer(0), statement.text(1)};
}

Result<AuditRecord> read_audit(const Statement& statement) {
    Row row(statement);
    AuditRecord record;
    record.sequence = row.integer();
    record.time = row.time();
    record.event = row.text();
    record.outcome = row.text();
    record.reason = row.text();
    record.caller = row.text();
    record.peer_address = row.text();
    record.transaction_id = row.text();
    if (auto facts = decode(row.text(), record.facts); !facts) return pass_on(facts);
    record.previous_hash = row.text();
    record.hash = row.text();
    return record;
}

}  // namespace

AuditReads::AuditReads(Preparer& prepare)
    : list(prepare(kList)), list_of_caller(prepare(kListOfCaller)) {}

AuditWrites::AuditWrites(Preparer& prepare) : tail(prepare(kTail)), insert(prepare(kInsert)) {}

// The tail is read inside the transaction, from a page that is always in the cache: a copy kept
// in memory would have to follow every savepoint and commit that fails.
Result<void> append(AuditWrites& writes, AuditRecord record) {
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
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    AuditReads& reads = reader->reads().audit;
    return list_sequence<AuditRecord>({reads.list, reads.list_of_caller, kOldest}, page, read_audit,
                                      [](const AuditRecord& one) { return one.sequence; });
}

}  // namespace ndes::crp
