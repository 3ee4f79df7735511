#include "scep-server/metrics/ndes_metrics.h"

#include <map>
#include <utility>

#include "scep-server/enroll/ndes_event.h"

namespace ndes::scep {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

// Makes a counter that somebody else counts show that number.
void raise_to(Counter& counter, std::uint64_t total) {
    const double missing = static_cast<double>(total) - counter.Value();
    if (missing > 0) counter.Increment(missing);
}

}  // namespace

struct NdesMetrics::Families {
    explicit Families(Registry& registry)
        : answers(counter(registry, "ndes_scep_answers_total",
                          "Answered PKIOperations, by what the device was told")),
          request_time(histogram(registry, "ndes_scep_request_duration_seconds",
                                 "Time from a complete PKIOperation to its answer")),
          policy_time(histogram(registry, "ndes_scep_policy_duration_seconds",
                                "Time of a question to the policy, by its result")),
          ca_time(histogram(registry, "ndes_scep_ca_duration_seconds",
                            "Time of a question to the CA, by its result")),
          events(counter(registry, "ndes_scep_events_total", "Events of the original, by number")),
          reloads(counter(registry, "ndes_scep_reloads_total", "Reloads of files, by result")),
          renewals(counter(registry, "ndes_scep_renewals_total",
                           "Certificates of our own renewed, by what they are and result")),
          status(gauge(registry, "ndes_scep_health_status", "0 Online, 1 Failed, 4 Undefined")
                     .Add({})),
          notifies(gauge(registry, "ndes_scep_notifies_waiting",
                         "Notify calls that the policy has not acknowledged yet")
                       .Add({})),
          dead_notifies(gauge(registry, "ndes_scep_notifies_dead",
                              "Notify calls given up: crpctl notify list --dead")
                            .Add({})),
          crl(gauge(registry, "x509_crl_next_update",
                    "When the list has to be replaced, seconds since 1970")),
          connections(gauge(registry, "ndes_scep_connections_open", "Open connections")),
          handshakes(counter(registry, "ndes_scep_tls_handshakes_failed_total",
                             "TLS handshakes that failed")),
          refused(counter(registry, "ndes_scep_transport_refused_total",
                          "Requests refused before they were looked at")) {
        for (const NdesEvent& event : all_events())
            by_event[event.number] = &events.Add(
                {{"event", std::to_string(event.number)}, {"name", std::string(event.name)}});
        for (const bool done : {true, false})
            by_reload[done] = &reloads.Add({{"result", done ? "done" : "failed"}});
        for (const char* what : {"ra", "client"})
            for (const bool done : {true, false})
                by_renewal[{what, done}] =
                    &renewals.Add({{"what", what}, {"result", done ? "done" : "failed"}});
    }

    Family<Counter>& answers;
    Family<Histogram>& request_time;
    Family<Histogram>& policy_time;
    Family<Histogram>& ca_time;
    Family<Counter>& events;
    Family<Counter>& reloads;
    Family<Counter>& renewals;
    Gauge& status;
    Gauge& notifies;
    Gauge& dead_notifies;
    Family<Gauge>& crl;
    Family<Gauge>& connections;
    Family<Counter>& handshakes;
    Family<Counter>& refused;
    std::map<int, Counter*> by_event;
    std::map<bool, Counter*> by_reload;
    std::map<std::pair<std::string, bool>, Counter*> by_renewal;
};

// Of one profile. Its samples are there from the start, and so counting takes no lock.
class NdesMetrics::ProfileObserver final : public EnrollObserver {
  public:
    ProfileObserver(Families& families, const std::string& profile) {
        for (const char* message :
             {"PKCSReq", "RenewalReq", "CertPoll", "GetCert", "GetCRL", "unread"})
            request_[message] = &families.request_time.Add(
                {{"profile", profile}, {"message", message}}, call_buckets());
        for (const char* result : {"yes", "no", "unavailable"})
            policy_[result] = &families.policy_time.Add({{"profile", profile}, {"result", result}},
                                                        call_buckets());
        for (const char* result : {"issued", "pending", "refused", "unavailable", "unfit"})
            ca_[result] =
                &families.ca_time.Add({{"profile", profile}, {"result", result}}, call_buckets());
    }

    void request_took(std::string_view message, SteadyTime::duration time) override {
        observe(request_, message, time);
    }
    void policy_took(std::string_view result, SteadyTime::duration time) override {
        observe(policy_, result, time);
    }
    void ca_took(std::string_view result, SteadyTime::duration time) override {
        observe(ca_, result, time);
    }

  private:
    using Histograms = std::map<std::string, Histogram*, std::less<>>;

    static void observe(const Histograms& histograms, std::string_view word,
                        SteadyTime::duration time) {
        if (const auto found = histograms.find(word); found != histograms.end())
            found->second->Observe(std::chrono::duration<double>(time).count());
    }

    Histograms request_, policy_, ca_;
};

NdesMetrics::NdesMetrics(std::string_view version, const std::vector<std::string>& profiles)
    : set_("ndesd", version), families_(std::make_unique<Families>(set_.registry())) {
    for (const std::string& profile : profiles)
        observers_.push_back(std::make_unique<ProfileObserver>(*families_, profile));
}

NdesMetrics::~NdesMetrics() = default;

EnrollObserver& NdesMetrics::observer(std::size_t profile) { return *observers_.at(profile); }

void NdesMetrics::count_event(int number) {
    if (const auto found = families_->by_event.find(number); found != families_->by_event.end())
        found->second->Increment();
}

void NdesMetrics::count_reload(bool done) { families_->by_reload.at(done)->Increment(); }

void NdesMetrics::count_renewal(const std::string& what, bool done) {
    families_->by_renewal.at({what, done})->Increment();
}

void NdesMetrics::show_answers(const std::string& profile, const EnrollmentCounters& counters) {
    const auto show = [&](const char* answer, std::uint64_t total) {
        raise_to(families_->answers.Add({{"profile", profile}, {"answer", answer}}), total);
    };
    show("issued", counters.issued);
    show("refused", counters.refused);
    show("pending", counters.pending);
    show("unavailable", counters.unavailable);
    show("malformed", counters.malformed);
}

void NdesMetrics::show_listener(const ListenerSample& sample) {
    const Labels labels{{"listener", sample.listener}};
    families_->connections.Add(labels).Set(static_cast<double>(sample.connections_open));
    raise_to(families_->handshakes.Add(labels), sample.handshakes_failed);
    const auto refused = [&](const char* why, std::uint64_t total) {
        raise_to(families_->refused.Add({{"listener", sample.listener}, {"why", why}}), total);
    };
    refused("malformed", sample.refused_malformed);
    refused("busy", sample.refused_busy);
}

void NdesMetrics::show_status(int status) { families_->status.Set(status); }

void NdesMetrics::show_notifies(std::size_t waiting, std::size_t dead) {
    families_->notifies.Set(static_cast<double>(waiting));
    families_->dead_notifies.Set(static_cast<double>(dead));
}

void NdesMetrics::show_crl(const std::string& profile, WallTime next_update) {
    families_->crl.Add({{"profile", profile}})
        .Set(static_cast<double>(to_unix_ms(next_update)) / 1000.0);
}

void NdesMetrics::show_certificates(const std::vector<MetricSet::UsedCertificate>& certificates) {
    set_.show_certificates(certificates);
}

std::string NdesMetrics::text() const { return set_.text(); }

}  // namespace ndes::scep
