// WriteGroup: the writes of one transaction of a node. Writes in two steps that touch different
// records share two round trips; every other write, and all of them once that has failed, run one
// after the other, each in a savepoint of its own.
// Used by the writer's thread alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "crp-service/store/audit_chain.h"
#include "crp-service/store/postgresql/connection.h"

namespace ndes::crp::pg {

// What a write works with.
struct Batch {
    Connection& connection;
    std::int64_t node;             // its number
    const std::string& node_name;  // and name
    AuditTail tail;                // of this node's chain, as of here
};

// A write that reads and writes at will; what it queues last need not be collected. An Error it
// returns rolls back its savepoint and is handed to its caller. May be run again, from the
// beginning, when the transaction could not be committed.
using Job = std::function<Result<void>(Batch&)>;

// The rows of what a write asked for, in that order.
class Answers {
  public:
    Answers(std::vector<Rows>& rows, std::size_t first) : rows_(rows), next_(first) {}
    void skip() { ++next_; }
    // Leaves `value` alone when there is no row.
    template <class T>
    Result<void> take(RowReader<T> read, std::optional<T>& value) {
        auto found = rows_.at(next_++).template one<T>(read);
        if (!found) return pass_on(found);
        if (*found) value = std::move(*found);
        return {};
    }

  private:
    std::vector<Rows>& rows_;
    std::size_t next_;
};

// A write of the kind that devices wait for: it asks for everything at once, and what it writes
// follows from the answers. Either step may be run again, from the first one on.
struct TwoSteps {
    // The records it decides about, none empty. Two writes that share one never share the steps.
    std::vector<std::string> keys;
    std::function<void(Connection&)> look;                 // queues; collects nothing
    std::function<Result<void>(Batch&, Answers&)> settle;  // queues; collects nothing
    const char* when_duplicate;  // conflict: what a unique key that is taken means
};

// Either of the two.
struct Write {
    std::string order;  // place among the group's writes
    Job job;            // empty: `steps`
    TwoSteps steps;
    Result<void> result;
};

class WriteGroup {
  public:
    // `apart`: each in a savepoint. The writes outlive the group.
    WriteGroup(std::vector<Write*> writes, bool apart);

    bool shares_steps() const { return !shared_.empty(); }
    // Queues the first step of those that share it.
    void look(Connection& connection);
    // `rows`: of everything collected with the first step. Leaves the last statements queued. An
    // error: the transaction is lost, and nobody's result counts.
    Result<void> settle(Batch& batch, std::vector<Rows>& rows);
    // Gives every write, or every one that has succeeded, this result.
    void fail_all(const Failure& failure);
    void fail_done(const Failure& failure);

  private:
    Result<void> run_alone(Batch& batch, Write& write);

    std::vector<Write*> shared_;
    std::vector<std::size_t> first_answer_;  // of each of shared_
    std::vector<Write*> alone_;
};

}  // namespace ndes::crp::pg
