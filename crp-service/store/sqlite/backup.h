// Copies of an SQLite database and their return; for store_factory.cpp and nobody else.
#pragma once

#include <filesystem>

#include "common/clock.h"
#include "common/error.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp {

// Reads only and may run beside crpd. See backup_store().
Result<AuditTail> backup_sqlite(const std::filesystem::path& path, const std::filesystem::path& to);

// The caller holds the file's lock. See restore_store().
Result<Restored> restore_sqlite(const std::filesystem::path& path, const RestoreOrder& order,
                                const Clock& clock);

}  // namespace ndes::crp
