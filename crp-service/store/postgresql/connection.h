// Connection: one session with the server, in libpq's pipeline mode: statements are queued and
// collected together in one round trip. Prepares a statement when it first meets it.
// Knows no table. Owned by one thread at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/error.h"
#include "crp-service/store/postgresql/values.h"

namespace ndes::crp::pg {

// A statement that is prepared on each connection that uses it; lives as long as the program.
struct Statement {
    const char* name;  // unique
    const char* sql;
};

class Connection {
  public:
    // Connects and sets the session up: schema `crp`, limits of time, synchronous_commit = on
    // (configuration when the server refuses that). storage, without any password, when the server
    // cannot be reached.
    static Result<std::unique_ptr<Connection>> open(const std::string& connection_text);

    // Sends; errors come with the next collect() or ask().
    void queue(const Statement& statement, const Values& values = Values());
    void queue_text(const std::string& sql, const Values& values = Values());

    // How many results come before that of what is queued next.
    std::size_t queued() const {
        return static_cast<std::size_t>(std::count(expected_.begin(), expected_.end(), nullptr));
    }

    // Waits for everything queued. The rows of each statement in order, or the first error; after
    // an error the statements behind it were not run. storage; see the questions below.
    Result<std::vector<Rows>> collect();
    // Queues one more and collects: its rows alone.
    Result<Rows> ask(const Statement& statement, const Values& values = Values());
    Result<Rows> ask_text(const std::string& sql, const Values& values = Values());

    // Runs a script of several statements outside the pipeline; for the schema.
    Result<void> run_script(const std::string& sql);

    // The session is over; whether what was asked last happened is not known.
    bool is_lost() const { return lost_; }
    // False as soon as the server has closed an idle session. Costs no round trip.
    bool is_healthy();
    // Of the last error:
    bool failed_with(const char* sqlstate) const { return state_ == sqlstate; }
    bool failed_as_duplicate() const { return failed_with("23505"); }
    // Serialization failure or deadlock: the whole transaction may be tried again.
    bool failed_in_a_race() const { return failed_with("40001") || failed_with("40P01"); }

  private:
    struct Closer {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    explicit Connection(PGconn* connection) : connection_(connection) {}

    Result<void> set_up();
    Result<std::vector<Rows>> collect_until(std::chrono::steady_clock::time_point deadline);
    // False when the session is lost or the deadline has passed, which ends it.
    bool wait(short events, std::chrono::steady_clock::time_point deadline);
    bool flush(std::chrono::steady_clock::time_point deadline);
    ResultPtr next_result(std::chrono::steady_clock::time_point deadline);
    void note(const PGresult* result);
    void lose(std::string why);
    Failure failure() const;

    std::unique_ptr<PGconn, Closer> connection_;
    std::unordered_set<const Statement*> prepared_;
    // For each result to come: the statement it prepares; null: it answers what was asked.
    std::vector<const Statement*> expected_;
    bool lost_ = false;
    std::string state_;  // SQLSTATE of the last error
    std::string fault_;  // and its text, for the operator
};

}  // namespace ndes::crp::pg
