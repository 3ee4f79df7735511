#include "common/sqlite/group_commit.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/sqlite/file_lock.h"
#include "common/sqlite/writer_connection.h"

namespace ndes::sqlite {
namespace {

// Without work for so long the WAL is folded in and truncated.
constexpr std::chrono::milliseconds kIdle{500};

struct Waiting {
    GroupCommit::Job job;
    std::promise<Result<void>> answer;
    Result<void> result;
};

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
    std::unique_ptr<WriterConnection> connection_;  // writer's thread only
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
        // Under the lock: once it is free the writer may answer, and the owner of this object may
        // destroy it.
        work_waits_.notify_one();
    }
    return answer.get();
}

Result<void> Writer::open_and_set_up(const Job& setup) {
    auto connection = WriterConnection::open(options_);
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
    auto lock = FileLock::acquire(options.path.string() + ".lock", options.busy_timeout);
    if (!lock) return pass_on(lock);
    auto writer = std::make_unique<Writer>(options, std::move(*lock));
    if (auto started = writer->start(std::move(setup)); !started) return pass_on(started);
    return writer;
}

}  // namespace ndes::sqlite
