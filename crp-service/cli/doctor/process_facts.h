// What Linux tells in /proc of a program that runs. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/clock.h"

namespace ndes::crp::cli::doctor {

struct ProcessFacts {
    pid_t id = 0;
    uid_t user = 0;      // effective
    WallTime started{};  // to a hundredth of a second
    std::filesystem::path program;
    bool program_replaced = false;            // the file that it runs is no longer in its place
    std::vector<std::string> arguments;       // with the program's name
    std::optional<std::uint64_t> open_files;  // soft limit; nothing: unlimited or not readable
};

// The process of that name that was started with `--config` and this file. Nothing when there is
// none, or when it may not be looked at.
std::optional<ProcessFacts> find_process(const std::string& name,
                                         const std::filesystem::path& config, WallTime now);

}  // namespace ndes::crp::cli::doctor
