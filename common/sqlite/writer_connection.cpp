#include "common/sqlite/writer_connection.h"

#include <exception>
#include <utility>

#include <sqlite3.h>

namespace ndes::sqlite {
namespace {

// A checkpoint after so many new pages (of 4 KiB): rare enough to write a hot page once for many
// commits, often enough that readers search a short WAL.
constexpr int kCheckpointPages = 4000;

Result<void> use_durable_wal(Database& database) {
    auto mode = database.prepare("PRAGMA journal_mode = WAL");
    if (!mode) return pass_on(mode);
    auto row = mode->step();
    if (!row) return pass_on(row);
    if (!*row || mode->text(0) != "wal") {
        return fail(ErrorCode::storage, "the database cannot use a write-ahead log");
    }
    mode->reset();
    // temp_store: what a job's savepoint keeps for its rollback stays in memory; in a file it would
    // be written twice as often as the pages themselves.
    return database.execute(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
}

}  // namespace

Result<void> call_guarded(const GroupCommit::Job& job, Database& database) {
    try {
        return job(database);
    } catch (const std::exception& thrown) {
        return fail(ErrorCode::internal, "a database job failed", thrown.what());
    }
}

WriterConnection::WriterConnection(Database database, std::chrono::milliseconds busy_timeout)
    : database_(std::move(database)), busy_timeout_(busy_timeout) {
    ::sqlite3_busy_timeout(database_.handle(), static_cast<int>(busy_timeout_.count()));
    ::sqlite3_wal_hook(database_.handle(), &WriterConnection::on_commit, this);
}

int WriterConnection::on_commit(void* self, sqlite3*, const char*, int pages) {
    static_cast<WriterConnection*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
}

Result<std::unique_ptr<WriterConnection>> WriterConnection::open(
    const GroupCommitOptions& options) {
    auto database = Database::open(options.path, OpenMode::read_write);
    if (!database) return pass_on(database);
    std::unique_ptr<WriterConnection> connection(
        new WriterConnection(std::move(*database), options.busy_timeout));
    auto ready = use_durable_wal(connection->database_);
    if (ready) ready = connection->prepare();
    if (!ready) return pass_on(ready, options.path.string());
    return connection;
}

Result<void> WriterConnection::prepare() {
    const std::pair<Statement*, const char*> statements[] = {
        {&begin_, "BEGIN IMMEDIATE"}, {&commit_, "COMMIT"},        {&save_, "SAVEPOINT job"},
        {&release_, "RELEASE job"},   {&undo_, "ROLLBACK TO job"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database_.prepare(sql);
        if (!prepared) return pass_on(prepared);
        *statement = std::move(*prepared);
    }
    return {};
}

Result<void> WriterConnection::run_isolated(const GroupCommit::Job& job) {
    if (auto saved = save_.run(); !saved) return saved;
    Result<void> done = call_guarded(job, database_);
    if (done) return release_.run();
    // SQLite itself rolls the whole transaction back on some errors (disk full, I/O).
    if (!transaction_is_open() || last_error_is_fatal()) return done;
    if (!undo_.run() || !release_.run()) roll_back();
    return done;
}

bool WriterConnection::last_error_is_fatal() const {
    const int code = ::sqlite3_errcode(database_.handle()) & 0xff;
    return code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool WriterConnection::checkpoint_if_large() {
    // A WAL that has become shorter was started afresh after a complete checkpoint.
    if (wal_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;
    if (wal_pages_ - checkpointed_pages_ < kCheckpointPages) return true;
    checkpointed_pages_ = wal_pages_;
    const int rc = ::sqlite3_wal_checkpoint_v2(database_.handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    return rc == SQLITE_OK || !last_error_is_fatal();
}

bool WriterConnection::checkpoint_and_truncate() {
    // Without patience: a reader in the way only means that the WAL stays as it is.
    ::sqlite3_busy_timeout(database_.handle(), 0);
    const int rc = ::sqlite3_wal_checkpoint_v2(database_.handle(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    ::sqlite3_busy_timeout(database_.handle(), static_cast<int>(busy_timeout_.count()));
    if (rc == SQLITE_OK) wal_pages_ = checkpointed_pages_ = 0;
    return rc == SQLITE_OK || !last_error_is_fatal();
}

bool WriterConnection::transaction_is_open() const {
    return ::sqlite3_get_autocommit(database_.handle()) == 0;
}

}  // namespace ndes::sqlite
