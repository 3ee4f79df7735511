#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "common/crypto/digest.h"
#include "common/sqlite/database.h"
#include "common/sqlite/group_commit.h"
#include "scep-server/journal/der_list.h"
#include "scep-server/journal/journal.h"
#include "scep-server/journal/notify_rows.h"
#include "scep-server/journal/reader_pool.h"
#include "scep-server/journal/schema.h"
#include "scep-server/journal/sqlite_notify_queue.h"
#include "scep-server/journal/sqlite_password_cache.h"
#include "scep-server/journal/sqlite_pending_requests.h"
#include "scep-server/journal/sqlite_serial_ledger.h"

namespace ndes::scep {
namespace {

using sqlite::Database;

Result<void> insert_issued(Database& database, const IssuedEntry& entry) {
    auto insert = database.prepare(
        "INSERT INTO issued (transaction_id, csr_sha256, signing_sha256, decision_id, leaf_sha256,"
        " issued_at_ms, leaf_octets, certificates, profile, serial)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    if (!insert) return pass_on(insert);
    const Bytes& leaf = entry.certificates.front();
    const auto done = insert->bind(1, entry.key.transaction_id)
                          .bind(2, entry.key.csr_sha256)
                          .bind(3, entry.key.signing_sha256)
                          .bind(4, entry.decision_id)
                          .bind(5, sha256_hex(leaf))
                          .bind(6, to_unix_ms(entry.issued_at))
                          .bind(7, static_cast<std::int64_t>(leaf.size()))
                          .bind(8, ByteView(join_der(entry.certificates)))
                          .bind(9, entry.key.profile)
                          .bind(10, entry.serial)
                          .run();
    if (done) return {};
    if (database.last_error_is_constraint())
        return fail(ErrorCode::conflict, "a certificate is already recorded for this request");
    return Failure(done.error());
}

// A certificate issued so long ago that the same request counts as a new one makes room.
Result<void> retire_issued(Database& database, const RequestKey& key, WallTime replaceable) {
    auto update = database.prepare(
        "UPDATE issued SET current = 0 WHERE csr_sha256 = ?1 AND transaction_id = ?2 AND"
        " signing_sha256 = ?3 AND profile = ?4 AND current = 1 AND issued_at_ms <= ?5");
    if (!update) return pass_on(update);
    return update->bind(1, key.csr_sha256)
        .bind(2, key.transaction_id)
        .bind(3, key.signing_sha256)
        .bind(4, key.profile)
        .bind(5, to_unix_ms(replaceable))
        .run();
}

// The entry of a row of key columns, decision_id, issued_at_ms, certificates, serial.
Result<std::optional<IssuedEntry>> read_issued(sqlite::Statement& select) {
    auto row = select.step();
    if (!row) return pass_on(row);
    if (!*row) return std::optional<IssuedEntry>{};
    auto certificates = split_der(select.blob(6));
    if (!certificates) return pass_on(certificates, "journal, issued certificates");
    IssuedEntry entry;
    entry.key = {select.text(0), select.text(1), select.text(2), select.text(3)};
    entry.decision_id = select.text(4);
    entry.issued_at = from_unix_ms(select.integer(5));
    entry.certificates = std::move(*certificates);
    entry.serial = select.text(7);
    return std::optional(std::move(entry));
}

constexpr std::string_view kIssuedColumns =
    "SELECT transaction_id, csr_sha256, signing_sha256, profile, decision_id, issued_at_ms,"
    " certificates, serial FROM issued ";

Result<std::optional<IssuedEntry>> select_issued(Database& database, const RequestKey& key) {
    auto select = database.prepare(std::string(kIssuedColumns) +
                                   "WHERE csr_sha256 = ?1 AND transaction_id = ?2 AND"
                                   " signing_sha256 = ?3 AND profile = ?4 AND current = 1");
    if (!select) return pass_on(select);
    select->bind(1, key.csr_sha256)
        .bind(2, key.transaction_id)
        .bind(3, key.signing_sha256)
        .bind(4, key.profile);
    return read_issued(*select);
}

Result<std::optional<IssuedEntry>> select_serial(Database& database, std::string_view profile,
                                                 std::string_view serial) {
    auto select = database.prepare(std::string(kIssuedColumns) +
                                   "WHERE serial = ?1 AND profile = ?2 LIMIT 1");
    if (!select) return pass_on(select);
    select->bind(1, serial).bind(2, profile);
    return read_issued(*select);
}

class SqliteJournal final : public Journal {
  public:
    SqliteJournal(const std::filesystem::path& path, std::unique_ptr<sqlite::GroupCommit> writer,
                  const Clock& clock)
        : clock_(clock),
          writer_(std::move(writer)),
          readers_(path),
          notifies_(*writer_, readers_, clock),
          pending_(*writer_, readers_, clock),
          passwords_(*writer_, readers_, clock),
          serials_(*writer_, readers_) {}

    Result<std::optional<IssuedEntry>> find_issued(const RequestKey& key) override {
        return readers_.with<std::optional<IssuedEntry>>(
            [&](Database& database) { return select_issued(database, key); });
    }

    Result<std::optional<IssuedEntry>> find_serial(std::string_view profile,
                                                   std::string_view serial) override {
        return readers_.with<std::optional<IssuedEntry>>(
            [&](Database& database) { return select_serial(database, profile, serial); });
    }

    Result<bool> has_certificate(std::string_view sha256) override {
        return readers_.with<bool>([&](Database& database) -> Result<bool> {
            auto select = database.prepare("SELECT 1 FROM issued WHERE leaf_sha256 = ?1");
            if (!select) return pass_on(select);
            return select->bind(1, sha256).step();
        });
    }

    Result<void> record_issued(const IssuedEntry& entry, const PendingNotify& notify,
                               WallTime replaceable) override {
        if (entry.certificates.empty())
            return fail(ErrorCode::internal, "journal: nothing issued to record");
        const std::int64_t now_ms = to_unix_ms(clock_.now());
        return writer_->run([&](Database& database) -> Result<void> {
            if (auto done = retire_issued(database, entry.key, replaceable); !done) return done;
            if (auto done = insert_issued(database, entry); !done) return done;
            if (auto done = insert_notify(database, notify, now_ms, true); !done) return done;
            const std::string leaf = sha256_hex(entry.certificates.front());
            if (auto done = settle_serial(database, entry.serial, leaf); !done) return done;
            if (!entry.pending_id) return {};
            return close_pending_as_issued(database, *entry.pending_id);
        });
    }

    Result<void> record_notify(const PendingNotify& notify) override {
        if (!notify.certificate.empty())
            return fail(ErrorCode::internal, "journal: a certificate goes with record_issued");
        const std::int64_t now_ms = to_unix_ms(clock_.now());
        return writer_->run(
            [&](Database& database) { return insert_notify(database, notify, now_ms, false); });
    }

    NotifyQueue& notifies() override { return notifies_; }
    PendingRequests& pending() override { return pending_; }
    PasswordCache& passwords() override { return passwords_; }
    SerialLedger& serials() override { return serials_; }

    bool healthy() const override { return writer_->healthy(); }

  private:
    const Clock& clock_;
    std::unique_ptr<sqlite::GroupCommit> writer_;
    ReaderPool readers_;
    SqliteNotifyQueue notifies_;
    SqlitePendingRequests pending_;
    SqlitePasswordCache passwords_;
    SqliteSerialLedger serials_;
};

// Brings the journal to this program's schema, all in one transaction. Runs as the writer's first
// job, under its lock, so that a kill in between leaves what was there, taken up next time.
Result<void> migrate(Database& database, bool create) {
    const std::int64_t version = database.user_version();
    if (version < 0 || version > kJournalVersion)
        return fail(ErrorCode::configuration, "the journal has version " + std::to_string(version) +
                                                  "; this ndesd knows " +
                                                  std::to_string(kJournalVersion));
    if (version == 0 && !create)
        return fail(ErrorCode::configuration,
                    "the journal is empty; set journal.create = true to make a new one");
    for (auto step = static_cast<std::size_t>(version); step < kJournalSteps.size(); ++step)
        if (auto done = database.execute(kJournalSteps.at(step)); !done) return done;
    if (auto done = resume_interrupted(database); !done) return done;
    return database.execute("PRAGMA user_version = " + std::to_string(kJournalVersion));
}

// Makes the empty file, if there is none and one may be made.
Result<void> ensure_file(const std::filesystem::path& path, bool create) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return {};
    if (!create)
        return fail(ErrorCode::configuration,
                    "there is no journal at " + path.string() +
                        "; set journal.create = true for the first start");
    auto made = Database::open(path, sqlite::OpenMode::create);
    if (!made) return pass_on(made, "journal " + path.string());
    return {};
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& path, bool create,
                                               const Clock& clock) {
    if (auto file = ensure_file(path, create); !file) return pass_on(file);
    sqlite::GroupCommitOptions options;
    options.path = path;
    auto writer = sqlite::GroupCommit::start(options);
    if (!writer) return pass_on(writer, "journal " + path.string());
    auto ready = (*writer)->run([create](Database& database) { return migrate(database, create); });
    if (!ready) return pass_on(ready, "journal " + path.string());
    return std::unique_ptr<Journal>(
        std::make_unique<SqliteJournal>(path, std::move(*writer), clock));
}

}  // namespace ndes::scep
