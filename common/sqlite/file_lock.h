// FileLock: an exclusive advisory lock (flock) on a file of its own, held while the object lives
// and dropped by the system when the process dies.
// Knows nothing of what it protects. Any thread.
#pragma once

#include <filesystem>

#include "common/error.h"

namespace ndes::sqlite {

class FileLock {
  public:
    // Creates the file if need be; it stays when the lock is gone. storage when another holder has
    // it (never waits) or the file cannot be opened.
    static Result<FileLock> acquire(const std::filesystem::path& path);
    FileLock(FileLock&&) noexcept;
    FileLock& operator=(FileLock&&) noexcept;
    ~FileLock();

  private:
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace ndes::sqlite
