// exported_symbols: what a shared library offers to others, read from its file; nothing is loaded
// or run. Pure function; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/error.h"

namespace ndes::scep {

// Defined global and weak symbols of a 64-bit ELF library of this machine's byte order, sorted.
// bad_request when the file is none or is damaged; at most 64 MiB are read.
Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& file);

}  // namespace ndes::scep
