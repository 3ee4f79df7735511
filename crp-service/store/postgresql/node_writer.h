// NodeWriter: one thread and one connection make all writes of this program (a node). It gathers
// the writes that wait while it commits into the next transaction (WriteGroup); their callers are
// answered after the commit. The node's row in table `node` is locked meanwhile: what a node
// writes is committed in the order of its numbers, and its audit is one chain. Writes of one
// transaction run in a fixed order, so that nodes which meet on the same records wait for each
// other instead of both for ever.
// Any thread may call run().
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "crp-service/store/audit_chain.h"
#include "crp-service/store/postgresql/connection.h"
#include "crp-service/store/postgresql/write_group.h"

namespace ndes::crp::pg {

class NodeWriter {
  public:
    // Registers the node if the database does not know it.
    static Result<std::unique_ptr<NodeWriter>> start(std::string connection_text,
                                                     std::string node_name);
    ~NodeWriter();  // finishes the waiting jobs

    // `key`: what the job may wait for another node about, or empty.
    // Returns after the commit that holds the write is durable, or with the write's error. storage
    // when nothing of it was recorded; when the server went away in the middle of a commit and has
    // not come back, the text says that the outcome is not known.
    Result<void> run(std::string key, Job job);
    Result<void> run(TwoSteps steps);  // ordered by the first of its keys

    std::int64_t node() const { return node_; }

  private:
    struct Waiting {
        Write write;
        std::promise<Result<void>> answer;
    };
    // apart: to be tried again, each write in a savepoint of its own.
    enum class Ending { answered, again, apart };

    NodeWriter(std::string connection_text, std::string node_name)
        : connection_text_(std::move(connection_text)), node_name_(std::move(node_name)) {}

    Result<void> register_node();
    Result<void> connect(std::chrono::milliseconds patience);
    Result<void> wait_for(Write write);
    void work();
    std::vector<Waiting> next_group();
    void commit(const std::vector<Write*>& writes);
    Ending try_commit(WriteGroup& group);
    Ending finish(Batch& batch, const AuditTail& before, WriteGroup& group);
    Ending find_out(const AuditTail& expected, bool is_audited, WriteGroup& group);
    Ending give_up_or_again(WriteGroup& group, Error fault);
    void queue_begin();
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
