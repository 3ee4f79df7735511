#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "common/crypto/digest.h"
#include "common/sqlite/database.h"
#include "common/sqlite/group_commit.h"
#include "scep-server/journal/der_list.h"
#include "scep-server/journal/journal.h"
#include "scep-server/journal/reader_pool.h"
#include "scep-server/journal/schema.h"

namespace ndes::scep {
namespace {

using sqlite::Database;

Result<void> insert_issued(Database& database, const IssuedEntry& entry) {
    auto insert = database.prepare(
        "INSERT INTO issued (transaction_id, csr_sha256, signing_sha256, decision_id, leaf_sha256,"
        " issued_at_ms, leaf_octets, certificates) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
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
                          .run();
    if (done) return {};
    if (database.last_error_is_constraint())
        return fail(ErrorCode::conflict, "a certificate is already recorded for this request");
    return Failure(done.error());
}

// `due_ms`: when the first attempt may be made. With a certificate, the issued row inserted just
// before on this connection is the one it belongs to.
Result<void> insert_notify(Database& database, const PendingNotify& notify, std::int64_t due_ms,
                           bool of_last_issued) {
    auto insert = database.prepare(
        "INSERT INTO notify (transaction_id, request_id, challenge_sealed, disposition,"
        " last_result, issued_id, next_attempt_ms) VALUES (?1, ?2, ?3, ?4, ?5,"
        " CASE WHEN ?6 = 1 THEN last_insert_rowid() END, ?7)");
    if (!insert) return pass_on(insert);
    return insert->bind(1, notify.transaction_id)
        .bind(2, notify.request_id)
        .bind(3, notify.challenge_sealed)
        .bind(4, std::int64_t{notify.disposition})
        .bind(5, std::int64_t{notify.last_result})
        .bind(6, of_last_issued ? 1 : 0)
        .bind(7, due_ms)
        .run();
}

Result<std::optional<IssuedEntry>> select_issued(Database& database, const RequestKey& key) {
    auto select = database.prepare(
        "SELECT decision_id, issued_at_ms, certificates FROM issued"
        " WHERE csr_sha256 = ?1 AND transaction_id = ?2 AND signing_sha256 = ?3");
    if (!select) return pass_on(select);
    select->bind(1, key.csr_sha256).bind(2, key.transaction_id).bind(3, key.signing_sha256);
    auto row = select->step();
    if (!row) return pass_on(row);
    if (!*row) return std::optional<IssuedEntry>{};
    auto certificates = split_der(select->blob(2));
    if (!certificates) return pass_on(certificates, "journal, issued certificates");
    return std::optional(IssuedEntry{key, select->text(0), std::move(*certificates),
                                     from_unix_ms(select->integer(1))});
}

PendingNotify read_notify(const sqlite::Statement& row) {
    PendingNotify notify;
    notify.id = row.integer(0);
    notify.transaction_id = row.text(1);
    notify.request_id = row.text(2);
    notify.challenge_sealed = row.text(3);
    notify.disposition = static_cast<std::int32_t>(row.integer(4));
    notify.last_result = static_cast<std::int32_t>(row.integer(5));
    notify.attempts = static_cast<int>(row.integer(6));
    if (!row.is_null(7)) notify.certificate = row.blob(7);
    return notify;
}

Result<std::vector<PendingNotify>> select_due(Database& database, std::int64_t now_ms,
                                              std::size_t limit) {
    auto select = database.prepare(
        "SELECT n.id, n.transaction_id, n.request_id, n.challenge_sealed, n.disposition,"
        " n.last_result, n.attempts, substr(i.certificates, 1, i.leaf_octets)"
        " FROM notify n LEFT JOIN issued i ON i.id = n.issued_id"
        " WHERE n.next_attempt_ms <= ?1 AND NOT EXISTS (SELECT 1 FROM notify older"
        " WHERE older.transaction_id = n.transaction_id AND older.id < n.id)"
        " ORDER BY n.next_attempt_ms, n.id LIMIT ?2");
    if (!select) return pass_on(select);
    select->bind(1, now_ms).bind(2, static_cast<std::int64_t>(limit));
    std::vector<PendingNotify> due;
    while (true) {
        auto row = select->step();
        if (!row) return pass_on(row);
        if (!*row) return due;
        due.push_back(read_notify(*select));
    }
}

class SqliteJournal final : public Journal {
  public:
    SqliteJournal(const std::filesystem::path& path, std::unique_ptr<sqlite::GroupCommit> writer,
                  const Clock& clock)
        : clock_(clock), writer_(std::move(writer)), readers_(path) {}

    Result<std::optional<IssuedEntry>> find_issued(const RequestKey& key) override {
        return readers_.with<std::optional<IssuedEntry>>(
            [&](Database& database) { return select_issued(database, key); });
    }

    Result<bool> has_certificate(std::string_view sha256) override {
        return readers_.with<bool>([&](Database& database) -> Result<bool> {
            auto select = database.prepare("SELECT 1 FROM issued WHERE leaf_sha256 = ?1");
            if (!select) return pass_on(select);
            return select->bind(1, sha256).step();
        });
    }

    Result<void> record_issued(const IssuedEntry& entry, const PendingNotify& notify) override {
        if (entry.certificates.empty())
            return fail(ErrorCode::internal, "journal: nothing issued to record");
        const std::int64_t now_ms = to_unix_ms(clock_.now());
        return writer_->run([&](Database& database) -> Result<void> {
            if (auto done = insert_issued(database, entry); !done) return done;
            return insert_notify(database, notify, now_ms, true);
        });
    }

    Result<void> record_notify(const PendingNotify& notify) override {
        if (!notify.certificate.empty())
            return fail(ErrorCode::internal, "journal: a certificate goes with record_issued");
        const std::int64_t now_ms = to_unix_ms(clock_.now());
        return writer_->run(
            [&](Database& database) { return insert_notify(database, notify, now_ms, false); });
    }

    Result<std::vector<PendingNotify>> pending_notifies(std::size_t limit) override {
        return readers_.with<std::vector<PendingNotify>>([&](Database& database) {
            return select_due(database, to_unix_ms(clock_.now()), limit);
        });
    }

    Result<std::size_t> pending_notify_count() override {
        return readers_.with<std::size_t>([](Database& database) -> Result<std::size_t> {
            auto select = database.prepare("SELECT count(id) FROM notify");
            if (!select) return pass_on(select);
            if (auto row = select->step(); !row) return pass_on(row);
            return static_cast<std::size_t>(select->integer(0));
        });
    }

    Result<void> notify_acknowledged(std::int64_t id) override {
        return writer_->run([id](Database& database) -> Result<void> {
            auto remove = database.prepare("DELETE FROM notify WHERE id = ?1");
            if (!remove) return pass_on(remove);
            return remove->bind(1, id).run();
        });
    }

    Result<void> notify_failed(std::int64_t id, WallTime next_attempt) override {
        return writer_->run([id, next_attempt](Database& database) -> Result<void> {
            auto update = database.prepare(
                "UPDATE notify SET attempts = attempts + 1, next_attempt_ms = ?2 WHERE id = ?1");
            if (!update) return pass_on(update);
            return update->bind(1, id).bind(2, to_unix_ms(next_attempt)).run();
        });
    }

    bool healthy() const override { return writer_->healthy(); }

  private:
    const Clock& clock_;
    std::unique_ptr<sqlite::GroupCommit> writer_;
    ReaderPool readers_;
};

// Puts the tables into a journal that has none yet, all in one transaction. Runs as the writer's
// first job, under its lock, so that a kill in between leaves an empty file, taken up next time.
Result<void> migrate(Database& database, bool create) {
    const std::int64_t version = database.user_version();
    if (version == kJournalVersion) return {};
    if (version != 0)
        return fail(ErrorCode::configuration, "the journal has version " + std::to_string(version) +
                                                  "; this ndesd knows " +
                                                  std::to_string(kJournalVersion));
    if (!create)
        return fail(ErrorCode::configuration,
                    "the journal is empty; set journal.create = true to make a new one");
    if (auto tables = database.execute(kJournalSchema); !tables) return tables;
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
