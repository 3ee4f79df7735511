// SqlitePasswordCache: PasswordCache in the journal's file. Only the journal makes one.
#pragma once

#include "common/clock.h"
#include "common/sqlite/group_commit.h"
#include "scep-server/journal/password_cache.h"
#include "scep-server/journal/reader_pool.h"

namespace ndes::scep {

class SqlitePasswordCache final : public PasswordCache {
  public:
    // The references outlive the object.
    SqlitePasswordCache(sqlite::GroupCommit& writer, ReaderPool& readers, const Clock& clock)
        : writer_(writer), readers_(readers), clock_(clock) {}

    Result<void> add(std::string_view profile, std::string_view hash, std::string_view issued_to,
                     std::chrono::minutes validity, std::size_t most) override;
    Result<PasswordVerdict> reserve(std::string_view hash, int usage,
                                    const RequestKey& key) override;
    Result<void> complete(std::string_view hash, std::string_view transaction_id) override;
    Result<void> release(std::string_view hash, std::string_view transaction_id) override;
    Result<std::size_t> count(std::string_view profile) override;
    Result<std::size_t> purge() override;

  private:
    sqlite::GroupCommit& writer_;
    ReaderPool& readers_;
    const Clock& clock_;
};

}  // namespace ndes::scep
