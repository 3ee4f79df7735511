// Process: what crpd and the operating system tell each other: signals, supervisor, core dumps.
// Knows nothing of certificates. One thread, the main one.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace ndes::crp {

// A core would hold challenge keys: none is written, and no other process may attach.
void forbid_core_dumps();

// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 for this thread and all threads it starts later, so
// that they are taken in one place; ignores SIGPIPE. Call before the first thread.
void block_signals();

enum class Signal { stop, reload, check };
// Waits at most `most` for a signal.
std::optional<Signal> wait_for_signal(std::chrono::milliseconds most);

// sd_notify(3): "READY=1", "STATUS=…", "WATCHDOG=1", "STOPPING=1"; nothing without systemd.
void tell_supervisor(const std::string& state);

}  // namespace ndes::crp
