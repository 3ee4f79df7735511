// Writes a file that must not exist yet, durably: a key that is there may be the only one that
// opens what is under way. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/error.h"

namespace ndes::crp::cli {

// `mode` as in chmod(2). conflict when the file exists; configuration when it cannot be made, with
// the system's words; storage when it cannot be written, and then none is left.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view text,
                            unsigned mode);

}  // namespace ndes::crp::cli
