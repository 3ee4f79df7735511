#include "common/logging/rolling_file.h"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStampOctets = 15;

std::uint64_t size_of(const FileDescriptor& fd) {
    struct ::stat status {};
    const bool is_file = ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// "20261129-224500"
std::string stamp_of(WallTime now) {
    std::string text = to_rfc3339(now).substr(0, 19);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    std::ranges::replace(text, 'T', '-');
    return text;
}

// NAME-20261129-224500.log or NAME-20261129-224500-2.log: only what we have put aside ourselves.
bool is_put_aside(const fs::path& candidate, const fs::path& path) {
    const std::string stem = path.stem().string() + "-";
    const std::string name = candidate.stem().string();
    if (candidate.extension() != path.extension() || !name.starts_with(stem) ||
        name.size() < stem.size() + kStampOctets)
        return false;
    const std::string_view rest = std::string_view(name).substr(stem.size());
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const bool dash = i == 8 || i == kStampOctets;
        if (dash ? rest[i] != '-' : std::isdigit(static_cast<unsigned char>(rest[i])) == 0)
            return false;
    }
    return rest.size() != kStampOctets + 1;
}

}  // namespace

RollingFile::RollingFile(fs::path path, RollingRule rule, FileDescriptor fd)
    : path_(std::move(path)), rule_(rule) {
    replace(std::move(fd));
}

void RollingFile::replace(FileDescriptor fd) {
    size_ = size_of(fd);
    output_ = LogOutput(std::move(fd));
}

std::string RollingFile::take_fault() { return std::exchange(fault_, {}); }

std::size_t RollingFile::write(std::string_view lines, WallTime now) {
    std::size_t lost = 0;
    while (!lines.empty()) {
        std::size_t octets = octets_that_fit(lines);
        if (octets == 0) {
            if (size_ > 0) roll(now);
            // A line that is over the limit by itself has a file of its own.
            octets =
                std::max(octets_that_fit(lines), std::min(lines.find('\n'), lines.size() - 1) + 1);
        }
        size_ += octets;
        lost += output_.write(lines.substr(0, octets));
        lines.remove_prefix(octets);
    }
    return lost;
}

std::size_t RollingFile::octets_that_fit(std::string_view lines) const {
    if (rule_.most_octets == 0 || size_ + lines.size() <= rule_.most_octets) return lines.size();
    if (size_ >= rule_.most_octets) return 0;
    const std::size_t last = lines.rfind('\n', rule_.most_octets - size_ - 1);
    return last == std::string_view::npos ? 0 : last + 1;
}

void RollingFile::roll(WallTime now) {
    const auto failed = [&](const std::string& why) {
        size_ = 0;  // so much more, and it is tried again
        fault_ = "the log file " + path_.string() + " cannot be put aside: " + why;
    };
    const std::string stem = path_.stem().string() + "-" + stamp_of(now);
    const std::string extension = path_.extension().string();
    fs::path aside = path_.parent_path() / (stem + extension);
    std::error_code fault;
    for (int again = 2; fs::exists(aside, fault); ++again)
        aside = path_.parent_path() / (stem + "-" + std::to_string(again) + extension);
    fs::rename(path_, aside, fault);
    if (fault) return failed(fault.message());
    auto fresh = open_for_append(path_);
    if (!fresh) {
        fs::rename(aside, path_, fault);  // what is written on keeps its name
        return failed(fresh.error().text);
    }
    replace(std::move(*fresh));
    remove_oldest();
}

void RollingFile::remove_oldest() const {
    std::vector<fs::path> aside;
    std::error_code fault;
    const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
        if (is_put_aside(at->path(), path_)) aside.push_back(at->path());
    // By time, and of one second the shorter number first.
    std::ranges::sort(aside, {}, [&](const fs::path& one) {
        const std::string name = one.stem().string();
        return std::tuple(name.substr(0, path_.stem().string().size() + 1 + kStampOctets),
                          name.size(), name);
    });
    for (std::size_t i = 0; i + rule_.keep < aside.size(); ++i)
        fs::remove(aside[i], fault);
}

}  // namespace ndes
