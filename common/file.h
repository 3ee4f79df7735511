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

// True below $CREDENTIALS_DIRECTORY and below /run/credentials: what systemd hands to a unit
// (LoadCredential=) has an ACL in place of a mode. Symbolic links are followed as far as they lead.
bool is_systemd_credential(const std::filesystem::path& path);

// As read_file, for keys: refuses (configuration) a file that group or others can read,
// unless it is a systemd credential.
Result<Secret> read_secret_file(const std::filesystem::path& path, std::size_t limit = 1 << 16);

// When root makes a file, it is for a daemon that runs as somebody else: whoever owns the folder
// gets it, with the folder's group. Nothing happens for others than root, or where the system does
// not permit it. `fd`: of the file just made at `path`.
void give_to_folder_owner(int fd, const std::filesystem::path& path);

// Temporary file + fsync + rename + fsync of the folder: afterwards `path` holds all of
// `contents` or what it held before. `mode` as in chmod(2). Made by root it belongs to the owner of
// the file that it replaces, else as give_to_folder_owner says. storage on failure.
Result<void> write_file_durably(const std::filesystem::path& path, ByteView contents,
                                unsigned mode = 0640);

// Gives a finished file beside it the name `path`, durably: fsync + rename + fsync of the folder.
// conflict when `path` exists; it is never replaced. Owned as give_to_folder_owner says. storage on
// failure.
Result<void> publish_file_durably(const std::filesystem::path& finished,
                                  const std::filesystem::path& path);

}  // namespace ndes
