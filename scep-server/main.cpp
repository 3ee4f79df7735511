// ndesd: reads the configuration, builds the service, runs it until it is told to stop.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include <openssl/crypto.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/crypto/cms_self_test.h"
#include "common/logging/rolling_settings.h"
#include "common/process/file_watcher.h"
#include "common/process/process.h"
#include "common/random.h"
#include "scep-server/config.h"
#include "scep-server/event_log.h"
#include "scep-server/http/password_file.h"
#include "scep-server/service.h"

namespace {

using namespace std::chrono_literals;
using ndes::ProcessEvent;
using ndes::scep::Config;
using ndes::scep::Service;

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

int complain(const ndes::Error& error, int exit_code) {
    std::fprintf(stderr, "ndesd: error: %s\n", error.text.c_str());
    if (!error.detail.empty()) std::fprintf(stderr, "ndesd: detail: %s\n", error.detail.c_str());
    return exit_code;
}

ndes::LogOptions log_options(const ndes::scep::LogConfig& config) {
    ndes::LogOptions options;
    options.program = "ndesd";
    options.component = "NDESPlugin";
    options.cmtrace_file = config.cmtrace_file;
    options.least = config.level == "debug"     ? ndes::Severity::debug
                    : config.level == "warning" ? ndes::Severity::warning
                    : config.level == "error"   ? ndes::Severity::error
                                                : ndes::Severity::info;
    options.to_stdout = config.to_stdout;
    return options;
}

// Until SIGTERM or SIGINT; SIGHUP and a changed file reload.
void run(Service& service, const Config& config, ndes::FileWatcher& watcher) {
    const auto interval =
        std::min<std::chrono::milliseconds>(ndes::watchdog_interval().value_or(60s), 60s);
    ndes::tell_service_manager("READY=1");
    while (true) {
        ndes::tell_service_manager(service.manager_state());
        const auto event = ndes::wait_for_event(interval, &watcher);
        if (!event) {
            service.tend();
            continue;
        }
        if (*event == ProcessEvent::terminate) break;
        if (*event == ProcessEvent::check) continue;  // the loop's own look was it
        ndes::tell_service_manager("RELOADING=1");
        watcher.watch(ndes::scep::files_to_watch(config));  // and only then read them
        service.reload();
        ndes::tell_service_manager("READY=1");
    }
    ndes::tell_service_manager("STOPPING=1");
    service.stop();
}

int serve(const Config& config, ndes::RollingRule rolling) {
    ndes::forbid_core_dumps();
    if (auto tested = ndes::self_test_cms(); !tested) return complain(tested.error(), kFailed);
    ndes::allow_many_descriptors();
    ndes::claim_signals();
    auto plain_log = ndes::open_rolling_log(log_options(config.log), rolling, ndes::system_clock());
    if (!plain_log) return complain(plain_log.error(), kFailed);
    auto log =
        ndes::scep::add_event_file(std::move(*plain_log), config.events, ndes::system_clock());
    if (!log) return complain(log.error(), kFailed);
    ndes::FileWatcher watcher;
    watcher.watch(ndes::scep::files_to_watch(config));
    auto service = Service::start(config, **log, ndes::system_clock(), ndes::system_random());
    if (!service) {
        (*log)->flush();
        return complain(service.error(), kFailed);
    }
    run(**service, config, watcher);
    (*log)->note(ndes::Severity::info, "ndesd has stopped");
    return kOk;
}

int check(const Config& config) {
    if (auto tested = ndes::self_test_cms(); !tested) return complain(tested.error(), kFailed);
    auto checked = ndes::scep::check_files(config, ndes::null_log(), ndes::system_clock(),
                                           ndes::system_random());
    if (!checked) return complain(checked.error(), kFailed);
    std::puts("ndesd: the configuration is good");
    return kOk;
}

// A line for admin.password_file; the password is the first line of standard input.
int print_password_line(const std::string& name) {
    std::string password;
    if (::isatty(STDIN_FILENO) != 0) std::fprintf(stderr, "password of %s: ", name.c_str());
    std::getline(std::cin, password);
    auto line = ndes::scep::hash_password(name, password, ndes::system_random());
    ::OPENSSL_cleanse(password.data(), password.size());
    if (!line) return complain(line.error(), kFailed);
    std::puts(line->c_str());
    return kOk;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("ndesd - SCEP server and registration authority (RFC 8894)");
    std::string config_file;
    bool check_config = false;
    std::string user;
    CLI::Option* const config_option =
        app.add_option("--config", config_file, "configuration, TOML");
    CLI::Option* const hash_option =
        app.add_option("--hash-password", user,
                       "read a password from standard input, print this user's line for "
                       "admin.password_file, and exit");
    hash_option->excludes(config_option);
    app.require_option(1, 2);
    app.add_flag("--check-config", check_config, "check it and the files it names, and exit");
    app.set_version_flag("--version", "ndesd " NDES_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kOk : kUsage;
    }
    if (!user.empty()) return print_password_line(user);
    if (config_file.empty()) return complain({{}, "--config is required", {}, {}}, kUsage);
    auto config = ndes::scep::load_config(config_file);
    if (!config) return complain(config.error(), kUsage);
    if (check_config) return check(*config);
    const auto rolling = ndes::load_rolling(config_file);
    return rolling ? serve(*config, *rolling) : complain(rolling.error(), kUsage);
}
