#include "scep-server/service.h"

#include <utility>

#include "common/http_server/http_server.h"
#include "common/tls/tls_context.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/enrollment.h"
#include "scep-server/enroll/issuance.h"
#include "scep-server/enroll/notify_dispatcher.h"
#include "scep-server/enroll/ra_material.h"
#include "scep-server/http/health_endpoint.h"
#include "scep-server/http/scep_endpoint.h"
#include "scep-server/issuer/issuer_factory.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {
namespace {

// Null: plain HTTP.
Result<std::shared_ptr<SSL_CTX>> load_tls(const ServerConfig& config) {
    if (config.certificate_file.empty()) return std::shared_ptr<SSL_CTX>();
    TlsServerFiles files;  // no client_ca: a device has no certificate yet
    files.certificate = config.certificate_file;
    files.key = config.key_file;
    return build_server_context(files);
}

http::ServerOptions device_options(const Config& config, std::shared_ptr<SSL_CTX> tls) {
    http::ServerOptions options;
    options.address = config.server.listen.address;
    options.port = config.server.listen.port;
    options.tls = std::move(tls);
    options.worker_threads = config.server.worker_threads;
    options.limits.body_octets = config.scep.max_message;
    options.limits.connections = config.server.max_connections;
    options.limits.connections_per_address = config.server.max_connections_per_address;
    options.limits.queued_requests = config.server.queued_requests;
    return options;
}

http::ServerOptions health_options(const Config& config) {
    http::ServerOptions options;
    options.address = config.health.address;
    options.port = config.health.port;
    options.worker_threads = 1;
    options.limits.body_octets = 0;
    options.limits.connections = 32;
    return options;
}

EnrollmentRules rules_of(const Config& config, const Issuer& issuer) {
    EnrollmentRules rules;
    rules.algorithms = {config.scep.legacy_des_sha1, config.scep.allow_3des};
    rules.reading = {config.scep.allow_renewal, config.templates, issuer.ca_chain()};
    return rules;
}

// What is needed before there can be a service.
struct Foundation {
    std::unique_ptr<Issuer> issuer;
    std::shared_ptr<const RaMaterial> ra;
    ChallengeSeal seal;
    std::shared_ptr<SSL_CTX> tls;
};

Result<Foundation> load_foundation(const Config& config, const Clock& clock, Random& random) {
    auto issuer = make_issuer(config.issuer, clock, random);
    if (!issuer) return pass_on(issuer);
    auto ra = load_ra(config.ra, (*issuer)->ca_chain());
    if (!ra) return pass_on(ra);
    auto seal = ChallengeSeal::load(config.journal.key_file, random);
    if (!seal) return pass_on(seal);
    auto tls = load_tls(config.server);
    if (!tls) return pass_on(tls, "server");
    return Foundation{std::move(*issuer), std::move(*ra), std::move(*seal), std::move(*tls)};
}

class RunningService final : public Service {
  public:
    RunningService(const Config& config, Foundation foundation, std::unique_ptr<Journal> journal,
                   std::unique_ptr<Policy> policy, Log& log, const Clock& clock, Random& random)
        : config_(config),
          log_(log),
          clock_(clock),
          issuer_(std::move(foundation.issuer)),
          ra_(std::move(foundation.ra)),
          seal_(std::move(foundation.seal)),
          journal_(std::move(journal)),
          policy_(std::move(policy)),
          notifier_({config.policy.notify_retry_least, config.policy.notify_retry_most},
                    {*journal_, *policy_, seal_, log, clock, random}),
          issuance_({*policy_, *issuer_, *journal_, seal_, clock, [this] { notifier_.wake(); }},
                    config.issuer.default_validity_days),
          enrollment_(rules_of(config, *issuer_), ra_, issuance_, log, clock, random),
          endpoint_(config.scep, ra_, enrollment_, log),
          health_({*journal_, ra_, enrollment_, clock, policy_->name(), issuer_->name()}) {}

    ~RunningService() override { shut(); }

    Result<void> listen(std::shared_ptr<SSL_CTX> tls) {
        auto health = http::HttpServer::start(
            health_options(config_), [this](const http::Request& request, const http::Peer& peer) {
                return health_.handle(request, peer);
            });
        if (!health) return pass_on(health, "health listener");
        health_server_ = std::move(*health);
        auto server =
            http::HttpServer::start(device_options(config_, std::move(tls)),
                                    [this](const http::Request& request, const http::Peer& peer) {
                                        return endpoint_.handle(request, peer);
                                    });
        if (!server) return pass_on(server, "device listener");
        server_ = std::move(*server);
        warn_of_ra_dates(*ra_.get(), clock_.now(), log_);
        log_.note(Severity::info, "ndesd serves SCEP",
                  {{"address", config_.server.listen.address},
                   {"port", std::to_string(port())},
                   {"path", config_.scep.path},
                   {"ca", issuer_->name()},
                   {"module", policy_->name()},
                   {"legacy_des_sha1", config_.scep.legacy_des_sha1 ? "accepted" : "refused"}});
        return {};
    }

    void reload() override {
        log_.reopen();
        if (auto ra = load_ra(config_.ra, issuer_->ca_chain())) {
            ra_.replace(std::move(*ra));
            warn_of_ra_dates(*ra_.get(), clock_.now(), log_);
        } else {
            note_event(log_, Severity::error, kFailedRaCertificate,
                       "reload: the RA certificates are unusable; those in use stay",
                       {{"cause", ra.error().text}, {"detail", ra.error().detail}});
        }
        reload_tls();
        log_.note(Severity::info, "reload is done");
    }

    void stop() override { shut(); }

    std::uint16_t port() const override { return server_->port(); }
    std::uint16_t health_port() const override { return health_server_->port(); }

  private:
    void reload_tls() {
        if (config_.server.certificate_file.empty()) return;
        auto tls = load_tls(config_.server);
        if (tls) return server_->replace_tls(std::move(*tls));
        log_.note(Severity::error, "reload: the TLS certificate is unusable; the one in use stays",
                  {{"cause", tls.error().text}, {"detail", tls.error().detail}});
    }

    // Devices first: what they were promised is then in the journal. Health last, so that a probe
    // sees the drain.
    void shut() {
        if (server_) server_->stop(config_.server.drain_timeout);
        notifier_.stop();
        if (health_server_) health_server_->stop(std::chrono::milliseconds(0));
    }

    const Config config_;
    Log& log_;
    const Clock& clock_;
    std::unique_ptr<Issuer> issuer_;
    CurrentRa ra_;
    ChallengeSeal seal_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Policy> policy_;
    NotifyDispatcher notifier_;
    Issuance issuance_;
    Enrollment enrollment_;
    ScepEndpoint endpoint_;
    HealthEndpoint health_;
    std::unique_ptr<http::HttpServer> health_server_;
    std::unique_ptr<http::HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Service>> Service::start(const Config& config, Log& log, const Clock& clock,
                                                Random& random) {
    auto foundation = load_foundation(config, clock, random);
    if (!foundation) return pass_on(foundation);
    auto journal = Journal::open(config.journal.path, config.journal.create, clock);
    if (!journal) return pass_on(journal);
    auto policy = load_policy_module(
        {config.policy.module, config.policy.module_config, foundation->issuer->name()}, log);
    if (!policy) return pass_on(policy);
    const std::shared_ptr<SSL_CTX> tls = foundation->tls;
    auto service =
        std::make_unique<RunningService>(config, std::move(*foundation), std::move(*journal),
                                         std::move(*policy), log, clock, random);
    if (auto listening = service->listen(tls); !listening) return pass_on(listening);
    return std::unique_ptr<Service>(std::move(service));
}

Result<void> check_files(const Config& config, const Clock& clock, Random& random) {
    auto foundation = load_foundation(config, clock, random);
    if (!foundation) return pass_on(foundation);
    return {};
}

}  // namespace ndes::scep
