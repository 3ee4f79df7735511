#include "crp-service/store/postgresql/backup.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "common/file_descriptor.h"
#include "common/process/child_program.h"
#include "crp-service/store/postgresql/connection_text.h"
#include "crp-service/store/postgresql/postgresql_store.h"
#include "crp-service/store/postgresql/schema.h"

namespace ndes::crp {
namespace pg {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDump = "/usr/bin/pg_dump";
constexpr const char* kRestore = "/usr/bin/pg_restore";
constexpr std::chrono::hours kDeadline{24};
constexpr const char* kSessions =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()";
constexpr const char* kIssued = "SELECT count(*) FROM challenge WHERE state = 'issued'";
constexpr const char* kRevokeIssued =
    "UPDATE challenge SET state = 'revoked' WHERE state = 'issued'";
constexpr const char* kNoteRestore =
    "INSERT INTO last_restore (id, restored_at) VALUES (1, $1) "
    "ON CONFLICT (id) DO UPDATE SET restored_at = excluded.restored_at";
constexpr const char* kTail = "SELECT sequence, hash FROM node WHERE name = $1";

// The text without its passwords, which go by the environment: arguments are seen by everybody.
struct Target {
    std::string text;
    std::string password;
};

Target target_of(const std::string& connection_text) {
    return {without_passwords(connection_text), keyword(connection_text, "password")};
}

Result<void> run(std::vector<std::string> arguments, const Target& target) {
    ChildOrder order;
    const std::string name = arguments.front();
    arguments.emplace_back("--dbname=" + target.text);
    order.arguments = std::move(arguments);
    order.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"};
    if (!target.password.empty()) order.environment.push_back("PGPASSWORD=" + target.password);
    order.deadline = kDeadline;
    auto ended = run_child(order);
    if (!ended) return pass_on(ended, "package postgresql-client");
    if (ended->exit_code == 0) return {};
    return fail(ErrorCode::storage, name + " ended with " + std::to_string(ended->exit_code),
                ended->errors);
}

Result<AuditTail> tail_of(Connection& connection, const std::string& node) {
    auto rows = connection.ask_text(kTail, Values(node));
    if (!rows) return pass_on(rows);
    if (rows->empty()) return AuditTail{};
    Row row = rows->row(0);
    AuditTail tail;
    tail.sequence = row.integer();
    tail.hash = row.text();
    return tail;
}

// pg_dump writes into a file that exists: one that nobody else can read.
Result<void> make_private_file(const fs::path& path) {
    const FileDescriptor fd(
        ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (fd) return {};
    return fail(ErrorCode::storage, "cannot create " + path.string());
}

Result<void> expect_no_session(Connection& connection, const std::string& role) {
    auto sessions = number_of(connection, kSessions, Values(role));
    if (!sessions) return pass_on(sessions);
    if (*sessions == 0) return {};
    return fail(ErrorCode::conflict,
                "role " + role + " has " + std::to_string(*sessions) + " sessions; stop crpd");
}

Result<void> rename_schema(Connection& connection, const std::string& from, const std::string& to) {
    return connection.run_script("ALTER SCHEMA " + identifier(from) + " RENAME TO " +
                                 identifier(to));
}

// What may have been used since the backup, whether it is on record or not. How many were.
Result<std::int64_t> withdraw_challenges(Connection& connection, WallTime now) {
    auto noted = connection.ask_text(kNoteRestore, Values(to_unix_ms(now)));
    if (!noted) return pass_on(noted);
    auto issued = number_of(connection, kIssued);
    if (!issued) return issued;
    if (auto done = connection.run_script(kRevokeIssued); !done) return pass_on(done);
    return issued;
}

Result<Restored> fill(const Owner& owner, const StoreOptions& options, const Target& target,
                      const RestoreOrder& order, Restored restored, const Clock& clock) {
    auto loaded = run({kRestore, "--exit-on-error", "--single-transaction", "--no-owner",
                       "--no-privileges", order.from.string()},
                      target);
    if (!loaded) return pass_on(loaded, order.from.string());
    auto migrated = migrate_postgresql_schema(options, clock);
    if (!migrated) return pass_on(migrated, order.from.string());
    restored.schema_version = migrated->from;
    if (!order.keep_challenges) {
        auto revoked = withdraw_challenges(*owner.connection, clock.now());
        if (!revoked) return pass_on(revoked);
        restored.challenges_revoked = *revoked;
    }
    auto store = open_postgresql_store(options);
    if (!store) return pass_on(store);
    auto told = (*store)->append_audit(restore_record(order, restored, clock));
    if (!told) return pass_on(told);
    return restored;
}

void put_back(Connection& connection, const std::string& replaced) {
    static_cast<void>(connection.run_script("DROP SCHEMA IF EXISTS crp CASCADE"));
    if (!replaced.empty()) static_cast<void>(rename_schema(connection, replaced, "crp"));
}

}  // namespace
}  // namespace pg

Result<AuditTail> backup_postgresql(const StoreOptions& options, const std::filesystem::path& to) {
    std::error_code error;
    if (std::filesystem::exists(to, error)) {
        return fail(ErrorCode::conflict, to.string() + " exists already");
    }
    auto text = pg::owner_connection_text(options);
    if (!text) return pass_on(text);
    auto connection = pg::Connection::open(*text);
    if (!connection) return pass_on(connection);
    if (auto known = pg::check_schema(**connection); !known) return pass_on(known);
    auto tail = pg::tail_of(**connection, options.node);
    if (!tail) return tail;
    const std::filesystem::path partial = to.string() + ".partial";
    if (auto made = pg::make_private_file(partial); !made) return pass_on(made);
    auto done = pg::run({pg::kDump, "--format=custom", "--schema=crp", "--no-owner",
                         "--no-privileges", "--file=" + partial.string()},
                        pg::target_of(*text));
    if (done) done = publish_file_durably(partial, to);
    std::filesystem::remove(partial, error);
    if (!done) return pass_on(done);
    return tail;
}

Result<Restored> restore_postgresql(const StoreOptions& options, const RestoreOrder& order,
                                    const Clock& clock) {
    auto text = pg::owner_connection_text(options);
    if (!text) return pass_on(text);
    auto owner = pg::open_owner(options);
    if (!owner) return pass_on(owner);
    pg::Connection& connection = *owner->connection;
    if (auto made = pg::make_role(connection, owner->role); !made) return pass_on(made);
    if (auto alone = pg::expect_no_session(connection, owner->role); !alone) return pass_on(alone);
    auto exists = pg::has_schema(connection);
    if (!exists) return pass_on(exists);
    Restored restored;
    if (*exists) {
        if (!order.replace) {
            return fail(ErrorCode::conflict,
                        "schema crp of " + postgresql_place(options) + " exists already");
        }
        if (auto tail = pg::tail_of(connection, options.node)) restored.replaced_audit = *tail;
        restored.replaced = "crp_replaced_" + std::to_string(to_unix_ms(clock.now()) / 1000);
        auto renamed = pg::rename_schema(connection, "crp", restored.replaced.string());
        if (!renamed) return pass_on(renamed);
    }
    const std::string replaced = restored.replaced.string();
    auto filled =
        pg::fill(*owner, options, pg::target_of(*text), order, std::move(restored), clock);
    if (!filled) pg::put_back(connection, replaced);
    return filled;
}

}  // namespace ndes::crp
