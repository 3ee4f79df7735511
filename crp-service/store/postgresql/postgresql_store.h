// The PostgreSQL backend's way in, for store_factory.cpp and nobody else.
#pragma once

#include <memory>
#include <string>

#include "common/error.h"
#include "crp-service/store/audit_source.h"
#include "crp-service/store/store.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp {

// Opens an existing database as the role of options.connection. configuration for a wrong schema
// or a role that may do more than crpd needs; storage when the server cannot be reached.
Result<std::unique_ptr<Store>> open_postgresql_store(const StoreOptions& options);

// The same three for the owner (options.owner_connection, else options.connection): see
// store_factory.h. Both also grant options.connection's role what it needs, and make that role,
// without a password, if there is none.
Result<void> create_postgresql_schema(const StoreOptions& options, const Clock& clock);
Result<Migration> migrate_postgresql_schema(const StoreOptions& options, const Clock& clock);
Result<std::string> check_postgresql_database(const StoreOptions& options);

// host:port/database, to be shown; as far as the settings can be read.
std::string postgresql_place(const StoreOptions& options);

// The audit; reads only, may run beside crpd. configuration for a wrong schema.
Result<std::unique_ptr<AuditSource>> open_postgresql_audit(const StoreOptions& options);

}  // namespace ndes::crp
