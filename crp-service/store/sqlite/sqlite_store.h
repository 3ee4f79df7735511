// The SQLite backend's way in, for store_factory.cpp and nobody else.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "common/error.h"
#include "crp-service/store/audit_source.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// Opens an existing database with one writing and `readers` reading connections. configuration for
// a wrong schema; storage when another process holds the file or it cannot be used.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                 std::size_t readers);

// Schema version, structure of the file and its references. Reads only; may run beside crpd.
Result<std::string> check_sqlite_file(const std::filesystem::path& path);

// The audit of the file; reads only, may run beside crpd. configuration for a wrong schema.
Result<std::unique_ptr<AuditSource>> open_sqlite_audit(const std::filesystem::path& path);

}  // namespace ndes::crp
