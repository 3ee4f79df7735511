#include "crp-service/store/schema_version.h"

#include <string>

namespace ndes::crp {
namespace {

using sqlite::Database;
using sqlite::OpenMode;

constexpr const char* kRecordStep = "INSERT INTO schema_step (version, applied_at) VALUES (?, ?)";
constexpr const char* kApplicationIdOf = "PRAGMA application_id";

Result<std::int64_t> application_id(Database& database) {
    auto statement = database.prepare(kApplicationIdOf);
    if (!statement) return pass_on(statement);
    auto row = statement->step();
    if (!row) return pass_on(row);
    return statement->integer(0);
}

Result<void> check_ours(Database& database) {
    auto id = application_id(database);
    if (!id) {
        return fail(ErrorCode::configuration, "the file is not a database", id.error().detail);
    }
    if (*id != kApplicationId) {
        return fail(ErrorCode::configuration, "the database is not one of crpd");
    }
    return {};
}

Result<void> apply_in_transaction(Database& database, int version, const Clock& clock) {
    const auto& step = schema_steps()[static_cast<std::size_t>(version - 1)];
    if (auto done = database.execute(std::string(step.sql)); !done) {
        return pass_on(done, step.name);
    }
    auto record = database.prepare(kRecordStep);
    if (!record) return pass_on(record, step.name);
    if (auto done = record->bind(1, version).bind(2, to_unix_ms(clock.now())).run(); !done) {
        return pass_on(done, step.name);
    }
    return database.execute("PRAGMA user_version = " + std::to_string(version) +
                            "; PRAGMA application_id = " + std::to_string(kApplicationId));
}

Result<void> apply(Database& database, int version, const Clock& clock) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto done = apply_in_transaction(database, version, clock); !done) {
        static_cast<void>(database.execute("ROLLBACK"));
        return done;
    }
    return database.execute("COMMIT");
}

Result<void> apply_from(Database& database, int version, const Clock& clock) {
    const std::string durable = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
    if (auto set = database.execute(durable); !set) return set;
    while (version < schema_version()) {
        if (auto done = apply(database, ++version, clock); !done) return done;
    }
    return database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

void remove_files(const std::filesystem::path& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(path.string() + suffix, ignored);
    }
}

}  // namespace

int schema_version() { return static_cast<int>(schema_steps().size()); }

Result<void> check_schema(Database& database) {
    if (auto ours = check_ours(database); !ours) return ours;
    return judge_version(database.user_version(), schema_version());
}

Result<void> create_schema(const std::filesystem::path& path, const Clock& clock) {
    std::error_code error;
    if (std::filesystem::exists(path, error) || error) {
        return fail(ErrorCode::conflict, path.string() + " exists already",
                    error ? error.message() : "");
    }
    auto database = Database::open(path, OpenMode::create);
    if (!database) return pass_on(database);
    auto done = apply_from(*database, 0, clock);
    if (done) return {};
    database = fail(ErrorCode::storage, "");  // closes the file before it goes
    remove_files(path);
    return pass_on(done, path.string());
}

Result<Migration> migrate_schema(const std::filesystem::path& path, const Clock& clock) {
    auto database = Database::open(path, OpenMode::read_write);
    if (!database) return pass_on(database);
    if (auto ours = check_ours(*database); !ours) return pass_on(ours, path.string());
    const std::int64_t from = database->user_version();
    if (from < 1 || from > schema_version()) {
        return fail(ErrorCode::configuration,
                    path.string() + ": " + versions(from, schema_version()));
    }
    if (auto done = apply_from(*database, static_cast<int>(from), clock); !done) {
        return pass_on(done, path.string());
    }
    return Migration{static_cast<int>(from), schema_version()};
}

}  // namespace ndes::crp
