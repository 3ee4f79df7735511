// crpd: the certificate registration point. Wiring only, in the order in which a call passes
// through: listener → API → services → store → state messages.
#include <climits>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>
#include <CLI/CLI.hpp>

#include "common/clock.h"
#include "common/crypto/cms_self_test.h"
#include "common/crypto/signature.h"
#include "common/expiry/expiry_warning.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "common/logging/rolling_settings.h"
#include "common/process/process.h"
#include "common/random.h"
#include "crp-service/audit/audit_checkpointer.h"
#include "crp-service/config.h"
#include "crp-service/enrollment/key_census.h"
#include "crp-service/exit_code.h"
#include "crp-service/http/api.h"
#include "crp-service/http/clock_floor.h"
#include "crp-service/http/endpoint_names.h"
#include "crp-service/http/health_handler.h"
#include "crp-service/http/material.h"
#include "crp-service/http/metrics_collector.h"
#include "crp-service/http/reload.h"
#include "crp-service/http/self_check.h"
#include "crp-service/state_messages/left_over.h"
#include "crp-service/state_messages/sinks.h"
#include "crp-service/store/store_factory.h"
#include "crp-service/upkeep/clock_watch.h"
#include "crp-service/upkeep/retention_job.h"

namespace ndes::crp {
namespace {

int report(const Error& error) {
    std::fprintf(stderr, "crpd: %s\n", error.text.c_str());
    if (!error.detail.empty()) std::fprintf(stderr, "crpd: cause: %s\n", error.detail.c_str());
    return exit_code_for(error.code);
}

using AuditFacts = std::vector<std::pair<std::string, std::string>>;

void audit(Store& store, Log& log, const char* event, AuditFacts facts) {
    AuditRecord record;
    record.time = system_clock().now();
    record.event = event;
    record.outcome = "permit";
    record.facts = std::move(facts);
    if (auto recorded = store.append_audit(std::move(record)); !recorded) {
        log.note(Severity::error, "The event could not be audited",
                 {{"event", event}, {"detail", recorded.error().text}});
    }
}

// Sealed challenges are what crpd opens CMS for.
Result<void> test_cms(const CrpdConfig& config) {
    return config.challenge.files.recipients.empty() ? Result<void>() : self_test_cms();
}

AuditFacts start_facts(const CrpdConfig& config) {
    AuditFacts facts = {{"software", config.validation.software},
                        {"config", config.hash},
                        {"minting_key", config.challenge.files.keys.front().filename()}};
    for (const CallerRule& caller : config.callers)
        facts.emplace_back("caller", caller.name);
    return facts;
}

void tell_start(Store& store, Log& log, const CrpdConfig& config, const http::HttpServer& api,
                const http::HttpServer& health) {
    audit(store, log, "start", start_facts(config));
    log.write(Severity::info,
              "CRP started on port " + std::to_string(api.port()) + ", health on port " +
                  std::to_string(health.port()),
              {{"event", "start"}, {"version", NDES_VERSION}});
    tell_service_manager("READY=1");
}

void reload(Reloader& reloader, Reloader::Cause cause) {
    tell_service_manager("RELOADING=1");
    reloader.reload(cause);
    tell_service_manager("READY=1");
}

// Tells in time what of our certificates and CRLs ends.
class OwnCertificates {
  public:
    OwnCertificates(const SelfCheck& self_check, Log& log, const Clock& clock)
        : self_check_(self_check), log_(log), clock_(clock) {}

    void look() { watch_.tell(self_check_.watched().own, clock_.now(), log_); }
    std::string status() const { return expiry_status(self_check_.watched().own, clock_.now()); }

  private:
    const SelfCheck& self_check_;
    Log& log_;
    const Clock& clock_;
    ExpiryWatch watch_;
};

// Until SIGTERM: self-check, metrics, watchdog, reload; all checks at once on SIGUSR1.
void serve(SelfCheck& self_check, MetricsCollector& collector, Reloader& reloader,
           FileWatcher& watcher, ClockWatch& clock_watch, OwnCertificates& own) {
    bool full = true;
    for (;;) {
        clock_watch.look();
        self_check.run(full);
        collector.collect();
        own.look();
        const HealthReport report = self_check.report();
        std::string state = std::string("STATUS=") + to_string(report.status) + own.status();
        if (!self_check.store_is_hopeless()) state += "\nWATCHDOG=1";
        tell_service_manager(state);
        const auto event = wait_for_event(SelfCheck::kInterval, &watcher);
        if (event == ProcessEvent::terminate) return;
        if (event == ProcessEvent::reload) reload(reloader, Reloader::Cause::asked);
        if (event == ProcessEvent::files_changed) {
            reload(reloader, Reloader::Cause::files_changed);
        }
        full = event.has_value();
    }
}

Result<std::unique_ptr<http::HttpServer>> start_health(const ListenAddress& listen,
                                                       SelfCheck& check,
                                                       const CrpMetrics& metrics) {
    http::ServerOptions options;
    options.address = listen.address;
    options.port = listen.port;
    options.worker_threads = 2;
    options.limits.connections = 64;
    options.limits.queued_requests = 64;
    options.limits.body_octets = 1024;
    return http::HttpServer::start(
        options, [&check, &metrics](const http::Request& request, const http::Peer&) {
            return answer_health(request, check, metrics);
        });
}

Result<std::unique_ptr<http::HttpServer>> start_api(http::ServerOptions options,
                                                    std::shared_ptr<SSL_CTX> tls, Api& api) {
    options.tls = std::move(tls);
    options.io_threads = 2;  // handshakes are the transport's only heavy work
    options.refusal = [&api](const http::Response& plain, const http::Request& request,
                             const http::Peer& peer) {
        return api.refuse_unread(plain, request, peer);
    };
    return http::HttpServer::start(options,
                                   [&api](const http::Request& request, const http::Peer& peer) {
                                       return api.handle(request, peer);
                                   });
}

int run(const std::filesystem::path& config_file) {
    const Clock& clock = system_clock();
    Random& random = system_random();
    FileWatcher watcher;
    watcher.watch({config_file});
    const WallTime read_at = clock.now();
    auto config = read_config(config_file);
    if (!config) return report(config.error());
    if (auto tested = test_cms(*config); !tested) return report(tested.error());
    watcher.watch(files_to_watch(config_file, *config));
    auto material = load_material(*config, clock);
    if (!material) return report(material.error());
    const auto rolling = load_rolling(config_file);
    if (!rolling) return report(rolling.error());
    auto log = open_rolling_log(config->log, *rolling, clock);
    if (!log) return report(log.error());
    auto store = open_store(config->store, clock);
    if (!store) return report(store.error());

    // Before this process records anything by its own clock.
    auto newest = (*store)->last_recorded_time();
    if (!newest) return report(newest.error());
    ClockFloor clock_floor(clock, *newest);
    auto retention = RetentionJob::make(**store, **log, clock, config->retention);
    if (!retention) return report(retention.error());
    std::optional<AuditCheckpointer> checkpointer;
    if (!config->audit.signing_key_file.empty()) {
        auto key = load_signing_key(config->audit.signing_key_file);
        if (!key) return report(key.error());
        checkpointer.emplace(**store, **log, clock, config->audit, std::move(*key));
        checkpointer->start();
    }
    (*store)->set_sinks(config->state_messages.names());
    log_left_over_messages(**store, **log);
    config->state_messages.node = config->store.node;
    auto sink_material = load_sink_material(config->state_messages, clock.now());
    if (!sink_material) return report(sink_material.error());
    std::optional<Sinks> sinks;
    if (!config->state_messages.names().empty()) {
        sinks.emplace(config->state_messages, *sink_material, **store, clock, random, **log);
    }
    auto watched = load_watched_files(*config);
    if (!watched) return report(watched.error());
    CrpMetrics metrics(NDES_VERSION, endpoint_names());
    metrics.config_taken(read_at, false);
    CurrentParts parts(
        make_live_parts(*config, *material, **store, clock, random, **log, &metrics));
    log_missing_keys(*parts.get()->codec, **store, clock.now(), **log);
    Api api(parts, **store, clock, random, **log, &metrics, &clock_floor);
    SelfCheck self_check({**store, parts, clock, random, **log, sinks.has_value(), &api.commits(),
                          config->store.path, &clock_floor},
                         std::move(*watched));
    auto health = start_health(config->health, self_check, metrics);
    if (!health) return report(health.error());
    auto server = start_api(config->server, material->tls, api);
    if (!server) return report(server.error());
    Sinks* const running_sinks = sinks ? &*sinks : nullptr;
    Reloader reloader({config_file, **store, clock, random, **log, parts, **server, self_check,
                       watcher, running_sinks, &metrics, config->start_hash});
    MetricsCollector collector({metrics, **store, clock, **server, self_check, running_sinks});

    ClockWatch clock_watch(**store, **log, clock);
    clock_watch.look_back(*newest);
    tell_start(**store, **log, *config, **server, **health);
    (*retention)->start();
    OwnCertificates own(self_check, **log, clock);
    serve(self_check, collector, reloader, watcher, clock_watch, own);
    tell_service_manager("STOPPING=1");
    retention->reset();
    (*log)->write(Severity::info, "CRP is stopping", {{"event", "stop"}});
    (*server)->stop(config->drain_timeout);
    (*health)->stop(std::chrono::milliseconds(0));
    audit(**store, **log, "stop", {{"software", config->validation.software}});
    return kExitOk;
}

int check_config(const std::filesystem::path& config_file) {
    auto config = read_config(config_file);
    if (!config) return report(config.error());
    if (auto tested = test_cms(*config); !tested) return report(tested.error());
    auto material = load_material(*config, system_clock());
    if (!material) return report(material.error());
    auto sinks = load_sink_material(config->state_messages, system_clock().now());
    if (!sinks) return report(sinks.error());
    std::printf("%s: ok\n", config_file.c_str());
    return kExitOk;
}

}  // namespace
}  // namespace ndes::crp

int main(int argc, char** argv) {
    using namespace ndes::crp;
    CLI::App app("crpd: certificate registration point", "crpd");
    std::filesystem::path config_file;
    bool check_only = false;
    app.add_option("--config", config_file, "configuration, see crpd.sample.toml")->required();
    app.add_flag("--check-config", check_only, "read the configuration and its files, then exit");
    app.set_version_flag("--version", "crpd " NDES_VERSION);
    app.footer("Exit codes: 0 ok, 1 failed, 2 usage, 3 cannot bind, 4 refused.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
        return app.exit(fault) == 0 ? kExitOk : kExitUsage;  // --help and --version end here, too
    }
    ndes::forbid_core_dumps();
    ndes::claim_signals();
    try {
        return check_only ? check_config(config_file) : run(config_file);
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "crpd: %s\n", fault.what());
        return kExitFailed;
    }
}
