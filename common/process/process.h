// What a daemon and the system it runs on tell each other: signals, changed files, systemd's
// notifications, no core dumps. Knows nothing of what the daemon does. Main's thread alone.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/process/file_watcher.h"

namespace ndes {

// A crash must not leave keys and challenges in a file; no other process may attach.
void forbid_core_dumps();

// Raises the limit of open descriptors to 65,536, or to what the system allows this process: the
// usual 1024 are fewer than a listener's connections with all else that is open.
void allow_many_descriptors();

// Takes SIGTERM, SIGINT, SIGHUP and SIGUSR1 out of normal delivery for this thread and those it
// starts later (so: before any other), for wait_for_event to collect; ignores SIGPIPE.
void claim_signals();

enum class ProcessEvent {
    terminate,      // SIGTERM, SIGINT
    reload,         // SIGHUP
    check,          // SIGUSR1: a self-check is asked for
    files_changed,  // and quiet again, see FileWatcher
};

// The next event; nothing after `timeout`. `watcher`: null, or whose files are looked after.
std::optional<ProcessEvent> wait_for_event(std::chrono::milliseconds timeout,
                                           FileWatcher* watcher = nullptr);

// sd_notify(3): "READY=1", "STATUS=…", "RELOADING=1", "STOPPING=1", "WATCHDOG=1". Without systemd
// nothing happens.
void tell_service_manager(std::string_view state);

// How often the watchdog wants "WATCHDOG=1": half of its time. Nothing when there is none.
std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace ndes
