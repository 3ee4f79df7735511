#include "common/logging/log_output.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace ndes {
namespace {

constexpr int kPatienceMs = 1000;

}  // namespace

Result<FileDescriptor> open_for_append(const std::filesystem::path& path) {
    FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (fd) return fd;
    const std::string reason = std::error_code(errno, std::generic_category()).message();
    return fail(ErrorCode::configuration, "cannot open log file " + path.string() + ": " + reason);
}

LogOutput::LogOutput(FileDescriptor fd) : fd_(std::move(fd)) {
    struct ::stat status {};
    if (::fstat(fd_.get(), &status) != 0 || S_ISREG(status.st_mode)) return;
    kind_ = S_ISSOCK(status.st_mode) ? Kind::socket : Kind::pipe;
}

bool LogOutput::wait_until_writable() const {
    ::pollfd waiting{fd_.get(), POLLOUT, 0};
    int ready = 0;
    do {
        ready = ::poll(&waiting, 1, kPatienceMs);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

long LogOutput::write_some(std::string_view octets) const {
    switch (kind_) {
        case Kind::file: return ::write(fd_.get(), octets.data(), octets.size());
        case Kind::socket:
            return ::send(fd_.get(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        case Kind::pipe: break;
    }
    // A pipe that polls writable has room for PIPE_BUF octets; one more could block for ever.
    return ::write(fd_.get(), octets.data(), std::min<std::size_t>(octets.size(), PIPE_BUF));
}

std::size_t LogOutput::write(std::string_view lines) {
    if (!fd_) return 0;
    std::size_t done = 0;
    // After a write that broke off within a line, the next line must not be glued to its stump.
    if (torn_) torn_ = !wait_until_writable() || write_some("\n") != 1;
    while (!torn_ && done < lines.size()) {
        if (kind_ != Kind::file && !wait_until_writable()) break;
        const long count = write_some(lines.substr(done));
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    if (done > 0) torn_ = lines[done - 1] != '\n';
    return static_cast<std::size_t>(
        std::count(lines.begin() + static_cast<std::ptrdiff_t>(done), lines.end(), '\n'));
}

}  // namespace ndes
