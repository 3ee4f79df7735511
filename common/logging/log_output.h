// LogOutput: one place that lines are written to, and how long it may keep the writer waiting.
// Knows nothing of what the lines say. Used by one thread, which blocks SIGPIPE.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "common/error.h"
#include "common/file_descriptor.h"

namespace ndes {

// Opens for appending, mode 0640 if new. configuration on failure, naming the path.
Result<FileDescriptor> open_for_append(const std::filesystem::path& path);

class LogOutput {
  public:
    LogOutput() = default;  // none: takes every line and writes nothing
    explicit LogOutput(FileDescriptor fd);

    // Writes whole lines, as few write(2) as the descriptor takes without blocking. Gives up after
    // an error, or a second without progress, and returns how many lines were not written.
    std::size_t write(std::string_view lines);

    explicit operator bool() const { return static_cast<bool>(fd_); }

  private:
    enum class Kind { file, pipe, socket };
    // Octets taken; -1 with errno on error.
    long write_some(std::string_view octets) const;
    bool wait_until_writable() const;

    FileDescriptor fd_;
    Kind kind_ = Kind::file;
    bool torn_ = false;  // the last octet written was not a line end
};

}  // namespace ndes
