// When a program puts its CMTrace file aside: log.cmtrace_max_size and log.cmtrace_keep, the same
// for all programs. One thread, at start.
#pragma once

#include <filesystem>
#include <memory>

#include "common/config/config_file.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "common/logging/rolling_file.h"

namespace ndes {

// Of the [log] table: 10 MiB and 5, unless it says otherwise.
RollingRule read_rolling(ConfigTable& log);

// Of a configuration that has been judged already. configuration when it cannot be read.
Result<RollingRule> load_rolling(const std::filesystem::path& config);

// As open_log, with a CMTrace file that rolls over.
Result<std::unique_ptr<Log>> open_rolling_log(const LogOptions& options, RollingRule rolling,
                                              const Clock& clock);

}  // namespace ndes
