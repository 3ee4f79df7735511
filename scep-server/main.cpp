// ndesd: reads the configuration, builds the service, runs it until it is told to stop.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/process/process.h"
#include "common/random.h"
#include "scep-server/config.h"
#include "scep-server/enroll/ndes_event.h"
#include "scep-server/service.h"

namespace {

using namespace std::chrono_literals;
using ndes::scep::Config;
using ndes::scep::Service;
using ndes::ProcessEvent;

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

// Until SIGTERM or SIGINT; SIGHUP reloads.
void run(Service& service) {
    const auto interval = ndes::watchdog_interval().value_or(60s);
    ndes::tell_service_manager("READY=1");
    while (true) {
        const auto event = ndes::wait_for_event(interval);
        ndes::tell_service_manager("WATCHDOG=1");
        if (!event) continue;
        if (*event == ProcessEvent::terminate) break;
        if (*event == ProcessEvent::check) continue;  // the loop's own look was it
        ndes::tell_service_manager("RELOADING=1");
        service.reload();
        ndes::tell_service_manager("READY=1");
    }
    ndes::tell_service_manager("STOPPING=1");
    service.stop();
}

int serve(const Config& config) {
    ndes::forbid_core_dumps();
    ndes::claim_signals();
    auto log = ndes::open_log(log_options(config.log), ndes::system_clock());
    if (!log) return complain(log.error(), kFailed);
    auto service = Service::start(config, **log, ndes::system_clock(), ndes::system_random());
    if (!service) {
        ndes::scep::note_event(**log, ndes::Severity::error, ndes::scep::kFailedToLoad,
                               "ndesd cannot start: " + service.error().text,
                               {{"detail", service.error().detail}});
        (*log)->flush();
        return complain(service.error(), kFailed);
    }
    run(**service);
    (*log)->note(ndes::Severity::info, "ndesd has stopped");
    return kOk;
}

int check(const Config& config) {
    auto checked = ndes::scep::check_files(config, ndes::system_clock(), ndes::system_random());
    if (!checked) return complain(checked.error(), kFailed);
    std::puts("ndesd: the configuration is good");
    return kOk;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("ndesd - SCEP server and registration authority (RFC 8894)");
    std::string config_file;
    bool check_config = false;
    app.add_option("--config", config_file, "configuration, TOML")->required();
    app.add_flag("--check-config", check_config, "check it and the files it names, and exit");
    app.set_version_flag("--version", "ndesd " NDES_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kOk : kUsage;
    }
    auto config = ndes::scep::load_config(config_file);
    if (!config) return complain(config.error(), kUsage);
    return check_config ? check(*config) : serve(*config);
}
