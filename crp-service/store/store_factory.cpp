#include "crp-service/store/store_factory.h"

#include <string>

#include "common/sqlite/file_lock.h"
#include "crp-service/store/postgresql/backup.h"
#include "crp-service/store/postgresql/postgresql_store.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/sqlite/backup.h"
#include "crp-service/store/sqlite/sqlite_store.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxReaders = 64;

bool is_postgresql(const StoreOptions& options) { return options.kind == "postgresql"; }

Result<void> check_options(const StoreOptions& options) {
    if (options.readers < 1 || options.readers > kMaxReaders) {
        return fail(ErrorCode::configuration, "store.readers: must be 1 to 64");
    }
    if (is_postgresql(options)) return {};
    if (options.kind != "sqlite") {
        return fail(ErrorCode::configuration,
                    "store.kind: \"" + options.kind +
                        "\" is unknown; this program has \"sqlite\" and \"postgresql\"");
    }
    if (options.path.empty()) return fail(ErrorCode::configuration, "store.path: is empty");
    return {};
}

Result<void> check_exists(const StoreOptions& options) {
    if (auto valid = check_options(options); !valid || is_postgresql(options)) return valid;
    std::error_code error;
    if (std::filesystem::is_regular_file(options.path, error)) return {};
    return fail(ErrorCode::configuration,
                "there is no database " + options.path.string() + "; run `crpctl db create`",
                error.message());
}

// At the start every failure needs an operator, whatever kind it is later.
template <class T>
Failure refuse_start(Result<T>& failed, const StoreOptions& options) {
    failed.error().code = ErrorCode::configuration;
    return pass_on(failed, "store " + place_of(options));
}

std::filesystem::path lock_of(const StoreOptions& options) {
    return options.path.string() + ".lock";
}

Result<sqlite::FileLock> lock(const StoreOptions& options) {
    auto held = sqlite::FileLock::acquire(lock_of(options), std::chrono::milliseconds(0));
    if (!held) return refuse_start(held, options);
    return held;
}

}  // namespace

std::string place_of(const StoreOptions& options) {
    return is_postgresql(options) ? postgresql_place(options) : options.path.string();
}

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock&) {
    if (auto exists = check_exists(options); !exists) return pass_on(exists);
    auto store = is_postgresql(options) ? open_postgresql_store(options)
                                        : open_sqlite_store(options.path, options.readers);
    if (!store) return refuse_start(store, options);
    return store;
}

Result<void> create_store(const StoreOptions& options, const Clock& clock) {
    if (auto valid = check_options(options); !valid) return valid;
    if (is_postgresql(options)) return create_postgresql_schema(options, clock);
    auto held = lock(options);
    if (!held) return pass_on(held);
    return create_schema(options.path, clock);
}

Result<Migration> migrate_store(const StoreOptions& options, const Clock& clock) {
    if (auto exists = check_exists(options); !exists) return pass_on(exists);
    if (is_postgresql(options)) return migrate_postgresql_schema(options, clock);
    auto held = lock(options);
    if (!held) return pass_on(held);
    return migrate_schema(options.path, clock);
}

Result<AuditTail> backup_store(const StoreOptions& options, const std::filesystem::path& to) {
    if (auto exists = check_exists(options); !exists) return pass_on(exists);
    if (is_postgresql(options)) return backup_postgresql(options, to);
    return backup_sqlite(options.path, to);
}

AuditRecord restore_record(const RestoreOrder& order, const Restored& restored,
                           const Clock& clock) {
    AuditRecord audit;
    audit.time = clock.now();
    audit.event = "restore-database";
    audit.outcome = "permit";
    audit.facts = {{"backup", order.from.string()},
                   {"backup_schema_version", std::to_string(restored.schema_version)},
                   {"challenges_revoked", std::to_string(restored.challenges_revoked)}};
    if (!restored.replaced.empty()) {
        audit.facts.emplace_back("replaced_database", restored.replaced.string());
        audit.facts.emplace_back("replaced_audit_sequence",
                                 std::to_string(restored.replaced_audit.sequence));
        audit.facts.emplace_back("replaced_audit_hash", restored.replaced_audit.hash);
    }
    return audit;
}

Result<Restored> restore_store(const StoreOptions& options, const RestoreOrder& order,
                               const Clock& clock) {
    if (auto valid = check_options(options); !valid) return pass_on(valid);
    if (is_postgresql(options)) return restore_postgresql(options, order, clock);
    auto held = lock(options);
    if (!held) return pass_on(held);
    auto restored = restore_sqlite(options.path, order, clock);
    // A lock beside no database would be all that a failed restore leaves; it is still ours.
    std::error_code ignored;
    if (!restored && !std::filesystem::exists(options.path, ignored)) {
        std::filesystem::remove(lock_of(options), ignored);
    }
    return restored;
}

Result<std::unique_ptr<AuditSource>> open_audit(const StoreOptions& options) {
    if (auto exists = check_exists(options); !exists) return pass_on(exists);
    auto source =
        is_postgresql(options) ? open_postgresql_audit(options) : open_sqlite_audit(options.path);
    if (!source) return refuse_start(source, options);
    return source;
}

Result<std::string> check_store(const StoreOptions& options) {
    if (auto exists = check_exists(options); !exists) return pass_on(exists);
    return is_postgresql(options) ? check_postgresql_database(options)
                                  : check_sqlite_file(options.path);
}

}  // namespace ndes::crp
