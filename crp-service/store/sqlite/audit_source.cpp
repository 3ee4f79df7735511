// The audit of an SQLite file, read by a connection of its own.
#include <limits>
#include <memory>

#include "common/sqlite/database.h"
#include "crp-service/store/event_rows.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/sqlite/sqlite_store.h"
#include "crp-service/store/sqlite/statements.h"

namespace ndes::crp {
namespace {

// From the least number there can be: a record moved before the first one is seen, too.
constexpr const char* kRecords = "SELECT " AUDIT_COLUMNS R"( FROM audit
    WHERE sequence >= ? ORDER BY sequence LIMIT ?)";
constexpr const char* kCheckpoints = "SELECT " CHECKPOINT_COLUMNS R"( FROM audit_checkpoint
    ORDER BY node, sequence)";

Result<AuditRecord> read_record(Row& row) {
    Result<void> fault;
    return read_audit_as_it_is(row, fault);
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
        auto found = all_rows<AuditRecord>(*statement, read_record);
        if (!found) return found;
        records = std::move(*found);
        at_end_ = records.size() < limit;
        if (!at_end_) {
            at_end_ = records.back().sequence == std::numeric_limits<std::int64_t>::max();
            if (!at_end_) from_ = records.back().sequence + 1;
        }
        return records;
    }

    Result<std::vector<AuditCheckpoint>> checkpoints() override {
        auto statement = database_.prepare(kCheckpoints);
        if (!statement) return pass_on(statement);
        return all_rows<AuditCheckpoint>(*statement, read_checkpoint);
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
