#include "common/process/process.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/clock.h"

namespace ndes {
namespace {

using std::chrono::milliseconds;

// A rotation touches several files: it is over when nothing has changed for kQuiet; a folder that
// is never quiet does not put it off for longer than kLongest.
constexpr milliseconds kQuiet{200};
constexpr milliseconds kLongest{2'000};

sigset_t claimed_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        ::sigaddset(&signals, signal);
    return signals;
}

// The claimed signals as something that poll(2) can wait for.
class SignalDescriptor {
  public:
    SignalDescriptor() {
        const sigset_t signals = claimed_signals();
        descriptor_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    ~SignalDescriptor() { ::close(descriptor_); }
    SignalDescriptor(const SignalDescriptor&) = delete;
    SignalDescriptor& operator=(const SignalDescriptor&) = delete;

    int get() const { return descriptor_; }
    std::optional<ProcessEvent> take() const {
        signalfd_siginfo info{};
        if (::read(descriptor_, &info, sizeof info) != sizeof info) return std::nullopt;
        switch (info.ssi_signo) {
            case SIGHUP: return ProcessEvent::reload;
            case SIGUSR1: return ProcessEvent::check;
            default: return ProcessEvent::terminate;
        }
    }

  private:
    int descriptor_ = -1;
};

SteadyTime now() { return system_clock().steady_now(); }

// Until `end`, a signal, or news of the watcher.
void wait_until(SteadyTime end, const SignalDescriptor& signals, const FileWatcher* watcher) {
    pollfd waiting[] = {{signals.get(), POLLIN, 0},
                        {watcher ? watcher->descriptor() : -1, POLLIN, 0}};
    const auto left = std::chrono::ceil<milliseconds>(end - now());
    ::poll(waiting, 2, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
}

// Waits for the end of a rotation that has begun; a signal cuts it short.
ProcessEvent settle(const SignalDescriptor& signals, FileWatcher& watcher) {
    const SteadyTime last = now() + kLongest;
    SteadyTime quiet = now() + kQuiet;
    while (now() < std::min(quiet, last)) {
        wait_until(std::min(quiet, last), signals, &watcher);
        if (const auto signal = signals.take()) return *signal;
        if (watcher.take_change()) quiet = now() + kQuiet;
    }
    return ProcessEvent::files_changed;
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

void allow_many_descriptors() {
    constexpr rlim_t kMany = 65'536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kMany) return;
    limit.rlim_cur = std::min(limit.rlim_max, kMany);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void claim_signals() {
    const sigset_t signals = claimed_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

std::optional<ProcessEvent> wait_for_event(milliseconds timeout, FileWatcher* watcher) {
    const SignalDescriptor signals;
    const SteadyTime end = now() + timeout;
    do {
        wait_until(end, signals, watcher);
        if (const auto signal = signals.take()) {
            // A reload reads all files: what has changed before it needs no second one.
            if (watcher && signal == ProcessEvent::reload) watcher->take_change();
            return signal;
        }
        if (watcher && watcher->take_change()) return settle(signals, *watcher);
    } while (now() < end);
    return std::nullopt;
}

void tell_service_manager(std::string_view state) { ::sd_notify(0, std::string(state).c_str()); }

std::optional<milliseconds> watchdog_interval() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
    return milliseconds(microseconds / 2000);
}

}  // namespace ndes
