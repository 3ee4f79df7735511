#include "crp-service/store/sqlite/backup.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/file.h"
#include "common/sqlite/database.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/sqlite/sqlite_store.h"

namespace ndes::crp {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::OpenMode;

constexpr const char* kCopy = "VACUUM INTO ?";
constexpr const char* kLastOfAudit =
    "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";
constexpr const char* kRevokeIssued =
    "UPDATE challenge SET state = 'revoked' WHERE state = 'issued'";
constexpr const char* kNoteRestore =
    "INSERT OR REPLACE INTO last_restore (id, restored_at) VALUES (1, ?)";
constexpr const char* kFoldWal = "PRAGMA wal_checkpoint(TRUNCATE)";

// A database that is being made: its files go again unless it got its name.
class Unfinished {
  public:
    explicit Unfinished(fs::path path) : path_(std::move(path)) { remove(); }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() { remove(); }
    const fs::path& path() const { return path_; }

  private:
    void remove() {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm", "-journal", ".lock"}) {
            fs::remove(path_.string() + suffix, ignored);
        }
    }
    fs::path path_;
};

Failure exists_already(const fs::path& path) {
    return fail(ErrorCode::conflict, path.string() + " exists already");
}

// One consistent state of `from`, as a file of its own that only the owner and group can read.
Result<void> copy_database(const fs::path& from, const fs::path& to) {
    auto source = Database::open(from, OpenMode::read_only);
    if (!source) return pass_on(source);
    if (auto empty = Database::open(to, OpenMode::create); !empty) return pass_on(empty);
    auto statement = source->prepare(kCopy);
    if (!statement) return pass_on(statement, from.string());
    if (auto done = statement->bind(1, to.string()).run(); !done) {
        return pass_on(done, "copying " + from.string());
    }
    return {};
}

Result<AuditTail> last_of_audit(const fs::path& path) {
    auto database = Database::open(path, OpenMode::read_only);
    if (!database) return pass_on(database);
    auto statement = database->prepare(kLastOfAudit);
    if (!statement) return pass_on(statement);
    auto row = statement->step();
    if (!row) return pass_on(row);
    if (!*row) return AuditTail{};
    return AuditTail{statement->integer(0), statement->text(1)};
}

// What may have been used since the backup, whether it is on record or not. How many were.
Result<std::int64_t> withdraw_challenges(const fs::path& path, WallTime now) {
    auto database = Database::open(path, OpenMode::read_write);
    if (!database) return pass_on(database);
    auto note = database->prepare(kNoteRestore);
    if (!note) return pass_on(note);
    if (auto done = note->bind(1, to_unix_ms(now)).run(); !done) return pass_on(done);
    if (auto done = database->execute(kRevokeIssued); !done) return pass_on(done);
    return database->changes();
}

Result<void> record(const fs::path& path, const RestoreOrder& order, const Restored& restored,
                    const Clock& clock) {
    auto store = open_sqlite_store(path, 1);
    if (!store) return pass_on(store);
    return (*store)->append_audit(restore_record(order, restored, clock));
}

Result<void> fold_wal(const fs::path& path) {
    auto database = Database::open(path, OpenMode::read_write);
    if (!database) return pass_on(database);
    return database->execute(kFoldWal);
}

// The replaced database with whatever its last crpd left beside it.
Result<void> set_aside(const fs::path& path, const fs::path& aside) {
    for (const char* suffix : {"-wal", "-shm", ""}) {
        const fs::path file = path.string() + suffix;
        std::error_code error;
        if (!fs::exists(file, error)) continue;
        if (auto moved = publish_file_durably(file, aside.string() + suffix); !moved) return moved;
    }
    return {};
}

// Everything that can fail for the backup's sake happens here, to a file nobody uses yet.
Result<Restored> prepare(const fs::path& path, const RestoreOrder& order, Restored restored,
                         const Clock& clock) {
    if (auto copied = copy_database(order.from, path); !copied) return pass_on(copied);
    auto migrated = migrate_schema(path, clock);
    if (!migrated) return pass_on(migrated);
    restored.schema_version = migrated->from;
    if (auto whole = check_sqlite_file(path); !whole) return pass_on(whole);
    if (!order.keep_challenges) {
        auto revoked = withdraw_challenges(path, clock.now());
        if (!revoked) return pass_on(revoked);
        restored.challenges_revoked = *revoked;
    }
    if (auto told = record(path, order, restored, clock); !told) return pass_on(told);
    if (auto folded = fold_wal(path); !folded) return pass_on(folded);
    return restored;
}

}  // namespace

Result<AuditTail> backup_sqlite(const fs::path& path, const fs::path& to) {
    std::error_code error;
    if (fs::exists(to, error)) return exists_already(to);
    const Unfinished unfinished(to.string() + ".partial");
    if (auto copied = copy_database(path, unfinished.path()); !copied) return pass_on(copied);
    if (auto whole = check_sqlite_file(unfinished.path()); !whole) return pass_on(whole);
    auto place = last_of_audit(unfinished.path());
    if (!place) return place;
    if (auto done = publish_file_durably(unfinished.path(), to); !done) return pass_on(done);
    return place;
}

Result<Restored> restore_sqlite(const fs::path& path, const RestoreOrder& order,
                                const Clock& clock) {
    Restored restored;
    std::error_code error;
    if (fs::is_symlink(path, error))
        return fail(ErrorCode::configuration, path.string() + ": is a symbolic link",
                    "name the file that it leads to: " + fs::read_symlink(path, error).string());
    if (fs::exists(path, error)) {
        if (!order.replace) return exists_already(path);
        restored.replaced =
            path.string() + ".replaced-" + std::to_string(to_unix_ms(clock.now()) / 1000);
        // A damaged database has no place that can be told; it is set aside all the same.
        restored.replaced_audit = last_of_audit(path).value_or(AuditTail{});
    }
    const Unfinished unfinished(path.string() + ".restoring");
    auto ready = prepare(unfinished.path(), order, restored, clock);
    if (!ready) return ready;
    if (!restored.replaced.empty()) {
        if (auto kept = set_aside(path, restored.replaced); !kept) return pass_on(kept);
    }
    if (auto done = publish_file_durably(unfinished.path(), path); !done) return pass_on(done);
    return ready;
}

}  // namespace ndes::crp
