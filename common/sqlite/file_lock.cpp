#include "common/sqlite/file_lock.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

#include "common/file.h"

namespace ndes::sqlite {

namespace {

constexpr std::chrono::milliseconds kBetweenTries{10};

// True: locked. False: errno says why not.
bool lock_within(int fd, std::chrono::milliseconds patience) {
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || patience <= std::chrono::milliseconds::zero()) return false;
        std::this_thread::sleep_for(kBetweenTries);
        patience -= kBetweenTries;
    }
    return true;
}

// Nothing that a link leads to: the folder may be another user's than ours.
FileDescriptor open_or_make(const std::filesystem::path& path) {
    constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
    FileDescriptor made(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0640));
    if (made) {
        give_to_folder_owner(made.get(), path);
        return made;
    }
    if (errno != EEXIST) return made;
    return FileDescriptor(::open(path.c_str(), kFlags));
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::filesystem::path& path,
                                   std::chrono::milliseconds patience) {
    FileDescriptor fd = open_or_make(path);
    if (!fd) {
        return fail(ErrorCode::storage, "cannot open " + path.string(),
                    std::system_category().message(errno));
    }
    if (lock_within(fd.get(), patience)) return FileLock(std::move(fd));
    if (errno == EWOULDBLOCK) {
        return fail(ErrorCode::storage, path.string() + " is held by another process");
    }
    return fail(ErrorCode::storage, "cannot lock " + path.string(),
                std::system_category().message(errno));
}

}  // namespace ndes::sqlite
