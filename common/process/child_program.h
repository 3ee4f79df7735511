// Runs another program to its end: its own process group, no shell, no inherited descriptor, a
// deadline for all of it, and bounded output. The caller's process ignores SIGPIPE (claim_signals).
// Any thread; several at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace ndes {

struct ChildOrder {
    std::vector<std::string> arguments;    // the program's absolute path first
    std::vector<std::string> environment;  // "NAME=value"; nothing else is there
    std::string_view input;                // its standard input, then closed
    std::chrono::milliseconds deadline{10'000};
    std::size_t output_octets = 64UL * 1024;  // of standard output; over: too_large
};

struct ChildOutcome {
    int exit_code = -1;  // 128 + N when signal N ended it
    std::string output;  // standard output
    std::string errors;  // standard error, its first 4 KiB
};

// Whatever is left of its process group is killed when it ends, and at the deadline (timeout).
// configuration when the program cannot be started, naming it.
Result<ChildOutcome> run_child(const ChildOrder& order);

}  // namespace ndes
