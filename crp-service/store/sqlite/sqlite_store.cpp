#include "crp-service/store/sqlite/sqlite_store.h"

#include <cstdint>
#include <utility>

#include "crp-service/store/record_rules.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

constexpr const char* kCount =
    "UPDATE self_check SET counter = counter + 1 WHERE id = 1 RETURNING counter";
constexpr const char* kLastRestore = "SELECT restored_at FROM last_restore";
constexpr const char* kReadCount = "SELECT counter FROM self_check WHERE id = 1";

// The first row of a pragma that tells "ok", or a fault in its words.
Result<void> expect_ok(sqlite::Database& database, const char* pragma) {
    auto statement = database.prepare(pragma);
    if (!statement) return pass_on(statement, pragma);
    auto row = statement->step();
    if (!row) return pass_on(row, pragma);
    if (*row && statement->text(0) == "ok") return {};
    return fail(ErrorCode::storage, "the database is damaged",
                *row ? statement->text(0) : std::string(pragma));
}

Result<void> expect_no_row(sqlite::Database& database, const char* pragma) {
    auto statement = database.prepare(pragma);
    if (!statement) return pass_on(statement, pragma);
    auto row = statement->step();
    if (!row) return pass_on(row, pragma);
    if (!*row) return {};
    return fail(ErrorCode::storage, "the database is damaged",
                "a row of table " + statement->text(0) + " refers to one that does not exist");
}

}  // namespace

Reads::Reads(Preparer& prepare)
    : users(prepare, kUserSql),
      devices(prepare, kDeviceSql),
      policies(prepare, kPolicySql),
      templates(prepare, kTemplateSql),
      challenges(prepare),
      decisions(prepare),
      certificates(prepare),
      outbox(prepare),
      check(prepare(kReadCount)) {}

Writes::Writes(Preparer& prepare)
    : users(prepare, kUserSql),
      devices(prepare, kDeviceSql),
      policies(prepare, kPolicySql),
      templates(prepare, kTemplateSql),
      challenges(prepare),
      decisions(prepare),
      certificates(prepare),
      outbox(prepare),
      audit(prepare),
      check(prepare(kCount)) {}

RecordReads::RecordReads(Preparer& prepare, const RecordSql& sql)
    : find(prepare(sql.find)), list(prepare(sql.list)) {}

RecordWrites::RecordWrites(Preparer& prepare, const RecordSql& sql)
    : revision(prepare(sql.revision)), put(prepare(sql.put)), remove(prepare(sql.remove)) {}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& path,
                                                       std::size_t readers) {
    std::unique_ptr<SqliteStore> store(new SqliteStore);
    auto set_up = [&store](sqlite::Database& database) -> Result<void> {
        if (auto known = check_schema(database); !known) return known;
        Preparer prepare(database);
        store->writes_.emplace(prepare);
        return prepare.finish();
    };
    auto writer = sqlite::GroupCommit::start({.path = path}, set_up);
    if (!writer) return pass_on(writer);
    store->writer_ = std::move(*writer);
    auto pool = ReaderPool::open(path, readers);
    if (!pool) return pass_on(pool);
    store->readers_ = std::move(*pool);
    return store;
}

Result<void> SqliteStore::write(const WriteJob& job) {
    return writer_->run([&](sqlite::Database&) { return job(*writes_); });
}

namespace {

Result<std::optional<std::string>> find_revision(RecordWrites& statements, std::string_view key) {
    return one_row<std::string>(bind_all(statements.revision, key),
                                [](Row& row) -> Result<std::string> { return row.text(); });
}

}  // namespace

Result<bool> SqliteStore::put_record(RecordWrites Writes::*record, std::string_view key,
                                     const BindRecord& bind, AuditRecord audit,
                                     const Precondition& premise) {
    bool is_new = false;
    auto done = write([&](Writes& writes) -> Result<void> {
        RecordWrites& statements = writes.*record;
        auto found = find_revision(statements, key);
        if (!found) return pass_on(found);
        if (auto holds = check_premise(premise, *found); !holds) return holds;
        is_new = !*found;
        if (auto told = append(writes.audit, audit); !told) return told;
        bind(statements.put, std::to_string(audit.sequence));
        return statements.put.run();
    });
    if (!done) return pass_on(done);
    return is_new;
}

Result<void> SqliteStore::delete_record(RecordWrites Writes::*record, std::string_view key,
                                        AuditRecord audit, const Precondition& premise,
                                        const char* what) {
    return write([&](Writes& writes) -> Result<void> {
        RecordWrites& statements = writes.*record;
        auto found = find_revision(statements, key);
        if (!found) return pass_on(found);
        if (auto holds = check_premise(premise, *found); !holds) return holds;
        if (!*found) return fail(ErrorCode::not_found, std::string("no such ") + what);
        if (auto removed = bind_all(statements.remove, key).run(); !removed) return removed;
        return append(writes.audit, audit);
    });
}

Result<std::optional<WallTime>> SqliteStore::last_restore() {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    auto last = reader->database().prepare(kLastRestore);
    if (!last) return pass_on(last);
    return one_row<WallTime>(*last, [](Row& row) -> Result<WallTime> { return row.time(); });
}

Result<void> SqliteStore::check() {
    std::int64_t written = 0;
    auto done = write([&](Writes& writes) -> Result<void> {
        const ResetAtEnd reset(writes.check);
        auto row = writes.check.step();
        if (!row) return pass_on(row);
        if (!*row) return fail(ErrorCode::storage, "the self-check's row is missing");
        written = writes.check.integer(0);
        return {};
    });
    if (!done) return done;
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& read = reader->reads().check;
    const ResetAtEnd reset(read);
    auto row = read.step();
    if (!row) return pass_on(row);
    // Another check may have counted on meanwhile.
    if (*row && read.integer(0) >= written) return {};
    return fail(ErrorCode::storage, "a row just written cannot be read");
}

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                 std::size_t readers) {
    auto store = SqliteStore::open(path, readers);
    if (!store) return pass_on(store);
    return std::unique_ptr<Store>(std::move(*store));
}

Result<std::string> check_sqlite_file(const std::filesystem::path& path) {
    auto database = sqlite::Database::open(path, sqlite::OpenMode::read_only);
    if (!database) return pass_on(database);
    if (auto known = check_schema(*database); !known) return pass_on(known, path.string());
    if (auto whole = expect_ok(*database, "PRAGMA integrity_check(1)"); !whole) {
        return pass_on(whole, path.string());
    }
    if (auto whole = expect_no_row(*database, "PRAGMA foreign_key_check"); !whole) {
        return pass_on(whole, path.string());
    }
    return path.string() + ": schema version " + std::to_string(schema_version()) +
           ", integrity ok";
}

}  // namespace ndes::crp
