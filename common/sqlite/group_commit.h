// GroupCommit: one thread owns the only writing connection (WAL, synchronous=FULL) and gathers
// the jobs that wait while it commits into the next transaction. Each job runs in a savepoint of
// its own: a failing one leaves no trace and does not hurt its neighbours; each caller is answered
// after the commit. It also makes every checkpoint: SQLite before 3.51.3 can corrupt a WAL that
// two connections write or checkpoint. Any thread may call run().
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

#include "common/error.h"
#include "common/sqlite/database.h"

namespace ndes::sqlite {

struct GroupCommitOptions {
    std::filesystem::path path;       // an existing database
    std::size_t most_jobs = 256;      // per transaction
    std::size_t most_waiting = 4096;  // over: unavailable at once
    std::chrono::milliseconds busy_timeout{2000};
};

class GroupCommit {
  public:
    // A job reads and writes through the connection; an Error it returns rolls back its savepoint
    // and is handed to its caller. Must not keep statements beyond the call, unless in `setup`'s
    // own objects (see below), and must not throw.
    using Job = std::function<Result<void>(Database&)>;

    // Takes an exclusive lock beside the file ("<path>.lock"); storage when another process holds
    // it, saying so. `setup` runs once on the writer's thread before the first job and may prepare
    // statements that live as long as the returned object.
    static Result<std::unique_ptr<GroupCommit>> start(const GroupCommitOptions& options,
                                                      Job setup = {});

    virtual ~GroupCommit() = default;  // finishes the waiting jobs, checkpoints, closes

    // Returns after the commit that holds the job is durable, or with the job's error. storage
    // when the commit failed: nothing of it is recorded. After an I/O error of the disk every
    // further call fails with storage (an fsync is never retried); the process has to restart.
    virtual Result<void> run(Job job) = 0;

    // False after such an I/O error.
    virtual bool healthy() const = 0;
};

}  // namespace ndes::sqlite
