// The audit of an SQLite file, read by a connection of its own.
#include <limits>
#include <memory>

#include "common/sqlite/database.h"
#include "crp-service/store/json_columns.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/sqlite/sqlite_store.h"
#include "crp-service/store/sqlite/statements.h"

namespace ndes::crp {
namespace {

// From the least number there can be: a record moved before the first one is seen, too.
constexpr const char* kRecords = R"(SELECT sequence, time, event, outcome, reason, caller,
    peer_address, transaction_id, facts_json, previous_hash, hash
    FROM audit WHERE sequence >= ? ORDER BY sequence LIMIT ?)";
constexpr const char* kCheckpoints = R"(SELECT node, sequence, hash, time, key_id, signature
    FROM audit_checkpoint ORDER BY node, sequence)";

AuditRecord read_record(const Statement& statement) {
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
    const std::string facts = row.text();
    if (!decode(facts, record.facts)) record.facts = {{"", facts}};
    record.previous_hash = row.text();
    record.hash = row.text();
    return record;
}

AuditCheckpoint read_checkpoint(const Statement& statement) {
    Row row(statement);
    AuditCheckpoint checkpoint;
    checkpoint.node = row.text();
    checkpoint.sequence = row.integer();
    checkpoint.hash = row.text();
    checkpoint.time = row.time();
    checkpoint.key_id = row.text();
    checkpoint.signature = row.text();
    return checkpoint;
}

class SqliteAuditSource : public AuditSource {
  public:
    explicit SqliteAuditSource(sqlite::Database database) : database_(std::move(database)) {}

    Result<std::vector<AuditRecord>> next(std::size_t limit) override {
        std::vector<AuditRecord> records;
        if (at_end_) return records;
        auto statement = database_.prepare(kRecords);
        if (!statement) return pass_on(statement);
        statement->bind(1, from_).bind(2, static_cast<std::int64_t>(limit));
        for (;;) {
            auto row = statement->step();
            if (!row) return pass_on(row);
            if (!*row) break;
            records.push_back(read_record(*statement));
        }
        at_end_ = records.size() < limit;
        if (!at_end_) {
            at_end_ = records.back().sequence == std::numeric_limits<std::int64_t>::max();
            if (!at_end_) from_ = records.back().sequence + 1;
        }
        return records;
    }

    Result<std::vector<AuditCheckpoint>> checkpoints() override {
        std::vector<AuditCheckpoint> checkpoints;
        auto statement = database_.prepare(kCheckpoints);
        if (!statement) return pass_on(statement);
        for (;;) {
            auto row = statement->step();
            if (!row) return pass_on(row);
            if (!*row) return checkpoints;
            checkpoints.push_back(read_checkpoint(*statement));
        }
    }

  private:
    sqlite::Database database_;
    std::int64_t from_ = std::numeric_limits<std::int64_t>::min();
    bool at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<AuditSource>> open_sqlite_audit(const std::filesystem::path& path) {
    auto database = sqlite::Database::open(path, sqlite::OpenMode::read_only);
    if (!database) return pass_on(database);
    if (auto known = check_schema(*database); !known) return pass_on(known);
    return std::unique_ptr<AuditSource>(std::make_unique<SqliteAuditSource>(std::move(*database)));
}

}  // namespace ndes::crp
