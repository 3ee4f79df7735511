// SqliteSerialLedger: SerialLedger in the journal's file. Only the journal makes one.
#pragma once

#include "common/sqlite/group_commit.h"
#include "scep-server/journal/reader_pool.h"
#include "scep-server/journal/serial_ledger.h"

namespace ndes::scep {

class SqliteSerialLedger final : public SerialLedger {
  public:
    // The references outlive the object.
    SqliteSerialLedger(sqlite::GroupCommit& writer, ReaderPool& readers)
        : writer_(writer), readers_(readers) {}

    Result<void> enter(const SerialEntry& entry) override;
    Result<void> record_signed(std::string_view ca, std::string_view serial,
                               std::string_view certificate_sha256) override;
    Result<void> record_failed(std::string_view ca, std::string_view serial) override;
    Result<std::optional<SerialEntry>> find(std::string_view ca, std::string_view serial) override;
    Result<std::vector<SerialEntry>> list(std::int64_t after, std::size_t limit) override;
    Result<std::vector<SerialEntry>> unsettled(std::string_view ca, std::size_t limit) override;
    Result<void> revoke(std::string_view ca, std::string_view serial,
                        const Revocation& revocation) override;
    Result<void> release(std::string_view ca, std::string_view serial) override;
    Result<std::vector<SerialEntry>> revoked(std::string_view ca, WallTime since) override;
    Result<std::int64_t> next_crl_number(std::string_view ca, std::int64_t above) override;
    Result<std::int64_t> last_crl_number(std::string_view ca) override;

  private:
    sqlite::GroupCommit& writer_;
    ReaderPool& readers_;
};

// Inside the writer's transaction: that certificate is recorded as issued. One that this ledger
// does not know, of another CA, is none of its business.
Result<void> settle_serial(sqlite::Database& database, std::string_view serial,
                           std::string_view certificate_sha256);

}  // namespace ndes::scep
