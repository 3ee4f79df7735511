// The module and the process it lives in: loading and unloading, forks, threads, signals.
// Each test works in a process of its own, forked before any thread is there.
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>

#include "policy-module/include/ndes_policy.h"
#include "tests/abi/module_files.h"
#include "tests/catch.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::test;

// The exit code of `body`, or 128 + the signal that ended it (an alarm after `limit_s`).
int in_fresh_process(unsigned limit_s, const std::function<int()>& body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(limit_s);
        ::_exit(body());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

ScriptedTlsServer::Script saying_yes() {
    const std::string yes = http_answer(201, "application/json", to_json(sample_yes()));
    return answering([yes](ScriptedConnection&, const std::string&) { return yes; });
}

void discard_line(void*, ndes_policy_severity, ndes_policy_string, ndes_policy_string, const char*,
                  int32_t) {}

ndes_policy_string lend(std::string_view text) { return {text.data(), text.size()}; }

// The module as a host in C would use it.
struct LoadedModule {
    explicit LoadedModule(const std::filesystem::path& config) : config_path(config.string()) {
        library = ::dlopen(built_module().c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) return;
        const auto entry_point =
            reinterpret_cast<ndes_policy_entry_point>(::dlsym(library, NDES_POLICY_ENTRY_POINT));
        table = entry_point(NDES_POLICY_ABI_MAJOR, NDES_POLICY_ABI_MINOR);
        host = {sizeof(ndes_policy_host),
                NDES_POLICY_ABI_MAJOR,
                NDES_POLICY_ABI_MINOR,
                &discard_line,
                nullptr,
                lend(config_path),
                lend("CA")};
        ready = table->initialize(&host, &context) == NDES_POLICY_OK;
    }
    void unload() {
        table->uninitialize(context);
        ::dlclose(library);
    }
    ndes_policy_result verify(bool& verified) const {
        const std::uint8_t csr[] = {0x30, 0x00};
        const ndes_policy_verify_input input{sizeof input, {csr, 2},    {nullptr, 0}, lend("User"),
                                             lend("t-1"),  lend("r-1"), lend("CA"),   lend("")};
        ndes_policy_verify_output output{};
        output.size = sizeof output;
        const ndes_policy_result result = table->verify_request(context, &input, &output);
        verified = output.verified == 1;
        return result;
    }
    bool says_yes() const {
        bool verified = false;
        return verify(verified) == NDES_POLICY_OK && verified;
    }

    std::string config_path;
    void* library = nullptr;
    const ndes_policy_table* table = nullptr;
    ndes_policy_host host{};
    void* context = nullptr;
    bool ready = false;
};

std::set<std::string> threads() {
    std::set<std::string> ids;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
        ids.insert(entry.path().filename());
    return ids;
}

bool sleeps(const std::string& thread) {
    std::ifstream file("/proc/self/task/" + thread + "/stat");
    std::string stat;
    std::getline(file, stat);
    const auto after_name = stat.rfind(") ");  // proc(5): the state follows the name
    return after_name != std::string::npos && stat.substr(after_name + 2, 1) == "S";
}

// Whatever another thread is in the middle of (a lock of OpenSSL's, say) a forked child would wait
// for in vain; a host that forks has to see to that as well. False after five seconds.
bool all_other_threads_sleep() {
    const std::string own = std::to_string(::gettid());
    int quiet = 0;
    for (int look = 0; look < 500 && quiet < 5; ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        const auto all = threads();
        quiet = std::ranges::all_of(all, [&](const auto& id) { return id == own || sleeps(id); })
                    ? quiet + 1
                    : 0;
    }
    return quiet == 5;
}

// SigBlk of a thread of this process: bit n - 1 for signal n.
std::uint64_t blocked_signals(const std::string& thread) {
    std::ifstream status("/proc/self/task/" + thread + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("SigBlk:")) return std::stoull(line.substr(7), nullptr, 16);
    return 0;
}

bool blocks(std::uint64_t mask, int signal) { return (mask >> (signal - 1) & 1) != 0; }

}  // namespace

TEST_CASE("load, use, unload: thirty times in one process") {
    HttpsBench bench;
    CHECK(in_fresh_process(60, [&bench] {
              ScriptedTlsServer server(bench.good_tls(), saying_yes());
              const auto config = write_module_config(bench, server.port());
              for (int i = 0; i < 30; ++i) {
                  LoadedModule module(config);
                  if (!module.ready) return 1;
                  if (!module.says_yes()) return 2;
                  module.unload();
              }
              return 0;
          }) == 0);
}

TEST_CASE("a host may fork between Initialize and the first call") {
    HttpsBench bench;
    CHECK(in_fresh_process(30, [&bench] {
              const auto tls = bench.good_tls();
              int ports[2];
              if (::pipe(ports) != 0) return 1;
              const pid_t serving = ::fork();
              if (serving == 0) {
                  ScriptedTlsServer server(tls, saying_yes());
                  const std::uint16_t port = server.port();
                  if (::write(ports[1], &port, sizeof port) != sizeof port) ::_exit(1);
                  ::pause();
              }
              std::uint16_t port = 0;
              if (::read(ports[0], &port, sizeof port) != sizeof port) return 2;
              LoadedModule module(write_module_config(bench, port));
              const int code =
                  in_fresh_process(20, [&module] { return module.says_yes() ? 0 : 1; });
              ::kill(serving, SIGKILL);
              ::waitpid(serving, nullptr, 0);
              return code;
          }) == 0);
}

TEST_CASE("in a child forked after the first call, every call fails at once") {
    HttpsBench bench;
    CHECK(in_fresh_process(60, [&bench] {
              ScriptedTlsServer server(bench.good_tls(), saying_yes());
              LoadedModule module(write_module_config(bench, server.port()));
              if (!module.says_yes()) return 1;
              if (!all_other_threads_sleep()) return 5;
              const int child = in_fresh_process(30, [&module] {
                  bool verified = true;
                  if (module.verify(verified) != NDES_POLICY_E_FAIL || verified) return 2;
                  // A second Initialize meets the same missing threads.
                  LoadedModule again(module.config_path);
                  if (!again.ready || again.verify(verified) != NDES_POLICY_E_FAIL) return 3;
                  module.table->uninitialize(module.context);
                  return 0;
              });
              if (child != 0) return child;
              return module.says_yes() ? 0 : 4;  // the parent goes on
          }) == 0);
}

TEST_CASE("threads start with the first call and take no signal from the host") {
    HttpsBench bench;
    CHECK(in_fresh_process(30, [&bench] {
              // Nobody listens there; a failing call starts the threads as well.
              const auto config = write_module_config(bench, 1, "attempts = 1\n");
              const auto before = threads();
              LoadedModule module(config);
              if (!module.ready || threads() != before) return 1;
              bool verified = false;
              if (module.verify(verified) != NDES_POLICY_E_CANNOT_CONNECT) return 2;
              int started = 0;
              for (const std::string& thread : threads()) {
                  if (before.contains(thread)) continue;
                  ++started;
                  const std::uint64_t mask = blocked_signals(thread);
                  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGCHLD, SIGPIPE})
                      if (!blocks(mask, signal)) return 3;
              }
              sigset_t own;
              ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
              if (::sigismember(&own, SIGTERM) != 0) return 4;  // the caller's mask is as it was
              return started >= 2 && started <= 4 ? 0 : 5;
          }) == 0);
}
