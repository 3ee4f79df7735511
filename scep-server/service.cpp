#include "scep-server/service.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "common/expiry/expiry_warning.h"
#include "scep-server/enroll/notify_dispatcher.h"
#include "scep-server/enroll/pending_desk.h"
#include "scep-server/enroll/ra_renewal.h"
#include "scep-server/enroll/revocation_desk.h"
#include "scep-server/foundation.h"
#include "scep-server/http/admin_endpoint.h"
#include "scep-server/http/health_endpoint.h"
#include "scep-server/http/issued_api.h"
#include "scep-server/http/pending_api.h"
#include "scep-server/listeners.h"
#include "scep-server/metrics/event_counter.h"
#include "scep-server/metrics/metrics_collector.h"
#include "scep-server/metrics/ndes_metrics.h"
#include "scep-server/own_certificates.h"
#include "scep-server/profile.h"

namespace ndes::scep {
namespace {

constexpr std::chrono::minutes kOwnInterval{10};  // between two looks at what of ours ends

EnrollmentCounters operator+(EnrollmentCounters a, const EnrollmentCounters& b) {
    a.issued += b.issued;
    a.refused += b.refused;
    a.pending += b.pending;
    a.unavailable += b.unavailable;
    a.malformed += b.malformed;
    return a;
}

std::vector<std::string> names_of(const std::vector<ProfileConfig>& profiles) {
    std::vector<std::string> names;
    names.reserve(profiles.size());
    for (const ProfileConfig& profile : profiles)
        names.push_back(profile.name);
    return names;
}

class RunningService final : public Service {
  public:
    RunningService(const Config& config, ChallengeSeal seal,
                   std::shared_ptr<const PasswordFile> passwords, std::unique_ptr<Journal> journal,
                   Log& log, const Clock& clock, Random& random)
        : config_(config),
          metrics_(NDES_VERSION, names_of(config.profiles)),
          log_(log, metrics_),
          clock_(clock),
          random_(random),
          seal_(std::move(seal)),
          journal_(std::move(journal)),
          login_(config_.admin, std::move(passwords), log_, clock),
          desk_({*journal_, [this](const std::string& name) { return issuance_of(name); }, log_}),
          pending_api_(desk_),
          revocation_(*journal_, log_, clock),
          issued_api_(revocation_),
          watch_({config_.notify.most, config_.notify.alarm_after}, journal_->notifies(), log_,
                 clock),
          notify_api_({journal_->notifies(), [this] { notifier_->wake(); }, log_}) {}

    ~RunningService() override { shut(); }

    // Everything behind the listeners.
    Result<void> build(Foundation& foundation) {
        auto policies = load_policies(config_, foundation,
                                      {journal_->passwords(), seal_, random_, log_}, log_, clock_);
        if (!policies) return pass_on(policies);
        policies_ = std::move(*policies);
        notifier_ = std::make_unique<NotifyDispatcher>(
            NotifyOptions{.retry_least = config_.notify.retry_least,
                          .retry_most = config_.notify.retry_most,
                          .tries = config_.notify.tries},
            NotifyParts{*journal_, [this](const std::string& name) { return policy_of(name); },
                        seal_, log_, clock_, random_});
        build_profiles(foundation);
        health_ = std::make_unique<HealthEndpoint>(
            HealthParts{*journal_, watch_, [this] { return policies_.standing(); },
                        [this] { return ra_days_left(); }, [this] { return counters(); },
                        [this] { return collector_.text(); }, policies_.of_profile.front()->name(),
                        profiles_.front()->issuer().name()});
        if (auto started = revocation_.start(crl_targets()); !started) return started;
        for (const auto& profile : profiles_)
            profile->book_ra();
        return {};
    }

    Result<void> listen(const Foundation& foundation) {
        const auto handler_of = [](auto& endpoint) {
            return [&endpoint](const http::Request& request, const http::Peer& peer) {
                return endpoint.handle(request, peer);
            };
        };
        auto listeners =
            Listeners::start(config_, foundation.listeners,
                             {[this](const http::Request& request, const http::Peer& peer) {
                                  return profile_for(request.path).handle(request, peer);
                              },
                              handler_of(*health_), handler_of(*admin_)});
        if (!listeners) return pass_on(listeners);
        listeners_ = std::move(*listeners);
        listening_ = listeners_.get();
        for (const auto& profile : profiles_)
            tell_of(*profile);
        look_after_own();
        return {};
    }

    void reload() override {
        log_.reopen();
        bool good = true;
        for (const auto& profile : profiles_)
            good = profile->reload() && good;
        good = listeners_->reload(login_, log_) && good;
        metrics_.count_reload(good);
        look_after_own();
        log_.note(Severity::info, "reload is done", {}, std::source_location::current());
    }

    void tend() override {
        desk_.tend();
        revocation_.tend();
        static_cast<void>(watch_.look());  // a journal that cannot be read is told elsewhere
        for (const auto& profile : profiles_)
            profile->tend();
        if (clock_.steady_now() - own_looked_at_ >= kOwnInterval) look_after_own();
        const WallTime now = clock_.now();
        if (now - dates_told_ < std::chrono::hours(24)) return;
        dates_told_ = now;
        for (const auto& profile : profiles_)
            profile->warn_of_dates();
    }

    std::string manager_state() const override {
        const int status = health_->status();
        const char* const word = status == 0 ? "Online" : status == 1 ? "Failed" : "Undefined";
        std::string state =
            "STATUS=" + std::string(word) + expiry_status(*own_.get(), clock_.now());
        // After an I/O error the journal takes nothing more, also when the disk is well again.
        if (journal_->healthy()) state += "\nWATCHDOG=1";
        return state;
    }

    void stop() override { shut(); }

    std::uint16_t port() const override { return listeners_->device().port(); }
    std::uint16_t health_port() const override { return listeners_->health().port(); }
    std::uint16_t admin_port() const override {
        return listeners_->admin() != nullptr ? listeners_->admin()->port() : std::uint16_t{0};
    }

  private:
    void build_profiles(Foundation& foundation) {
        std::vector<AdminProfile> admin;
        for (std::size_t i = 0; i < config_.profiles.size(); ++i) {
            profiles_.push_back(std::make_unique<Profile>(
                config_.profiles[i], std::move(foundation.profiles[i]),
                ProfileParts{*policies_.of_profile[i], *journal_, seal_, log_, clock_, random_,
                             [this] { notifier_->wake(); }, [this] { return watch_.has_room(); },
                             metrics_.observer(i)}));
            admin.push_back({profiles_.back()->config(), *policies_.of_profile[i],
                             [&issuer = profiles_.back()->issuer()] { return issuer.ca_chain(); }});
        }
        admin_ = std::make_unique<AdminEndpoint>(std::move(admin), login_, pending_api_,
                                                 issued_api_, notify_api_, log_);
    }

    // Renews what is due and tells what ends.
    void look_after_own() {
        own_looked_at_ = clock_.steady_now();
        for (const auto& profile : profiles_) {
            if (renewal_.renew_ra(profile->config())) static_cast<void>(profile->reload());
            renewal_.renew_client(profile->config());
        }
        own_.look(config_, profiles_, clock_.now());
        expiry_.tell(*own_.get(), clock_.now(), log_);
    }

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
                   {"legacy_des_sha1", scep.legacy_des_sha1 ? "accepted" : "refused"}},
                  std::source_location::current());
    }

    std::vector<CrlTarget> crl_targets() const {
        std::vector<CrlTarget> targets;
        for (const auto& profile : profiles_) {
            const IssuerConfig& issuer = profile->config().issuer;
            if (!profile->issuer().has_ca_key()) continue;
            targets.push_back({profile->config().name, &profile->issuer(),
                               issuer.makes_crl() ? issuer.crl_file : std::filesystem::path(),
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

    // Devices first: what they were promised is then in the journal. Health last, so that a probe
    // sees the drain.
    void shut() {
        if (listeners_) listeners_->stop_serving(config_.server.drain_timeout);
        if (notifier_) notifier_->stop();
        if (listeners_) listeners_->stop_health();
    }

    const Config config_;
    NdesMetrics metrics_;
    EventCounter log_;
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
    std::atomic<const Listeners*> listening_{nullptr};
    OwnCertificates own_;
    ExpiryWatch expiry_;  // this and the two below: of main's thread
    RaRenewal renewal_{{log_, clock_,
                        [this](const char* what, bool done) { metrics_.count_renewal(what, done); },
                        [this](const ProfileConfig& profile, const Certificate& certificate) {
                            profiles_[index_of(profile.name)]->book(certificate);
                        }}};
    SteadyTime own_looked_at_{};
    MetricsCollector collector_{{metrics_, *journal_, profiles_, own_,
                                 [this] { return listening_.load(); },
                                 [this] { return health_->status(); }}};
    std::unique_ptr<HealthEndpoint> health_;
    WallTime dates_told_{};  // of main's thread
    std::unique_ptr<Listeners> listeners_;
};

Result<std::unique_ptr<Service>> start_service(const Config& config, Log& log, const Clock& clock,
                                               Random& random) {
    RaRenewal renewal({log, clock});
    auto foundation = load_foundation(config, log, clock, random, &renewal);
    if (!foundation) return pass_on(foundation);
    auto journal = Journal::open(config.journal.path, config.journal.create, clock);
    if (!journal) return pass_on(journal);
    auto service = std::make_unique<RunningService>(config, std::move(foundation->seal),
                                                    foundation->listeners.admin.passwords,
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

Result<void> check_files(const Config& config, Log& log, const Clock& clock, Random& random) {
    auto foundation = load_foundation(config, log, clock, random);
    if (!foundation) return pass_on(foundation);
    return {};
}

}  // namespace ndes::scep
