#include "scep-server/service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/http_server/http_server.h"
#include "common/tls/tls_context.h"
#include "scep-server/enroll/notify_dispatcher.h"
#include "scep-server/enroll/password_policy.h"
#include "scep-server/enroll/pending_desk.h"
#include "scep-server/enroll/revocation_desk.h"
#include "scep-server/http/admin_endpoint.h"
#include "scep-server/http/health_endpoint.h"
#include "scep-server/http/issued_api.h"
#include "scep-server/http/pending_api.h"
#include "scep-server/profile.h"

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

// What the admin site needs of its files; both null without one.
struct AdminFiles {
    std::shared_ptr<SSL_CTX> tls;
    std::shared_ptr<const PasswordFile> passwords;
};

Result<AdminFiles> load_admin(const AdminConfig& config) {
    if (!config.enabled) return AdminFiles{};
    TlsServerFiles files;
    files.certificate = config.certificate_file;
    files.key = config.key_file;
    files.client_ca = config.client_ca_file;
    auto tls = build_server_context(files);
    if (!tls) return pass_on(tls, "admin");
    PasswordFile passwords;
    if (!config.password_file.empty()) {
        auto loaded = PasswordFile::load(config.password_file);
        if (!loaded) return pass_on(loaded, "admin");
        passwords = std::move(*loaded);
    }
    return AdminFiles{std::move(*tls), std::make_shared<PasswordFile>(std::move(passwords))};
}

http::ServerOptions device_options(const Config& config, std::shared_ptr<SSL_CTX> tls) {
    http::ServerOptions options;
    options.address = config.server.listen.address;
    options.port = config.server.listen.port;
    options.tls = std::move(tls);
    options.worker_threads = config.server.worker_threads;
    options.limits.body_octets =
        std::ranges::max(config.profiles, {}, [](const ProfileConfig& profile) {
            return profile.scep.max_message;
        }).scep.max_message;
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

http::ServerOptions admin_options(const AdminConfig& config, std::shared_ptr<SSL_CTX> tls) {
    http::ServerOptions options;
    options.address = config.listen.address;
    options.port = config.listen.port;
    options.tls = std::move(tls);
    options.worker_threads = 4;
    options.limits.body_octets = 16 * 1024;
    options.limits.connections = 64;
    options.limits.connections_per_address = 32;
    return options;
}

// What is needed before there can be a service.
struct Foundation {
    std::vector<ProfileFiles> profiles;
    ChallengeSeal seal;
    std::shared_ptr<SSL_CTX> tls;
    AdminFiles admin;
};

Result<Foundation> load_foundation(const Config& config, Log& log, const Clock& clock,
                                   Random& random) {
    if (!config.pkcs11.module.empty())
        if (auto opened = use_pkcs11(config.pkcs11); !opened) return pass_on(opened);
    std::vector<ProfileFiles> profiles;
    for (const ProfileConfig& profile : config.profiles) {
        auto files = load_profile_files(profile, log, clock, random);
        if (!files && !profile.name.empty())
            return pass_on(files, "profile \"" + profile.name + "\"");
        if (!files) return pass_on(files);
        profiles.push_back(std::move(*files));
    }
    auto seal = ChallengeSeal::load(config.journal.key_file, random);
    if (!seal) return pass_on(seal);
    auto tls = load_tls(config.server);
    if (!tls) return pass_on(tls, "server");
    auto admin = load_admin(config.admin);
    if (!admin) return pass_on(admin);
    return Foundation{std::move(profiles), std::move(*seal), std::move(*tls), std::move(*admin)};
}

// The policies of all profiles. A profile without settings of its own shares the first's.
struct Policies {
    std::vector<std::unique_ptr<Policy>> owned;
    std::vector<Policy*> of_profile;  // in the profiles' order
};

Result<Policies> load_policies(const Config& config, const Foundation& foundation,
                               const PasswordParts& parts, Log& log) {
    Policies policies;
    for (std::size_t i = 0; i < config.profiles.size(); ++i) {
        const ProfileConfig& profile = config.profiles[i];
        // The password cache is bound to its profile; a module is asked for all that share it.
        if (i > 0 && !profile.policy.own && !profile.policy.none) {
            policies.of_profile.push_back(policies.of_profile.front());
            continue;
        }
        auto policy = profile.policy.none
                          ? make_password_policy(profile.mscep, profile.name, parts)
                          : load_policy_module({profile.policy.module, profile.policy.module_config,
                                                foundation.profiles[i].ca_name},
                                               log);
        if (!policy) return pass_on(policy);
        policies.owned.push_back(std::move(*policy));
        policies.of_profile.push_back(policies.owned.back().get());
    }
    return policies;
}

EnrollmentCounters operator+(EnrollmentCounters a, const EnrollmentCounters& b) {
    a.issued += b.issued;
    a.refused += b.refused;
    a.pending += b.pending;
    a.unavailable += b.unavailable;
    a.malformed += b.malformed;
    return a;
}

class RunningService final : public Service {
  public:
    RunningService(const Config& config, ChallengeSeal seal,
                   std::shared_ptr<const PasswordFile> passwords, std::unique_ptr<Journal> journal,
                   Log& log, const Clock& clock, Random& random)
        : config_(config),
          log_(log),
          clock_(clock),
          random_(random),
          seal_(std::move(seal)),
          journal_(std::move(journal)),
          login_(config_.admin, std::move(passwords), log, clock),
          desk_({*journal_, [this](const std::string& name) { return issuance_of(name); }, log}),
          pending_api_(desk_),
          revocation_(*journal_, log, clock),
          issued_api_(revocation_),
          watch_({config_.notify.most, config_.notify.alarm_after}, journal_->notifies(), log,
                 clock),
          notify_api_({journal_->notifies(), [this] { notifier_->wake(); }, log}) {}

    ~RunningService() override { shut(); }

    // Everything behind the listeners.
    Result<void> build(Foundation& foundation) {
        auto policies =
            load_policies(config_, foundation, {journal_->passwords(), seal_, random_, log_}, log_);
        if (!policies) return pass_on(policies);
        policies_ = std::move(*policies);
        notifier_ = std::make_unique<NotifyDispatcher>(
            NotifyOptions{.retry_least = config_.notify.retry_least,
                          .retry_most = config_.notify.retry_most,
                          .tries = config_.notify.tries},
            NotifyParts{*journal_, [this](const std::string& name) { return policy_of(name); },
                        seal_, log_, clock_, random_});
        std::vector<AdminProfile> admin;
        for (std::size_t i = 0; i < config_.profiles.size(); ++i) {
            profiles_.push_back(std::make_unique<Profile>(
                config_.profiles[i], std::move(foundation.profiles[i]),
                ProfileParts{*policies_.of_profile[i], *journal_, seal_, log_, clock_, random_,
                             [this] { notifier_->wake(); }, [this] { return watch_.has_room(); }}));
            admin.push_back({profiles_.back()->config(), *policies_.of_profile[i],
                             profiles_.back()->issuer().ca_chain()});
        }
        admin_ = std::make_unique<AdminEndpoint>(std::move(admin), login_, pending_api_,
                                                 issued_api_, notify_api_, log_);
        health_ = std::make_unique<HealthEndpoint>(HealthParts{
            *journal_, watch_, [this] { return ra_days_left(); }, [this] { return counters(); },
            policies_.of_profile.front()->name(), profiles_.front()->issuer().name()});
        return revocation_.start(crl_targets());
    }

    Result<void> listen(const Foundation& foundation) {
        auto health = http::HttpServer::start(
            health_options(config_), [this](const http::Request& request, const http::Peer& peer) {
                return health_->handle(request, peer);
            });
        if (!health) return pass_on(health, "health listener");
        health_server_ = std::move(*health);
        if (config_.admin.enabled) {
            auto admin = http::HttpServer::start(
                admin_options(config_.admin, foundation.admin.tls),
                [this](const http::Request& request, const http::Peer& peer) {
                    return admin_->handle(request, peer);
                });
            if (!admin) return pass_on(admin, "admin listener");
            admin_server_ = std::move(*admin);
        }
        auto server =
            http::HttpServer::start(device_options(config_, foundation.tls),
                                    [this](const http::Request& request, const http::Peer& peer) {
                                        return profile_for(request.path).handle(request, peer);
                                    });
        if (!server) return pass_on(server, "device listener");
        server_ = std::move(*server);
        for (const auto& profile : profiles_)
            tell_of(*profile);
        return {};
    }

    void reload() override {
        log_.reopen();
        for (const auto& profile : profiles_)
            profile->reload();
        reload_tls();
        log_.note(Severity::info, "reload is done");
    }

    void tend() override {
        desk_.tend();
        revocation_.tend();
        static_cast<void>(watch_.look());  // a journal that cannot be read is told elsewhere
        for (const auto& profile : profiles_)
            profile->tend();
        const WallTime now = clock_.now();
        if (now - dates_told_ < std::chrono::hours(24)) return;
        dates_told_ = now;
        for (const auto& profile : profiles_)
            profile->warn_of_dates();
    }

    void stop() override { shut(); }

    std::uint16_t port() const override { return server_->port(); }
    std::uint16_t health_port() const override { return health_server_->port(); }
    std::uint16_t admin_port() const override {
        return admin_server_ ? admin_server_->port() : std::uint16_t{0};
    }

  private:
    void tell_of(const Profile& profile) {
        profile.warn_of_dates();
        dates_told_ = clock_.now();
        const ScepConfig& scep = profile.config().scep;
        log_.note(Severity::info, "ndesd serves SCEP",
                  {{"address", config_.server.listen.address},
                   {"port", std::to_string(port())},
                   {"path", scep.path},
                   {"profile", profile.config().name},
                   {"ca", profile.issuer().name()},
                   {"module", policy_of(profile.config().name)->name()},
                   {"legacy_des_sha1", scep.legacy_des_sha1 ? "accepted" : "refused"}});
    }

    std::vector<CrlTarget> crl_targets() const {
        std::vector<CrlTarget> targets;
        for (const auto& profile : profiles_) {
            const IssuerConfig& issuer = profile->config().issuer;
            if (issuer.crl_lifetime > std::chrono::milliseconds(0))
                targets.push_back({profile->config().name, &profile->issuer(), issuer.crl_file,
                                   issuer.crl_lifetime});
        }
        return targets;
    }

    // The profile with the longest path that fits; the first answers for what none has.
    Profile& profile_for(std::string_view path) {
        Profile* best = profiles_.front().get();
        std::size_t length = 0;
        for (const auto& profile : profiles_) {
            const std::string& base = profile->config().scep.path;
            if (base.size() <= length || !is_scep_path(base, path)) continue;
            best = profile.get();
            length = base.size();
        }
        return *best;
    }

    std::size_t index_of(const std::string& name) const {
        const auto found = std::ranges::find(config_.profiles, name, &ProfileConfig::name);
        return static_cast<std::size_t>(found - config_.profiles.begin());
    }
    Policy* policy_of(const std::string& name) const {
        const std::size_t index = index_of(name);
        return index < policies_.of_profile.size() ? policies_.of_profile[index] : nullptr;
    }
    const Issuance* issuance_of(const std::string& name) const {
        const std::size_t index = index_of(name);
        return index < profiles_.size() ? &profiles_[index]->issuance() : nullptr;
    }
    int ra_days_left() const {
        int least = std::numeric_limits<int>::max();
        for (const auto& profile : profiles_)
            least = std::min(least, profile->ra_days_left());
        return least;
    }
    EnrollmentCounters counters() const {
        EnrollmentCounters sum;
        for (const auto& profile : profiles_)
            sum = sum + profile->counters();
        return sum;
    }

    void reload_tls() {
        if (!config_.server.certificate_file.empty()) {
            if (auto tls = load_tls(config_.server))
                server_->replace_tls(std::move(*tls));
            else
                keep_old("server", tls.error());
        }
        if (!config_.admin.enabled) return;
        if (auto admin = load_admin(config_.admin)) {
            admin_server_->replace_tls(std::move(admin->tls));
            login_.replace(std::move(admin->passwords));
        } else {
            keep_old("admin", admin.error());
        }
    }

    void keep_old(const char* listener, const Error& error) {
        log_.note(Severity::error, "reload: files of a listener are unusable; those in use stay",
                  {{"listener", listener}, {"cause", error.text}, {"detail", error.detail}});
    }

    // Devices first: what they were promised is then in the journal. Health last, so that a probe
    // sees the drain.
    void shut() {
        if (server_) server_->stop(config_.server.drain_timeout);
        if (admin_server_) admin_server_->stop(std::chrono::milliseconds(1000));
        if (notifier_) notifier_->stop();
        if (health_server_) health_server_->stop(std::chrono::milliseconds(0));
    }

    const Config config_;
    Log& log_;
    const Clock& clock_;
    Random& random_;
    ChallengeSeal seal_;
    std::unique_ptr<Journal> journal_;
    Policies policies_;
    std::unique_ptr<NotifyDispatcher> notifier_;
    std::vector<std::unique_ptr<Profile>> profiles_;
    AdminLogin login_;
    PendingDesk desk_;
    PendingApi pending_api_;
    RevocationDesk revocation_;
    IssuedApi issued_api_;
    NotifyWatch watch_;
    NotifyApi notify_api_;
    std::unique_ptr<AdminEndpoint> admin_;
    std::unique_ptr<HealthEndpoint> health_;
    WallTime dates_told_{};  // of main's thread
    std::unique_ptr<http::HttpServer> health_server_;
    std::unique_ptr<http::HttpServer> admin_server_;
    std::unique_ptr<http::HttpServer> server_;
};

Result<std::unique_ptr<Service>> start_service(const Config& config, Log& log, const Clock& clock,
                                               Random& random) {
    auto foundation = load_foundation(config, log, clock, random);
    if (!foundation) return pass_on(foundation);
    auto journal = Journal::open(config.journal.path, config.journal.create, clock);
    if (!journal) return pass_on(journal);
    auto service = std::make_unique<RunningService>(config, std::move(foundation->seal),
                                                    foundation->admin.passwords,
                                                    std::move(*journal), log, clock, random);
    if (auto built = service->build(*foundation); !built) return pass_on(built);
    if (auto listening = service->listen(*foundation); !listening) return pass_on(listening);
    return std::unique_ptr<Service>(std::move(service));
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(const Config& config, Log& log, const Clock& clock,
                                                Random& random) {
    auto service = start_service(config, log, clock, random);
    if (!service)
        note_event(log, Severity::error, kFailedToLoad,
                   "ndesd cannot start: " + service.error().text,
                   {{"cause", service.error().text}, {"detail", service.error().detail}});
    return service;
}

std::vector<std::filesystem::path> files_to_watch(const Config& config) {
    std::vector<std::filesystem::path> files{
        config.server.certificate_file, config.server.key_file,      config.admin.certificate_file,
        config.admin.key_file,          config.admin.client_ca_file, config.admin.password_file};
    for (const ProfileConfig& profile : config.profiles) {
        const RaConfig& ra = profile.ra;
        const IssuerConfig& issuer = profile.issuer;
        files.insert(files.end(), {ra.signing_certificate_file, ra.signing_key.file,
                                   ra.encryption_certificate_file, ra.encryption_key.file, ra.store,
                                   issuer.next_ca_file, issuer.server_ca_file,
                                   issuer.client_certificate_file, issuer.client_key_file});
        std::error_code gone;
        for (std::filesystem::directory_iterator at(ra.store, gone), end; !gone && at != end;
             at.increment(gone))
            files.push_back(at->path());
    }
    std::erase(files, std::filesystem::path());
    return files;
}

Result<void> check_files(const Config& config, Log& log, const Clock& clock, Random& random) {
    auto foundation = load_foundation(config, log, clock, random);
    if (!foundation) return pass_on(foundation);
    return {};
}

}  // namespace ndes::scep
