// SqliteNotifyQueue: the NotifyQueue in the journal's file.
#pragma once

#include "common/sqlite/group_commit.h"
#include "scep-server/journal/notify_queue.h"
#include "scep-server/journal/reader_pool.h"

namespace ndes::scep {

class SqliteNotifyQueue final : public NotifyQueue {
  public:
    // The references outlive the object.
    SqliteNotifyQueue(sqlite::GroupCommit& writer, ReaderPool& readers, const Clock& clock)
        : writer_(writer), readers_(readers), clock_(clock) {}

    Result<std::vector<PendingNotify>> due(std::size_t limit) override;
    Result<void> acknowledged(std::int64_t id) override;
    Result<void> failed(std::int64_t id, WallTime next_attempt, std::string_view why) override;
    Result<void> bury(std::int64_t id, std::string_view why) override;
    Result<NotifyCensus> census() override;
    Result<std::vector<NotifyRow>> list(std::int64_t after, std::size_t limit,
                                        NotifyKind kind) override;
    Result<void> retry(std::int64_t id) override;
    Result<std::size_t> retry_dead() override;
    Result<NotifyRow> discard(std::int64_t id) override;

  private:
    sqlite::GroupCommit& writer_;
    ReaderPool& readers_;
    const Clock& clock_;
};

}  // namespace ndes::scep
