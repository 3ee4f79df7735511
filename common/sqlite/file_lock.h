// FileLock: an exclusive advisory lock (flock) on a file of its own, held while the object lives
// and dropped by the system when the process dies.
// Knows nothing of what it protects. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <utility>

#include "common/error.h"
#include "common/file_descriptor.h"

namespace ndes::sqlite {

class FileLock {
  public:
    // Creates the file if need be; it stays when the lock is gone. Waits up to `patience` for
    // another holder: a killed process keeps its locks until the last of its threads is gone, and
    // its successor may be there before that. storage when it is still held then, or when the file
    // cannot be opened.
    static Result<FileLock> acquire(const std::filesystem::path& path,
                                    std::chrono::milliseconds patience);

  private:
    explicit FileLock(FileDescriptor fd) : fd_(std::move(fd)) {}
    FileDescriptor fd_;  // closing it gives the lock back
};

}  // namespace ndes::sqlite
