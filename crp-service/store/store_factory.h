// Name → backend. Adding a backend: its file, and one line in store_factory.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "common/clock.h"
#include "crp-service/store/audit_chain.h"
#include "crp-service/store/audit_source.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

struct StoreOptions {
    std::string kind = "sqlite";  // "sqlite", "postgresql"
    std::filesystem::path path;   // sqlite: the database file
    std::size_t readers = 8;      // connections for reads
    // postgresql: crpd's libpq keywords without a password, or a file with them
    std::string connection = {};
    std::filesystem::path connection_file = {};
    std::string node = "crpd";  // postgresql: this program's name among those on the database
    // postgresql, for crpctl: the same of the schema's owner; none: as crpd
    std::string owner_connection = {};
    std::filesystem::path owner_connection_file = {};
};

// Where the database is, to be shown; without any password.
std::string place_of(const StoreOptions& options);

// Opens an existing database. configuration when it is missing (names `crpctl db create`), when
// its schema version is not the program's, or when another process holds it.
Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock);

// Creates a new, empty database with the current schema. conflict if it exists.
Result<void> create_store(const StoreOptions& options, const Clock& clock);

// Brings an existing database to the current schema, step by step; returns the versions passed.
struct Migration {
    int from = 0;
    int to = 0;
};
Result<Migration> migrate_store(const StoreOptions& options, const Clock& clock);

// Schema version and integrity; configuration or storage with what is wrong.
Result<std::string> check_store(const StoreOptions& options);

// One consistent state of the database as the new file `to`, checked and durable; how far its audit
// goes. May run beside crpd. conflict if `to` exists.
Result<AuditTail> backup_store(const StoreOptions& options, const std::filesystem::path& to);

struct RestoreOrder {
    std::filesystem::path from;  // what backup_store() made, also of an older schema version
    bool replace = false;        // a database that exists is set aside; else: conflict
    // A challenge that was `issued` when the backup was made may have been used since; one that was
    // sealed without a call to us is not even on record then. The former are revoked and the
    // restore is noted for the latter (Store::last_restore()), unless this says that none was used.
    bool keep_challenges = false;
};
struct Restored {
    int schema_version = 0;  // the backup's
    std::int64_t challenges_revoked = 0;
    // Where the replaced database (PostgreSQL: schema) is now; empty: there was none.
    std::filesystem::path replaced;
    AuditTail replaced_audit;
};
// Makes the database from a backup, with an audit record that says so. Stop crpd first. Until the
// last step nothing that exists is touched. configuration or storage for a backup that is not
// whole or not ours.
Result<Restored> restore_store(const StoreOptions& options, const RestoreOrder& order,
                               const Clock& clock);

// What the audit of a restored database says of that; for the backends.
AuditRecord restore_record(const RestoreOrder& order, const Restored& restored, const Clock& clock);

// The audit alone, for its verification: reads only and may run beside crpd.
Result<std::unique_ptr<AuditSource>> open_audit(const StoreOptions& options);

}  // namespace ndes::crp
