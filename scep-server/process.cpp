#include "scep-server/process.h"

#include <csignal>
#include <cstdint>
#include <string>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

namespace ndes::scep {
namespace {

sigset_t claimed_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&signals, signal);
    return signals;
}

}  // namespace

void forbid_core_dumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer has to trace its own process
    // A core_pattern that is a pipe does not ask for the limit.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void claim_signals() {
    const sigset_t signals = claimed_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

std::optional<Signal> wait_for_signal(std::chrono::milliseconds timeout) {
    const sigset_t signals = claimed_signals();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec wait{seconds.count(), std::chrono::nanoseconds(timeout - seconds).count()};
    const int signal = ::sigtimedwait(&signals, nullptr, &wait);
    if (signal < 0) return std::nullopt;
    return signal == SIGHUP ? Signal::reload : Signal::terminate;
}

void tell_service_manager(std::string_view state) { ::sd_notify(0, std::string(state).c_str()); }

std::optional<std::chrono::milliseconds> watchdog_interval() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
    return std::chrono::milliseconds(microseconds / 2000);
}

}  // namespace ndes::scep
