#include "crp-service/process.h"

#include <csignal>
#include <ctime>

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

namespace ndes::crp {

namespace {

sigset_t our_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        ::sigaddset(&set, signal);
    return set;
}

}  // namespace

void forbid_core_dumps() {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

void block_signals() {
    const sigset_t set = our_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
}

std::optional<Signal> wait_for_signal(std::chrono::milliseconds most) {
    const sigset_t set = our_signals();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
    timespec limit{};
    limit.tv_sec = seconds.count();
    limit.tv_nsec = std::chrono::nanoseconds(most - seconds).count();
    switch (::sigtimedwait(&set, nullptr, &limit)) {
        case SIGHUP: return Signal::reload;
        case SIGUSR1: return Signal::check;
        case SIGTERM:
        case SIGINT: return Signal::stop;
        default: return std::nullopt;  // the time is over, or a debugger interrupted
    }
}

void tell_supervisor(const std::string& state) { ::sd_notify(0, state.c_str()); }

}  // namespace ndes::crp
