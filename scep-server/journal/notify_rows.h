// Rows of the journal's notify table, written by more than one part of it. One connection's
// thread, inside the writer's transaction.
#pragma once

#include <cstdint>

#include "common/error.h"
#include "common/sqlite/database.h"
#include "scep-server/journal/journal_entries.h"

namespace ndes::scep {

// `due_ms`: now; the first attempt may be made then. With a certificate, the issued row inserted
// just before on this connection is the one it belongs to.
Result<void> insert_notify(sqlite::Database& database, const PendingNotify& notify,
                           std::int64_t due_ms, bool of_last_issued);

}  // namespace ndes::scep
