#include "crp-service/store/postgresql/node_writer.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "common/clock.h"

namespace ndes::crp::pg {
namespace {

using namespace std::chrono_literals;

// More savepoints in one transaction and the server keeps their list on disk.
constexpr std::size_t kMostJobs = 60;
constexpr std::size_t kMostWaiting = 4096;
constexpr int kMostWriteAttempts = 5;
// How long a write waits for a server that restarts, and how long one in doubt does.
constexpr std::chrono::milliseconds kReconnectPatience = 3s;
constexpr std::chrono::milliseconds kPatienceInDoubt = 10s;
constexpr std::chrono::milliseconds kPause = 50ms;

constexpr Statement kBegin{"begin", "BEGIN"};
constexpr Statement kCommit{"commit", "COMMIT"};
constexpr Statement kRollback{"rollback", "ROLLBACK"};
constexpr Statement kLock{"lock_node",
                          "SELECT sequence, hash FROM node WHERE number = $1 FOR NO KEY UPDATE"};
constexpr Statement kMoveTail{"move_tail",
                              "UPDATE node SET sequence = $2, hash = $3 WHERE number = $1"};
constexpr Statement kFindNode{"find_node", "SELECT number FROM node WHERE name = $1"};
// Two that register at once meet on the number; the one that loses looks again.
constexpr Statement kAddNode{"add_node", R"(INSERT INTO node (number, name, sequence, hash)
    SELECT coalesce(max(number), 0) + 1, $1::text, $2::bigint, $3::text FROM node ON CONFLICT DO NOTHING)"};
constexpr Statement kHashAt{"hash_at", "SELECT hash FROM audit WHERE node = $1 AND sequence = $2"};

Result<AuditTail> read_tail(Row& row) {
    AuditTail tail;
    tail.sequence = row.integer();
    tail.hash = row.text();
    return tail;
}

// `rows`: of queue_begin() and what came after.
Result<AuditTail> tail_of(const std::vector<Rows>& rows) {
    auto tail = rows.at(1).one<AuditTail>(read_tail);
    if (!tail) return pass_on(tail);
    if (!*tail) return fail(ErrorCode::storage, "the node's row is missing");
    return **tail;
}

Result<std::int64_t> read_number(Row& row) { return row.integer(); }
Result<std::string> read_text(Row& row) { return row.text(); }

}  // namespace

Result<std::unique_ptr<NodeWriter>> NodeWriter::start(std::string connection_text,
                                                      std::string node_name) {
    std::unique_ptr<NodeWriter> writer(
        new NodeWriter(std::move(connection_text), std::move(node_name)));
    if (auto connected = writer->connect(kReconnectPatience); !connected) return pass_on(connected);
    if (auto known = writer->register_node(); !known) return pass_on(known);
    writer->thread_ = std::thread([raw = writer.get()] { raw->work(); });
    return writer;
}

NodeWriter::~NodeWriter() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    work_waits_.notify_one();
    if (thread_.joinable()) thread_.join();
}

Result<void> NodeWriter::register_node() {
    for (int attempt = 0; attempt < kMostWriteAttempts; ++attempt) {
        auto rows = connection_->ask(kFindNode, Values(node_name_));
        if (!rows) return pass_on(rows);
        auto number = rows->one<std::int64_t>(read_number);
        if (!number) return pass_on(number);
        if (*number) {
            node_ = **number;
            return {};
        }
        const AuditTail first = chain_start(node_name_);
        auto added = connection_->ask(kAddNode, Values(node_name_, first.sequence, first.hash));
        if (!added) return pass_on(added);
    }
    return fail(ErrorCode::storage, "the node cannot be registered");
}

Result<void> NodeWriter::run(std::string key, Job job) {
    return wait_for(Write{std::move(key), std::move(job), {}, {}});
}

Result<void> NodeWriter::run(TwoSteps steps) {
    std::string order = steps.keys.front();
    return wait_for(Write{std::move(order), nullptr, std::move(steps), {}});
}

Result<void> NodeWriter::wait_for(Write write) {
    std::future<Result<void>> answer;
    {
        const std::lock_guard guard(mutex_);
        if (stopping_ || queue_.size() >= kMostWaiting) {
            return fail(ErrorCode::unavailable, "the database has too many writes waiting");
        }
        queue_.push_back(Waiting{std::move(write), {}});
        answer = queue_.back().answer.get_future();
        // Under the lock: once it is free the writer may answer, and the owner of this object may
        // destroy it.
        work_waits_.notify_one();
    }
    return answer.get();
}

void NodeWriter::work() {
    while (true) {
        std::vector<Waiting> group = next_group();
        if (group.empty()) return;
        std::vector<Write*> writes;
        for (Waiting& one : group)
            writes.push_back(&one.write);
        commit(writes);
        for (Waiting& one : group)
            one.answer.set_value(std::move(one.write.result));
    }
}

// Empty at the end only.
std::vector<NodeWriter::Waiting> NodeWriter::next_group() {
    std::unique_lock guard(mutex_);
    work_waits_.wait(guard, [this] { return !queue_.empty() || stopping_; });
    std::vector<Waiting> group;
    while (!queue_.empty() && group.size() < kMostJobs) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return group;
}

Result<void> NodeWriter::connect(std::chrono::milliseconds patience) {
    if (connection_ && connection_->is_healthy()) return {};
    const auto deadline = system_clock().steady_now() + patience;
    for (;;) {
        auto opened = Connection::open(connection_text_);
        if (opened) {
            connection_ = std::move(*opened);
            return {};
        }
        if (system_clock().steady_now() >= deadline) return pass_on(opened);
        std::this_thread::sleep_for(kPause);
    }
}

void NodeWriter::commit(const std::vector<Write*>& writes) {
    bool apart = false;
    for (int attempt = 0; attempt < kMostWriteAttempts; ++attempt) {
        WriteGroup group(writes, apart);
        const Ending ending = try_commit(group);
        if (ending == Ending::answered) return;
        apart = apart || ending == Ending::apart;
    }
    const auto hopeless = fail(ErrorCode::storage, "the database could not commit, try again");
    for (Write* one : writes)
        one->result = hopeless;
}

NodeWriter::Ending NodeWriter::try_commit(WriteGroup& group) {
    if (auto connected = connect(kReconnectPatience); !connected) {
        group.fail_all(Failure(connected.error()));
        return Ending::answered;
    }
    queue_begin();
    group.look(*connection_);
    auto rows = connection_->collect();
    if (!rows) return give_up_or_again(group, std::move(rows.error()));
    auto tail = tail_of(*rows);
    if (!tail) return give_up_or_again(group, std::move(tail.error()));
    Batch batch{*connection_, node_, node_name_, *tail};
    if (auto settled = group.settle(batch, *rows); !settled) {
        return give_up_or_again(group, std::move(settled.error()));
    }
    return finish(batch, *tail, group);
}

void NodeWriter::queue_begin() {
    connection_->queue(kBegin);
    connection_->queue(kLock, Values(node_));
}

void NodeWriter::roll_back() {
    if (connection_->is_lost()) return;
    if (connection_->queued() > 0) static_cast<void>(connection_->collect());
    static_cast<void>(connection_->ask(kRollback));
}

// After a failure before COMMIT was sent: nothing is recorded.
NodeWriter::Ending NodeWriter::give_up_or_again(WriteGroup& group, Error fault) {
    const bool may_repeat = connection_->is_lost() || connection_->failed_in_a_race();
    roll_back();
    if (may_repeat) return Ending::again;
    if (group.shares_steps()) return Ending::apart;
    group.fail_all(Failure(std::move(fault)));
    return Ending::answered;
}

NodeWriter::Ending NodeWriter::finish(Batch& batch, const AuditTail& before, WriteGroup& group) {
    const bool is_audited = batch.tail != before;
    if (is_audited) {
        connection_->queue(kMoveTail, Values(node_, batch.tail.sequence, batch.tail.hash));
    }
    auto committed = connection_->ask(kCommit);
    if (committed && committed->command() == "COMMIT") return Ending::answered;
    if (connection_->is_lost()) return find_out(batch.tail, is_audited, group);
    Error fault = committed ? Error{ErrorCode::storage, "the database rolled a write back", {}, {}}
                            : std::move(committed.error());
    return give_up_or_again(group, std::move(fault));
}

// The session was lost while it committed. The node's lock is free only when the old transaction
// has ended, whichever way; its last audit record then tells whether it was committed.
NodeWriter::Ending NodeWriter::find_out(const AuditTail& expected, bool is_audited,
                                        WriteGroup& group) {
    const auto in_doubt = fail(ErrorCode::storage,
                               "the database went away while it committed; whether this was "
                               "recorded is not known",
                               is_audited ? "" : "nothing of it is in the audit");
    const auto answer_all = [&group](const Failure& failure) {
        group.fail_done(failure);
        return Ending::answered;
    };
    if (!is_audited) return answer_all(in_doubt);
    const auto deadline = system_clock().steady_now() + kPatienceInDoubt;
    while (system_clock().steady_now() < deadline) {
        if (!connect(kPause)) continue;
        queue_begin();
        auto rows = connection_->ask(kHashAt, Values(node_, expected.sequence));
        roll_back();
        if (!rows) continue;
        auto hash = rows->one<std::string>(read_text);
        return hash && *hash == expected.hash ? Ending::answered : Ending::again;
    }
    return answer_all(in_doubt);
}

}  // namespace ndes::crp::pg
