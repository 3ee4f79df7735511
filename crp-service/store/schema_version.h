// The version of a SQLite database against the program's: checks, creates and migrates.
// Knows no table. The steps are schema/sqlite/NNNN_*.sql, compiled in. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "common/clock.h"
#include "common/error.h"
#include "common/sqlite/database.h"
#include "crp-service/store/schema_step.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp {

// "NCRP": marks the file as ours (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x4E435250;

// In order; step N (from 1) leads from version N-1 to version N.
std::span<const SchemaStep> schema_steps();

// The version this program works with.
int schema_version();

// configuration unless the database is ours and has this program's version; the text says which
// versions meet and what to do.
Result<void> check_schema(sqlite::Database& database);

// Makes the file with all steps applied. conflict if it exists; on another failure no file is left.
Result<void> create_schema(const std::filesystem::path& path, const Clock& clock);

// Applies the missing steps, each in a transaction of its own. The caller holds the file's lock.
Result<Migration> migrate_schema(const std::filesystem::path& path, const Clock& clock);

}  // namespace ndes::crp
