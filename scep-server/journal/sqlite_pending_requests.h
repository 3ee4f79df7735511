// SqlitePendingRequests: PendingRequests in the journal's file. Only the journal makes one.
#pragma once

#include "common/clock.h"
#include "common/sqlite/group_commit.h"
#include "scep-server/journal/pending_requests.h"
#include "scep-server/journal/reader_pool.h"

namespace ndes::scep {

class SqlitePendingRequests final : public PendingRequests {
  public:
    // The references outlive the object.
    SqlitePendingRequests(sqlite::GroupCommit& writer, ReaderPool& readers, const Clock& clock)
        : writer_(writer), readers_(readers), clock_(clock) {}

    Result<void> add(const PendingRequest& request, const PendingNotify& notify) override;
    Result<std::optional<PendingRequest>> find(const RequestKey& key) override;
    Result<std::optional<PendingRequest>> find_transaction(std::string_view profile,
                                                           std::string_view transaction_id,
                                                           std::string_view signer_spki) override;
    Result<std::optional<PendingRequest>> find_id(std::int64_t id) override;
    Result<std::vector<PendingRequest>> list(std::int64_t after, std::size_t limit) override;
    Result<std::vector<PendingRequest>> overdue(std::int64_t after, std::size_t limit) override;
    Result<void> move(std::int64_t id, PendingState from, PendingState to, std::string_view text,
                      const std::optional<PendingNotify>& notify) override;
    Result<std::size_t> purge() override;

  private:
    sqlite::GroupCommit& writer_;
    ReaderPool& readers_;
    const Clock& clock_;
};

// Inside the writer's transaction: the certificate of that pending request was issued.
Result<void> close_pending_as_issued(sqlite::Database& database, std::int64_t id);

// At the start: what was being issued when ndesd ended waits for its operator again.
Result<void> resume_interrupted(sqlite::Database& database);

}  // namespace ndes::scep
