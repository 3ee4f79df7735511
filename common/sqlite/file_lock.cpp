#include "common/sqlite/file_lock.h"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>

namespace ndes::sqlite {

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
    FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!fd) {
        return fail(ErrorCode::storage, "cannot open " + path.string(),
                    std::system_category().message(errno));
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
    if (errno == EWOULDBLOCK) {
        return fail(ErrorCode::storage, path.string() + " is held by another process");
    }
    return fail(ErrorCode::storage, "cannot lock " + path.string(),
                std::system_category().message(errno));
}

}  // namespace ndes::sqlite
