// File: whole-file reads and durable writes.
// Knows nothing of contents. Any thread; two writers of one path are the caller's business.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "common/bytes.h"
#include "common/error.h"
#include "common/secret.h"

namespace ndes {

// Reads a regular file of at most `limit` octets. not_found, too_large or configuration, naming
// the path and what the system said.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = 1 << 20);

// As read_file, for keys: refuses (configuration) a file that group or others can read,
// unless it lies below $CREDENTIALS_DIRECTORY (systemd LoadCredential=).
Result<Secret> read_secret_file(const std::filesystem::path& path, std::size_t limit = 1 << 16);

// Temporary file + fsync + rename + fsync of the folder: afterwards `path` holds all of
// `contents` or what it held before. `mode` as in chmod(2). storage on failure.
Result<void> write_file_durably(const std::filesystem::path& path, ByteView contents,
                                unsigned mode = 0640);

// Gives a finished file beside it the name `path`, durably: fsync + rename + fsync of the folder.
// conflict when `path` exists; it is never replaced. storage on failure.
Result<void> publish_file_durably(const std::filesystem::path& finished,
                                  const std::filesystem::path& path);

}  // namespace ndes
