// PostgresqlStore: the audit's chains of records, one for each node.
#include <utility>

#include "crp-service/store/audit_chain.h"
#include "crp-service/store/event_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {
namespace {

constexpr Statement kInsertRecord{"audit_insert",
                                  "INSERT INTO audit (node, " AUDIT_COLUMNS
                                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                                  "$11, $12)"};
constexpr Statement kTails{"audit_tails",
                           R"(SELECT node.name, last.sequence, last.hash, last.time, '', ''
    FROM node CROSS JOIN LATERAL (
        SELECT sequence, hash, time FROM audit WHERE audit.node = node.number
        ORDER BY sequence DESC LIMIT 1) AS last
    ORDER BY node.name)"};
constexpr Statement kInsertCheckpoint{"checkpoint_insert",
                                      "INSERT INTO audit_checkpoint (" CHECKPOINT_COLUMNS
                                      ") VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement kListCheckpoints{"checkpoint_list",
                                     "SELECT " CHECKPOINT_COLUMNS R"( FROM audit_checkpoint
    WHERE (node, sequence) > ($1, $2) ORDER BY node, sequence LIMIT 1000)"};

// $1: node, $2: how many, $3: the event that confirms the clock.
constexpr Statement kNewestTime{"audit_newest", R"(WITH recent AS MATERIALIZED (
    SELECT sequence, time, event FROM audit WHERE node = $1 ORDER BY sequence DESC LIMIT $2)
    SELECT max(time) FROM recent
    WHERE sequence >= coalesce((SELECT max(sequence) FROM recent WHERE event = $3), 0))"};

Result<std::optional<WallTime>> read_newest(Row& row) { return row.optional_time(); }

Result<AuditRecord> read_of_node(Row& row) {
    std::string node = row.text();
    auto record = read_audit(row);
    if (!record) return record;
    record->node = std::move(node);
    return record;
}

}  // namespace

void append(Batch& batch, AuditRecord& record) {
    seal_audit_record(record, batch.tail);
    record.node = batch.node_name;
    batch.tail = {record.sequence, record.hash};
    batch.connection.queue(
        kInsertRecord,
        Values(batch.node, record.sequence, to_unix_ms(record.time), record.event, record.outcome,
               record.reason, record.caller, record.peer_address, record.transaction_id,
               encode(record.facts), record.previous_hash, record.hash));
}

Result<void> PostgresqlStore::append_audit(AuditRecord record) {
    return write("", [&](Batch& batch) -> Result<void> {
        append(batch, record);
        return {};
    });
}

Result<Page<AuditRecord>> PostgresqlStore::list_audit(const PageRequest& page) {
    auto connection = pool_->lend();
    if (!connection) return pass_on(connection);
    const auto of_node = [&page](const Node& node) {
        SequenceQuery query(
            "SELECT (SELECT name FROM node WHERE number = audit.node), " AUDIT_COLUMNS
            " FROM audit",
            "sequence", false);
        query.where("node = ", node.number).where("caller = ", page.owner);
        return query;
    };
    return list_chains<AuditRecord>(
        **connection, page, of_node, read_of_node,
        [](const AuditRecord& one) { return one.sequence; },
        [](const AuditRecord& a, const AuditRecord& b) { return a.time < b.time; });
}

Result<std::vector<AuditCheckpoint>> PostgresqlStore::audit_tails() {
    return find_all<AuditCheckpoint>(*pool_, kTails, Values(), read_checkpoint);
}

Result<void> PostgresqlStore::append_checkpoint(const AuditCheckpoint& checkpoint) {
    return write("", [&](Batch& batch) -> Result<void> {
        auto done = batch.connection.ask(
            kInsertCheckpoint,
            Values(checkpoint.node, checkpoint.sequence, checkpoint.hash,
                   to_unix_ms(checkpoint.time), checkpoint.key_id, checkpoint.signature));
        if (done) return {};
        if (!batch.connection.failed_as_duplicate()) return pass_on(done);
        return fail(ErrorCode::conflict, "this place of the audit has a checkpoint");
    });
}

Result<std::vector<AuditCheckpoint>> PostgresqlStore::list_checkpoints(
    std::string_view after_node, std::int64_t after_sequence) {
    return find_all<AuditCheckpoint>(*pool_, kListCheckpoints, Values(after_node, after_sequence),
                                     read_checkpoint);
}

// Each node is held to its own word: another one's wrong clock is that one's fault.
Result<std::optional<WallTime>> PostgresqlStore::last_recorded_time() {
    auto own = find_one<std::optional<WallTime>>(
        *pool_, kNewestTime, Values(writer_->node(), kRecentRecords, kClockConfirmed), read_newest);
    if (!own) return pass_on(own);
    if (*own && **own) return **own;
    auto tails = audit_tails();
    if (!tails) return pass_on(tails);
    std::optional<WallTime> newest;
    for (const AuditCheckpoint& tail : *tails) {
        if (!newest || tail.time > *newest) newest = tail.time;
    }
    return newest;
}

}  // namespace ndes::crp::pg
