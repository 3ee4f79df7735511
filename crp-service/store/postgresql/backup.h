// Dumps of a PostgreSQL database by its own pg_dump and pg_restore; for store_factory.cpp and
// nobody else. Both programs have to be of the server's version or newer.
#pragma once

#include <filesystem>

#include "common/clock.h"
#include "common/error.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp {

// As the schema's owner; crpd may run. The tail is that of the node options.node. See
// backup_store().
Result<AuditTail> backup_postgresql(const StoreOptions& options, const std::filesystem::path& to);

// A schema that exists is renamed, and gets its name back when the restore fails. conflict while
// crpd's role has a session. See restore_store().
Result<Restored> restore_postgresql(const StoreOptions& options, const RestoreOrder& order,
                                    const Clock& clock);

}  // namespace ndes::crp
