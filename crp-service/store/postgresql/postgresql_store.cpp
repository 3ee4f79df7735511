#include "crp-service/store/postgresql/postgresql_store.h"

#include <cstdint>
#include <utility>

#include "crp-service/store/postgresql/connection_text.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"
#include "crp-service/store/postgresql/schema.h"
#include "crp-service/store/record_rules.h"

namespace ndes::crp {
namespace pg {
namespace {

constexpr Statement kCount{
    "count_check", "UPDATE self_check SET counter = counter + 1 WHERE id = 1 RETURNING counter"};
constexpr Statement kReadCount{"read_check", "SELECT counter FROM self_check WHERE id = 1"};

constexpr Statement kLastRestore{"last_restore", "SELECT restored_at FROM last_restore"};

constexpr int kMostReadAttempts = 3;

Result<std::string> read_revision(Row& row) { return row.text(); }
Result<WallTime> read_restore_time(Row& row) { return row.time(); }

Result<std::int64_t> count_of(const Result<Rows>& rows) {
    if (!rows) return Failure(rows.error());
    auto count = rows->one<std::int64_t>(read_count);
    if (!count) return pass_on(count);
    if (!*count) return fail(ErrorCode::storage, "the self-check's row is missing");
    return **count;
}

Result<std::optional<std::string>> find_revision(Batch& batch, const Statement& statement,
                                                 std::string_view key) {
    auto rows = batch.connection.ask(statement, Values(key));
    if (!rows) return pass_on(rows);
    return rows->one<std::string>(read_revision);
}

// Names the audit record that comes next, among those of all nodes.
std::string next_revision(const Batch& batch) {
    return std::to_string(batch.node) + "-" + std::to_string(batch.tail.sequence + 1);
}

}  // namespace

Result<bool> PostgresqlStore::put_record(const RecordStatements& statements, std::string_view key,
                                         const RecordValues& values, AuditRecord audit,
                                         const Precondition& premise) {
    bool is_new = false;
    auto done = write(key, [&](Batch& batch) -> Result<void> {
        const std::string revision = next_revision(batch);
        for (int attempt = 0; attempt < kMostReadAttempts; ++attempt) {
            auto found = find_revision(batch, statements.revision, key);
            if (!found) return pass_on(found);
            if (auto holds = check_premise(premise, *found); !holds) return holds;
            auto put = batch.connection.ask(statements.put, values(revision, found->value_or("")));
            if (!put) return pass_on(put);
            // Nothing changed: another node was first with a new record. Look at that one.
            if (put->changed() == 0) continue;
            is_new = !*found;
            append(batch, audit);
            return {};
        }
        return fail(ErrorCode::storage, "the record changes all the time, try again");
    });
    if (!done) return pass_on(done);
    return is_new;
}

Result<void> PostgresqlStore::delete_record(const RecordStatements& statements,
                                            std::string_view key, AuditRecord audit,
                                            const Precondition& premise, const char* what) {
    return write(key, [&](Batch& batch) -> Result<void> {
        auto found = find_revision(batch, statements.revision, key);
        if (!found) return pass_on(found);
        if (auto holds = check_premise(premise, *found); !holds) return holds;
        if (!*found) return fail(ErrorCode::not_found, std::string("no such ") + what);
        batch.connection.queue(statements.remove, Values(key));
        append(batch, audit);
        return {};
    });
}

Result<std::optional<WallTime>> PostgresqlStore::last_restore() {
    return find_one<WallTime>(*pool_, kLastRestore, Values(), read_restore_time);
}

Result<void> PostgresqlStore::check() {
    std::int64_t written = 0;
    auto done = write("", [&](Batch& batch) -> Result<void> {
        auto count = count_of(batch.connection.ask(kCount));
        if (!count) return pass_on(count);
        written = *count;
        return {};
    });
    if (!done) return done;
    auto reader = pool_->lend();
    if (!reader) return pass_on(reader);
    auto read = count_of((*reader)->ask(kReadCount));
    if (!read) return pass_on(read);
    // Another check may have counted on meanwhile.
    if (*read >= written) return {};
    return fail(ErrorCode::storage, "a row just written cannot be read");
}

}  // namespace pg

Result<std::unique_ptr<Store>> open_postgresql_store(const StoreOptions& options) {
    auto text = pg::connection_text(options);
    if (!text) return pass_on(text);
    auto connection = pg::Connection::open(*text);
    if (!connection) return pass_on(connection);
    if (auto known = pg::check_schema(**connection); !known) return pass_on(known);
    if (auto modest = pg::check_role(**connection); !modest) return pass_on(modest);
    auto writer = pg::NodeWriter::start(*text, options.node);
    if (!writer) return pass_on(writer);
    auto pool = std::make_unique<pg::ConnectionPool>(*text, options.readers);
    return std::unique_ptr<Store>(
        std::make_unique<pg::PostgresqlStore>(std::move(*writer), std::move(pool)));
}

}  // namespace ndes::crp
