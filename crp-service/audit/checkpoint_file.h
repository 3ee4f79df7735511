// The checkpoint file: signed checkpoints outside of the database, a line each (audit_lines.h),
// however a crash or a full disk left its end. One writer at a time; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "common/error.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// One whole line, on disk when this returns; after a failure the file is as it was, if the disk
// permits. A line that was torn before stays a line of its own.
Result<void> append_to_checkpoint_file(const std::filesystem::path& file,
                                       const AuditCheckpoint& checkpoint);

struct KeptCheckpoints {
    std::vector<AuditCheckpoint> checkpoints;
    std::size_t torn = 0;  // lines whose end was never written: no checkpoint, and no fault either
};
// The checkpoint lines of a file, whatever else it holds. conflict, naming the line, for one that
// cannot be read and is not torn.
Result<KeptCheckpoints> read_checkpoint_file(const std::filesystem::path& file);

}  // namespace ndes::crp
