#include "common/http_server/detail/quiet_thread.h"

#include <csignal>
#include <utility>

#include <pthread.h>

namespace ndes::http {

std::thread start_quiet_thread(const char* name, std::function<void()> body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
    std::thread thread(std::move(body));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread.native_handle(), name);
    return thread;
}

}  // namespace ndes::http
