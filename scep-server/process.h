// What a daemon owes the system it runs on: signals, systemd's notifications, no core dumps.
// Knows nothing of SCEP. Called by main's thread alone.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ndes::scep {

// A crash must not leave keys and challenges in a file.
void forbid_core_dumps();

enum class Signal { terminate, reload };

// Takes SIGTERM, SIGINT and SIGHUP out of normal delivery for this thread and those it starts
// later (so: before any other), for wait_for_signal to collect; ignores SIGPIPE.
void claim_signals();

// The next claimed signal; nothing after `timeout`.
std::optional<Signal> wait_for_signal(std::chrono::milliseconds timeout);

// sd_notify(3): "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1". Without systemd nothing
// happens.
void tell_service_manager(std::string_view state);

// How often the watchdog wants "WATCHDOG=1": half of its time. Nothing when there is none.
std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace ndes::scep
