#include "common/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_descriptor.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

// Call at once after the failed system call: reads errno.
Failure system_failure(ErrorCode code, std::string_view what, const fs::path& path) {
    const int number = errno;
    const std::string reason = std::error_code(number, std::generic_category()).message();
    return fail(code, std::string(what) + " " + path.string() + ": " + reason);
}

struct OpenFile {
    FileDescriptor fd;
    struct ::stat status {};
};

Result<OpenFile> open_regular(const fs::path& path) {
    // O_NONBLOCK: a named pipe would otherwise hold us until somebody writes to it.
    OpenFile file{FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), {}};
    if (!file.fd) {
        const bool absent = errno == ENOENT || errno == ENOTDIR;
        return system_failure(absent ? ErrorCode::not_found : ErrorCode::configuration,
                              "cannot open", path);
    }
    if (::fstat(file.fd.get(), &file.status) != 0) {
        return system_failure(ErrorCode::configuration, "cannot examine", path);
    }
    if (!S_ISREG(file.status.st_mode)) {
        return fail(ErrorCode::configuration, path.string() + " is not a regular file");
    }
    return file;
}

// Reads to the end into one buffer that never moves, so that no copy of a key is left behind.
Result<Bytes> read_to_end(const OpenFile& file, const fs::path& path, std::size_t limit) {
    const auto size = static_cast<std::size_t>(file.status.st_size);
    if (size > limit) {
        return fail(ErrorCode::too_large,
                    path.string() + " is larger than " + std::to_string(limit) + " octets");
    }
    Bytes contents(size + 1);  // one more, to see a file that grew meanwhile
    std::size_t used = 0;
    while (used < contents.size()) {
        const ::ssize_t count =
            ::read(file.fd.get(), contents.data() + used, contents.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(ErrorCode::configuration, "cannot read", path);
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
    }
    if (used > size) {
        return fail(ErrorCode::configuration, path.string() + " changed while it was read");
    }
    contents.resize(used);
    return contents;
}

// Of `like`, when we are root and may. A file with another name elsewhere is not ours to give: the
// folder's owner could have put it there.
void give_to_owner_of(int fd, const struct ::stat& like) {
    struct ::stat file {};
    if (::geteuid() != 0 || ::fstat(fd, &file) != 0) return;
    if (!S_ISREG(file.st_mode) || file.st_nlink > 1) return;
    static_cast<void>(::fchown(fd, like.st_uid, like.st_gid) == 0);
}

bool lies_below(const fs::path& path, const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
           folder.end();
}

Result<void> write_all(int fd, ByteView contents, const fs::path& path) {
    while (!contents.empty()) {
        const ::ssize_t count = ::write(fd, contents.data(), contents.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(ErrorCode::storage, "cannot write", path);
        contents = contents.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

// Removes the temporary file unless it became the real one.
class TemporaryFile {
  public:
    explicit TemporaryFile(const fs::path& target)
        : path_((target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()),
          fd_(::mkostemp(path_.data(), O_CLOEXEC)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (fd_ && !renamed_) ::unlink(path_.c_str());
    }
    int fd() const { return fd_.get(); }
    bool rename_to(const fs::path& target) {
        renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
        return renamed_;
    }

  private:
    std::string path_;
    FileDescriptor fd_;
    bool renamed_ = false;
};

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Result<void> sync_folder(const fs::path& folder) {
    const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return system_failure(ErrorCode::storage, "cannot sync folder", folder);
    }
    return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
    auto file = open_regular(path);
    if (!file) return pass_on(file);
    auto contents = read_to_end(*file, path, limit);
    if (!contents) return pass_on(contents);
    return std::string(as_text(*contents));
}

bool is_systemd_credential(const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    if (error) return false;
    if (lies_below(real, "/run/credentials")) return true;
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr || *directory == '\0') return false;
    const fs::path above = fs::canonical(directory, error);
    return !error && lies_below(real, above);
}

Result<Secret> read_secret_file(const fs::path& path, std::size_t limit) {
    auto file = open_regular(path);
    if (!file) return pass_on(file);
    constexpr ::mode_t kOthersCanRead = S_IRGRP | S_IROTH;
    if ((file->status.st_mode & kOthersCanRead) != 0 && !is_systemd_credential(path)) {
        return fail(ErrorCode::configuration,
                    path.string() + " can be read by others than its owner (chmod 600)");
    }
    auto contents = read_to_end(*file, path, limit);
    if (!contents) return pass_on(contents);
    return Secret(std::move(*contents));
}

void give_to_folder_owner(int fd, const fs::path& path) {
    struct ::stat folder {};
    if (::stat(folder_of(path).c_str(), &folder) == 0) give_to_owner_of(fd, folder);
}

Result<void> write_file_durably(const fs::path& path, ByteView contents, unsigned mode) {
    TemporaryFile temporary(path);
    if (temporary.fd() < 0) {
        return system_failure(ErrorCode::storage, "cannot create a file beside", path);
    }
    auto written = write_all(temporary.fd(), contents, path);
    if (!written) return pass_on(written);
    struct ::stat before {};
    if (::lstat(path.c_str(), &before) == 0 && S_ISREG(before.st_mode))
        give_to_owner_of(temporary.fd(), before);
    else
        give_to_folder_owner(temporary.fd(), path);
    if (::fchmod(temporary.fd(), static_cast<::mode_t>(mode)) != 0) {
        return system_failure(ErrorCode::storage, "cannot set the mode of", path);
    }
    if (::fsync(temporary.fd()) != 0) {
        return system_failure(ErrorCode::storage, "cannot sync", path);
    }
    if (!temporary.rename_to(path)) {
        return system_failure(ErrorCode::storage, "cannot rename into", path);
    }
    return sync_folder(folder_of(path));
}

Result<void> publish_file_durably(const fs::path& finished, const fs::path& path) {
    const FileDescriptor fd(::open(finished.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return system_failure(ErrorCode::storage, "cannot sync", finished);
    }
    give_to_folder_owner(fd.get(), path);
    if (::renameat2(AT_FDCWD, finished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) return fail(ErrorCode::conflict, path.string() + " exists already");
        return system_failure(ErrorCode::storage, "cannot rename into", path);
    }
    return sync_folder(folder_of(path));
}

}  // namespace ndes
