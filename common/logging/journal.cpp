#include "common/logging/journal.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/logging/cmtrace.h"

namespace ndes {
namespace {

constexpr int kJournalPatienceMs = 1000;
constexpr char kBetweenFields = '\t';

// syslog(3)
char priority_of(Severity severity) {
    switch (severity) {
        case Severity::debug: return '7';
        case Severity::info: return '6';
        case Severity::warning: return '4';
        case Severity::error: break;
    }
    return '3';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += kBetweenFields;
    out += name;
    out += '=';
    out += loggable(value, kMaxJsonValue);
}

// The journal takes capital letters, digits and '_'.
std::string journal_name(std::string_view name) {
    std::string out = "NDES_";
    for (const char c : name) {
        if (c >= 'a' && c <= 'z')
            out += static_cast<char>(c - 'a' + 'A');
        else
            out += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
    return out;
}

}  // namespace

bool leads_to_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct ::stat facts {};
    if (stream == nullptr || ::fstat(fd, &facts) != 0) return false;
    return stream == std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
}

std::string format_journal_record(const JsonLine& line, const LogFields& fields) {
    std::string out;
    out.reserve(256 + line.message.size() + fields.size() * 64);
    append_field(out, "MESSAGE", line.message);
    append_field(out, "PRIORITY", std::string(1, priority_of(line.severity)));
    append_field(out, "SYSLOG_IDENTIFIER", line.program);
    append_field(out, "CODE_FILE", line.file);
    append_field(out, "CODE_LINE", std::to_string(line.line));
    for (const auto& [name, value] : fields)
        append_field(out, journal_name(name), value);
    out += '\n';
    return out;
}

JournalOutput::JournalOutput(const std::filesystem::path& socket) : path_(socket.string()) {
    fd_ = connect();
    is_open_ = static_cast<bool>(fd_);
}

FileDescriptor JournalOutput::connect() const {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return {};
    std::memcpy(address.sun_path, path_.c_str(), path_.size());
    FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address))
        return {};
    return fd;
}

JournalOutput::Sent JournalOutput::send(std::string_view record) {
    std::string datagram(record);
    std::ranges::replace(datagram, kBetweenFields, '\n');
    for (bool is_new = false;;) {
        if (!fd_) {  // the socket that we knew is gone; its successor has the same name
            fd_ = connect();
            is_new = true;
        }
        if (!fd_) return Sent::nobody_there;
        if (::send(fd_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return Sent::taken;
        if (errno == EINTR) continue;
        if (errno == EMSGSIZE) return Sent::too_large;
        if (errno == EAGAIN || errno == ENOBUFS) {
            ::pollfd waiting{fd_.get(), POLLOUT, 0};
            if (::poll(&waiting, 1, kJournalPatienceMs) == 0) return Sent::nobody_there;
            continue;
        }
        fd_ = {};
        if (is_new) return Sent::nobody_there;
    }
}

std::size_t JournalOutput::write(std::string_view lines) {
    std::size_t lost = 0;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        const Sent sent = send(lines.substr(0, end));
        // Who does not listen now costs the writer one wait, not one for each record.
        if (sent == Sent::nobody_there)
            return lost + static_cast<std::size_t>(std::ranges::count(lines, '\n'));
        if (sent == Sent::too_large) ++lost;
        lines.remove_prefix(end);
    }
    return lost;
}

}  // namespace ndes
