// The audit of a PostgreSQL database, read by a connection of its own.
#include <limits>
#include <memory>
#include <utility>

#include "crp-service/store/event_rows.h"
#include "crp-service/store/postgresql/connection.h"
#include "crp-service/store/postgresql/connection_text.h"
#include "crp-service/store/postgresql/postgresql_store.h"
#include "crp-service/store/postgresql/schema.h"

namespace ndes::crp {
namespace pg {
namespace {

// From the least number there can be: a record moved before the first one is seen, too. Records of
// a node that is not on the list have none of its name, and so do not fit their hashes.
constexpr Statement kRecords{"source_records", R"(SELECT node,
    coalesce((SELECT name FROM node AS known WHERE known.number = audit.node), ''), )" AUDIT_COLUMNS
                                               R"( FROM audit
    WHERE (node, sequence) > ($1, $2) ORDER BY node, sequence LIMIT $3)"};
constexpr Statement kCheckpoints{"source_checkpoints", "SELECT " CHECKPOINT_COLUMNS
                                                       " FROM audit_checkpoint "
                                                       "ORDER BY node, sequence"};

struct Placed {
    std::int64_t node = 0;
    AuditRecord record;
};

Result<Placed> read_placed(Row& row) {
    Placed placed;
    placed.node = row.integer();
    std::string name = row.text();
    Result<void> fault;
    placed.record = read_audit_as_it_is(row, fault);
    placed.record.node = std::move(name);
    return placed;
}

class PostgresqlAuditSource final : public AuditSource {
  public:
    explicit PostgresqlAuditSource(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}

    Result<std::vector<AuditRecord>> next(std::size_t limit) override {
        auto rows = connection_->ask(kRecords, Values(node_, sequence_, limit));
        if (!rows) return pass_on(rows);
        auto placed = rows->all<Placed>(read_placed);
        if (!placed) return pass_on(placed);
        std::vector<AuditRecord> records;
        for (Placed& one : *placed) {
            node_ = one.node;
            sequence_ = one.record.sequence;
            records.push_back(std::move(one.record));
        }
        return records;
    }

    Result<std::vector<AuditCheckpoint>> checkpoints() override {
        auto rows = connection_->ask(kCheckpoints);
        if (!rows) return pass_on(rows);
        return rows->all<AuditCheckpoint>(read_checkpoint);
    }

  private:
    std::unique_ptr<Connection> connection_;
    std::int64_t node_ = std::numeric_limits<std::int16_t>::min();
    std::int64_t sequence_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace
}  // namespace pg

Result<std::unique_ptr<AuditSource>> open_postgresql_audit(const StoreOptions& options) {
    auto text = pg::connection_text(options);
    if (!text) return pass_on(text);
    auto connection = pg::Connection::open(*text);
    if (!connection) return pass_on(connection);
    if (auto known = pg::check_schema(**connection); !known) return pass_on(known);
    return std::unique_ptr<AuditSource>(
        std::make_unique<pg::PostgresqlAuditSource>(std::move(*connection)));
}

}  // namespace ndes::crp
