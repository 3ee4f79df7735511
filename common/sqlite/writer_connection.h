// WriterConnection: the only connection that writes to a database, in the words of GroupCommit:
// transaction, job in a savepoint, checkpoint.
// Knows no thread and no queue. Belongs to the writer's thread.
#pragma once

#include <chrono>
#include <memory>

#include "common/error.h"
#include "common/sqlite/database.h"
#include "common/sqlite/group_commit.h"

namespace ndes::sqlite {

// Runs a job; an exception becomes internal.
Result<void> call_guarded(const GroupCommit::Job& job, Database& database);

class WriterConnection {
  public:
    static Result<std::unique_ptr<WriterConnection>> open(const GroupCommitOptions& options);

    Result<void> begin() { return begin_.run(); }
    Result<void> commit() { return commit_.run(); }
    void roll_back() { static_cast<void>(database_.execute("ROLLBACK")); }
    // Runs one job in its savepoint; its error, or that of the savepoint.
    Result<void> run_isolated(const GroupCommit::Job& job);
    bool transaction_is_open() const;
    // After a failed call: was it the disk, or a file that cannot be right?
    bool last_error_is_fatal() const;
    // Both return false on a fatal error.
    bool checkpoint_if_large();
    bool checkpoint_and_truncate();
    bool wal_is_empty() const { return wal_pages_ == 0; }
    Database& database() { return database_; }

  private:
    WriterConnection(Database database, std::chrono::milliseconds busy_timeout);
    Result<void> prepare();
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

}  // namespace ndes::sqlite
