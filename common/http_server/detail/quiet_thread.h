// Threads that take no signals: those belong to the program's main thread.
#pragma once

#include <functional>
#include <thread>

namespace ndes::http {

// `name`: at most 15 characters, as ps -L and gdb show it.
std::thread start_quiet_thread(const char* name, std::function<void()> body);

}  // namespace ndes::http
