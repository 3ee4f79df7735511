// RollingFile: a log file that is put aside when it has grown to its limit: CRP.log becomes
// CRP-20261129-224500.log, as ConfigMgr names them, and a fresh CRP.log begins at a line's begin.
// The oldest beyond `keep` are removed. A file that cannot be put aside is written on, and tried
// again after as much more. Used by one thread, which blocks SIGPIPE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/file_descriptor.h"
#include "common/logging/log_output.h"

namespace ndes {

struct RollingRule {
    std::size_t most_octets = 0;  // 0: never put aside by us
    std::size_t keep = 1;         // of those put aside
};

class RollingFile {
  public:
    RollingFile() = default;  // none: as LogOutput
    RollingFile(std::filesystem::path path, RollingRule rule, FileDescriptor fd);

    // As LogOutput::write; whole lines, which are never parted by a roll-over.
    std::size_t write(std::string_view lines, WallTime now);

    // Somebody else has put the file aside: goes on with `fd`, the new one.
    void replace(FileDescriptor fd);

    // Why the last roll-over failed; empty if it did not. Told once.
    std::string take_fault();

    explicit operator bool() const { return static_cast<bool>(output_); }

  private:
    std::size_t octets_that_fit(std::string_view lines) const;  // whole lines, from the front
    void roll(WallTime now);
    void remove_oldest() const;

    std::filesystem::path path_;
    RollingRule rule_;
    LogOutput output_;
    std::uint64_t size_ = 0;  // of the file, as far as we know
    std::string fault_;
};

}  // namespace ndes
