#include "crp-service/audit/checkpoint_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_descriptor.h"
#include "common/strict_json.h"
#include "crp-service/audit/audit_lines.h"

namespace ndes::crp {
namespace {

constexpr std::string_view kBeginning = "{\"checkpoint\"";

Failure cannot_write(const std::filesystem::path& path, const char* cause) {
    return fail(ErrorCode::storage, path.string() + ": cannot be written", cause);
}

bool ends_within_a_line(int file, off_t size) {
    char last = '\n';
    return size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

// The beginning of a line, well-formed as far as it goes.
bool is_torn(const std::string& line) {
    try {
        return Json::parse(line).is_discarded();  // never
    } catch (const Json::parse_error& fault) {
        return fault.byte > line.size();
    }
}

}  // namespace

Result<void> append_to_checkpoint_file(const std::filesystem::path& path,
                                       const AuditCheckpoint& checkpoint) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    struct stat before {};
    if (!file || ::fstat(file.get(), &before) != 0) {
        return cannot_write(path, std::strerror(errno));
    }
    std::string line = to_line(checkpoint) + "\n";
    if (ends_within_a_line(file.get(), before.st_size)) line.insert(0, "\n");
    const ssize_t written = ::write(file.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) {
        if (::fsync(file.get()) == 0) return {};
        return cannot_write(path, std::strerror(errno));
    }
    const char* const cause = written < 0 ? std::strerror(errno) : "no room for a whole line";
    // If this fails as well, the next line begins on a line of its own.
    static_cast<void>(!::ftruncate(file.get(), before.st_size));
    return cannot_write(path, cause);
}

Result<KeptCheckpoints> read_checkpoint_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::configuration, path.string() + ": cannot be read");
    KeptCheckpoints kept;
    std::string line;
    for (std::int64_t number = 1; std::getline(file, line); ++number) {
        if (!line.starts_with(kBeginning)) continue;
        auto parsed = parse_audit_line(line);
        if (parsed && parsed->checkpoint) {
            kept.checkpoints.push_back(std::move(*parsed->checkpoint));
        } else if (!parsed && is_torn(line)) {
            ++kept.torn;
        } else if (!parsed) {
            return pass_on(parsed, path.string() + ":" + std::to_string(number));
        }
    }
    if (file.bad()) return fail(ErrorCode::storage, path.string() + ": reading broke off");
    return kept;
}

}  // namespace ndes::crp
