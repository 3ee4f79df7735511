// NodeWriter: one thread and one connection make all writes of this program (a node). It gathers
// the jobs that wait while it commits into the next transaction; each runs in a savepoint of its
// own, and its caller is answered after the commit. The node's row in table `node` is locked
// meanwhile: what a node writes is committed in the order of its numbers, and its audit is one
// chain. Jobs of one transaction run in the order of their keys, so that nodes which meet on the
// same records wait for each other instead of both for ever.
// Any thread may call run().
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "crp-service/store/audit_chain.h"
#include "crp-service/store/postgresql/connection.h"

namespace ndes::crp::pg {

// What a job works with.
struct Batch {
    Connection& connection;
    std::int64_t node;             // its number
    const std::string& node_name;  // and name
    AuditTail tail;                // of this node's chain, as of here
};

class NodeWriter {
  public:
    // Reads and writes through the batch; what it queues last need not be collected. An Error it
    // returns rolls back its savepoint and is handed to its caller. May be run again, from the
    // beginning, when the transaction could not be committed.
    using Job = std::function<Result<void>(Batch&)>;

    // Registers the node if the database does not know it.
    static Result<std::unique_ptr<NodeWriter>> start(std::string connection_text,
                                                     std::string node_name);
    ~NodeWriter();  // finishes the waiting jobs

    // `key`: what the job may wait for another node about, e.g. a challenge's ID; or empty.
    // Returns after the commit that holds the job is durable, or with the job's error. storage
    // when nothing of it was recorded; when the server went away in the middle of a commit and has
    // not come back, the text says that the outcome is not known.
    Result<void> run(std::string key, Job job);

    std::int64_t node() const { return node_; }

  private:
    struct Waiting {
        std::string key;
        Job job;
        std::promise<Result<void>> answer;
        Result<void> result;
    };
    enum class Ending { answered, again };

    NodeWriter(std::string connection_text, std::string node_name)
        : connection_text_(std::move(connection_text)), node_name_(std::move(node_name)) {}

    Result<void> register_node();
    Result<void> connect(std::chrono::milliseconds patience);
    void work();
    std::vector<Waiting> next_group();
    void commit(std::vector<Waiting>& group);
    Ending try_commit(std::vector<Waiting>& group);
    Ending run_jobs(Batch& batch, std::vector<Waiting>& group);
    Result<void> run_isolated(Batch& batch, const Job& job);
    Ending finish(Batch& batch, const AuditTail& before, std::vector<Waiting>& group);
    Ending find_out(const AuditTail& expected, bool is_audited, std::vector<Waiting>& group);
    Ending give_up_or_again(std::vector<Waiting>& group, Error fault);
    Result<AuditTail> begin();
    void roll_back();

    const std::string connection_text_;
    const std::string node_name_;
    std::int64_t node_ = 0;
    std::unique_ptr<Connection> connection_;  // writer's thread only, after start()

    // Guards queue_ and stopping_; held for moves of pointers only.
    std::mutex mutex_;
    std::condition_variable work_waits_;
    std::deque<Waiting> queue_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace ndes::crp::pg
