#include "common/sqlite/group_commit.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "common/sqlite/file_lock.h"

namespace ndes::sqlite {
namespace {

// A checkpoint after so many new pages (of 4 KiB): rare enough to write a hot page once for many
// commits, often enough that readers search a short WAL.
constexpr int kCheckpointPages = 4000;
// Without work for so long the WAL is folded in and truncated.
constexpr std::chrono::milliseconds kIdle{500};

struct Waiting {
    GroupCommit::Job job;
    std::promise<Result<void>> answer;
    Result<void> result;
};

// Everything that only the writer's thread touches.
class Connection {
  public:
    static Result<std::unique_ptr<Connection>> open(const GroupCommitOptions& options);

    Result<void> begin() { return begin_.run(); }
    Result<void> commit() { return commit_.run(); }
    void roll_back() { static_cast<void>(database_.execute("ROLLBACK")); }
    // Runs one job in its savepoint; its error, or that of the savepoint.
    Result<void> run_isolated(const GroupCommit::Job& job);
    bool transaction_is_open() const { return ::sqlite3_get_autocommit(database_.handle()) == 0; }
    // After a failed call: was it the disk, or a file that cannot be right?
    bool last_error_is_fatal() const;
    // Both return false on a fatal error.
    bool checkpoint_if_large();
    bool checkpoint_and_truncate();
    bool wal_is_empty() const { return wal_pages_ == 0; }
    Database& database() { return database_; }

  private:
    Connection(Database database, Statement begin, Statement commit, Statement save,
               Statement release, Statement undo, std::chrono::milliseconds busy_timeout);
    static int on_commit(void* self, sqlite3* handle, const char* name, int pages);

    Database database_;
    Statement begin_;
    Statement commit_;
    Statement save_;
    Statement release_;
    Statement undo_;
    std::chrono::milliseconds busy_timeout_;
    int wal_pages_ = 1;           // as the last commit left the WAL; at first unknown, so not empty
    int checkpointed_pages_ = 0;  // wal_pages_ at the last checkpoint of this WAL
};

Connection::Connection(Database database, Statement begin, Statement commit, Statement save,
                       Statement release, Statement undo, std::chrono::milliseconds busy_timeout)
    : database_(std::move(database)),
      begin_(std::move(begin)),
      commit_(std::move(commit)),
      save_(std::move(save)),
      release_(std::move(release)),
      undo_(std::move(undo)),
      busy_timeout_(busy_timeout) {
    ::sqlite3_wal_hook(database_.handle(), &Connection::on_commit, this);
}

int Connection::on_commit(void* self, sqlite3*, const char*, int pages) {
    static_cast<Connection*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
}

Result<void> use_durable_wal(Database& database) {
    auto mode = database.prepare("PRAGMA journal_mode = WAL");
    if (!mode) return pass_on(mode);
    auto row = mode->step();
    if (!row) return pass_on(row);
    if (!*row || mode->text(0) != "wal") {
        return fail(ErrorCode::storage, "the database cannot use a write-ahead log");
    }
    mode->reset();
    return database.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
}

Result<std::unique_ptr<Connection>> Connection::open(const GroupCommitOptions& options) {
    auto database = Database::open(options.path, OpenMode::read_write);
    if (!database) return pass_on(database);
    ::sqlite3_busy_timeout(database->handle(), static_cast<int>(options.busy_timeout.count()));
    if (auto set = use_durable_wal(*database); !set) {
        return pass_on(set, options.path.string());
    }
    std::vector<Statement> statements;
    for (const char* sql :
         {"BEGIN IMMEDIATE", "COMMIT", "SAVEPOINT job", "RELEASE job", "ROLLBACK TO job"}) {
        auto statement = database->prepare(sql);
        if (!statement) return pass_on(statement);
        statements.push_back(std::move(*statement));
    }
    return std::unique_ptr<Connection>(
        new Connection(std::move(*database), std::move(statements[0]), std::move(statements[1]),
                       std::move(statements[2]), std::move(statements[3]), std::move(statements[4]),
                       options.busy_timeout));
}

Result<void> call_guarded(const GroupCommit::Job& job, Database& database) {
    try {
        return job(database);
    } catch (const std::exception& thrown) {
        return fail(ErrorCode::internal, "a database job failed", thrown.what());
    }
}

Result<void> Connection::run_isolated(const GroupCommit::Job& job) {
    if (auto saved = save_.run(); !saved) return saved;
    Result<void> done = call_guarded(job, database_);
    if (done) return release_.run();
    // SQLite itself rolls the whole transaction back on some errors (disk full, I/O).
    if (!transaction_is_open() || last_error_is_fatal()) return done;
    if (!undo_.run() || !release_.run()) roll_back();
    return done;
}

bool Connection::last_error_is_fatal() const {
    const int code = ::sqlite3_errcode(database_.handle()) & 0xff;
    return code == SQLITE_IOERR || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool Connection::checkpoint_if_large() {
    // A WAL that has become shorter was started afresh after a complete checkpoint.
    if (wal_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;
    if (wal_pages_ - checkpointed_pages_ < kCheckpointPages) return true;
    checkpointed_pages_ = wal_pages_;
    const int rc = ::sqlite3_wal_checkpoint_v2(database_.handle(), nullptr,
                                               SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    return rc == SQLITE_OK || !last_error_is_fatal();
}

bool Connection::checkpoint_and_truncate() {
    // Without patience: a reader in the way only means that the WAL stays as it is.
    ::sqlite3_busy_timeout(database_.handle(), 0);
    const int rc = ::sqlite3_wal_checkpoint_v2(database_.handle(), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    ::sqlite3_busy_timeout(database_.handle(), static_cast<int>(busy_timeout_.count()));
    if (rc == SQLITE_OK) wal_pages_ = checkpointed_pages_ = 0;
    return rc == SQLITE_OK || !last_error_is_fatal();
}

class Writer final : public GroupCommit {
  public:
    Writer(const GroupCommitOptions& options, FileLock lock)
        : options_(options), lock_(std::move(lock)) {}
    ~Writer() override;

    // Returns when the database is open and `setup` has run.
    Result<void> start(Job setup);
    Result<void> run(Job job) override;
    bool healthy() const override { return healthy_.load(); }

  private:
    void work(std::promise<Result<void>> started, const Job& setup);
    Result<void> open_and_set_up(const Job& setup);
    std::vector<Waiting> next_group();
    void commit(std::vector<Waiting>& group);
    void run_jobs(std::vector<Waiting>& group);
    void note_health() {
        if (connection_->last_error_is_fatal()) healthy_ = false;
    }

    const GroupCommitOptions options_;
    FileLock lock_;
    std::unique_ptr<Connection> connection_;  // writer's thread only
    std::atomic<bool> healthy_{true};

    // Guards queue_ and stopping_; held for moves of pointers only, never while SQLite works.
    std::mutex mutex_;
    std::condition_variable work_waits_;
    std::deque<Waiting> queue_;
    bool stopping_ = false;

    std::thread thread_;
};

Writer::~Writer() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    work_waits_.notify_one();
    if (thread_.joinable()) thread_.join();
}

Result<void> Writer::start(Job setup) {
    std::promise<Result<void>> started;
    std::future<Result<void>> outcome = started.get_future();
    thread_ = std::thread([this, started = std::move(started), setup = std::move(setup)]() mutable {
        work(std::move(started), setup);
    });
    return outcome.get();
}

Result<void> Writer::run(Job job) {
    std::future<Result<void>> answer;
    {
        const std::lock_guard guard(mutex_);
        if (!healthy_) {
            return fail(ErrorCode::storage, "the database stopped after an I/O error",
                        "restart the process after repairing the disk");
        }
        if (stopping_ || queue_.size() >= options_.most_waiting) {
            return fail(ErrorCode::unavailable, "the database has too many writes waiting");
        }
        queue_.push_back(Waiting{std::move(job), {}, {}});
        answer = queue_.back().answer.get_future();
    }
    work_waits_.notify_one();
    return answer.get();
}

Result<void> Writer::open_and_set_up(const Job& setup) {
    auto connection = Connection::open(options_);
    if (!connection) return pass_on(connection);
    connection_ = std::move(*connection);
    if (!setup) return {};
    return call_guarded(setup, connection_->database());
}

void Writer::work(std::promise<Result<void>> started, const Job& setup) {
    Result<void> opened = open_and_set_up(setup);
    const bool usable = opened.has_value();
    started.set_value(std::move(opened));
    if (!usable) {
        connection_.reset();
        return;
    }
    while (true) {
        std::vector<Waiting> group = next_group();
        if (group.empty()) {
            if (healthy_ && !connection_->checkpoint_and_truncate()) healthy_ = false;
            const std::lock_guard guard(mutex_);
            if (stopping_ && queue_.empty()) break;
            continue;
        }
        commit(group);
        for (Waiting& one : group)
            one.answer.set_value(std::move(one.result));
        // After the answers: nobody waits for a checkpoint but the next group.
        if (healthy_ && !connection_->checkpoint_if_large()) healthy_ = false;
    }
    connection_.reset();
}

// Up to most_jobs; empty when there was nothing for a while, or at the end.
std::vector<Waiting> Writer::next_group() {
    std::unique_lock guard(mutex_);
    const auto ready = [this] { return !queue_.empty() || stopping_; };
    if (connection_->wal_is_empty()) {
        work_waits_.wait(guard, ready);
    } else {
        work_waits_.wait_for(guard, kIdle, ready);
    }
    std::vector<Waiting> group;
    while (!queue_.empty() && group.size() < options_.most_jobs) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return group;
}

void Writer::commit(std::vector<Waiting>& group) {
    Result<void> outcome;
    if (!healthy_) {
        outcome = fail(ErrorCode::storage, "the database stopped after an I/O error");
    } else {
        outcome = connection_->begin();
        if (outcome) {
            run_jobs(group);
            outcome = connection_->transaction_is_open() && healthy_
                          ? connection_->commit()
                          : fail(ErrorCode::storage, "the database rolled the transaction back");
        }
        if (!outcome) note_health();
        if (connection_->transaction_is_open()) connection_->roll_back();
    }
    if (outcome) return;
    for (Waiting& one : group) {
        if (one.result) one.result = outcome;
    }
}

// Stops at the first job whose failure took the whole transaction with it.
void Writer::run_jobs(std::vector<Waiting>& group) {
    for (Waiting& one : group) {
        one.result = connection_->run_isolated(one.job);
        if (one.result) continue;
        note_health();
        if (!healthy_ || !connection_->transaction_is_open()) return;
    }
}

}  // namespace

Result<std::unique_ptr<GroupCommit>> GroupCommit::start(const GroupCommitOptions& options,
                                                        Job setup) {
    auto lock = FileLock::acquire(options.path.string() + ".lock");
    if (!lock) return pass_on(lock);
    auto writer = std::make_unique<Writer>(options, std::move(*lock));
    if (auto started = writer->start(std::move(setup)); !started) return pass_on(started);
    return writer;
}

}  // namespace ndes::sqlite
