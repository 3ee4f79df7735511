#include "crp-service/metrics/crp_metrics.h"

#include <algorithm>

namespace ndes::crp {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr int kLeastStatus = 200;
constexpr std::size_t kStatuses = 400;
constexpr std::size_t kPhases = 4;

double seconds(SteadyTime::duration time) { return std::chrono::duration<double>(time).count(); }

// The counters of one endpoint by status, each resolved when it first occurs: resolving takes the
// family's lock, counting none.
class StatusCounters {
  public:
    StatusCounters(Family<Counter>& family, std::string endpoint)
        : family_(family), endpoint_(std::move(endpoint)) {}

    void count(int status) {
        const int last = static_cast<int>(kStatuses) - 1;
        const auto at = static_cast<std::size_t>(std::clamp(status - kLeastStatus, 0, last));
        Counter* found = counters_[at].load(std::memory_order_acquire);
        if (found == nullptr) {
            // Racing threads get the same counter from the family.
            found = &family_.Add({{"endpoint", endpoint_}, {"code", std::to_string(status)}});
            counters_[at].store(found, std::memory_order_release);
        }
        found->Increment();
    }

  private:
    Family<Counter>& family_;
    const std::string endpoint_;
    std::array<std::atomic<Counter*>, kStatuses> counters_{};
};

const char* word_of(TransactionState outcome) {
    switch (outcome) {
        case TransactionState::issued: return "issued";
        case TransactionState::failed: return "failed";
        case TransactionState::pending: return "pending";
        default: return "other";
    }
}

// Makes a counter that somebody else counts show that number.
void raise_to(Counter& counter, std::uint64_t total) {
    const double missing = static_cast<double>(total) - counter.Value();
    if (missing > 0) counter.Increment(missing);
}

}  // namespace

struct CrpMetrics::Families {
    explicit Families(Registry& registry, const std::vector<std::string>& endpoints)
        : requests(counter(registry, "ndes_crp_requests_total", "Answered calls of the API")),
          request_time(histogram(registry, "ndes_crp_request_duration_seconds",
                                 "Time from a complete request to its answer")),
          rejections(counter(registry, "ndes_crp_rejections_total",
                             "Calls refused or malformed, by the problem's reason")),
          phases(counter(registry, "ndes_crp_phase_total",
                         "Validation phases that ended, by result and reason")),
          phase_time(histogram(registry, "ndes_crp_phase_duration_seconds",
                               "Time of a validation phase, facts included")),
          write_time(histogram(registry, "ndes_crp_store_write_duration_seconds",
                               "Time until a write was durable")),
          outcomes(
              counter(registry, "ndes_crp_outcomes_total", "Outcomes told by Notify and recorded")),
          deviating(counter(registry, "ndes_crp_certificates_deviating_total",
                            "Issued certificates that are not what was verified")
                        .Add({})),
          consumed(counter(registry, "ndes_crp_challenges_consumed_total",
                           "Challenges reserved by a verdict of yes")
                       .Add({})),
          challenges(gauge(registry, "ndes_crp_challenges_outstanding",
                           "Challenges not used up and not expired")),
          messages(gauge(registry, "ndes_crp_state_messages",
                         "State messages that wait for a sink, or were given up")),
          oldest(gauge(registry, "ndes_crp_state_message_oldest_seconds",
                       "Age of the oldest state message that waits for a sink")),
          deliveries(counter(registry, "ndes_crp_deliveries_total",
                             "Deliveries of state messages tried, by result")),
          sink_up(gauge(registry, "ndes_crp_sink_up",
                        "1 while the sink takes state messages, 0 after a failure")),
          reloads(counter(registry, "ndes_crp_reloads_total",
                          "Reloads of the configuration, by result")),
          config_taken(gauge(registry, "ndes_crp_config_taken_timestamp_seconds",
                             "When the configuration in force was read, seconds since 1970")
                           .Add({})),
          config_restart(gauge(registry, "ndes_crp_config_restart_needed",
                               "1 when it has changes that only a restart puts in force")
                             .Add({})),
          status(
              gauge(registry, "ndes_crp_health_status", "0 Online, 1 Failed, 4 Undefined").Add({})),
          crl(gauge(registry, "x509_crl_next_update",
                    "When the list has to be replaced, seconds since 1970")),
          connections(
              gauge(registry, "ndes_crp_connections_open", "Open connections of the API").Add({})),
          handshakes(counter(registry, "ndes_crp_tls_handshakes_failed_total",
                             "TLS handshakes that failed")
                         .Add({})),
          refused(counter(registry, "ndes_crp_transport_refused_total",
                          "Requests refused before they reached the API")) {
        for (const std::string& endpoint : endpoints) {
            by_endpoint.push_back(std::make_unique<StatusCounters>(requests, endpoint));
            times.push_back(&request_time.Add({{"endpoint", endpoint}}, call_buckets()));
        }
        for (std::size_t phase = 1; phase < kPhases; ++phase) {
            phase_times[phase] =
                &phase_time.Add({{"phase", std::to_string(phase)}}, call_buckets());
        }
        for (std::size_t phase = 0; phase < kPhases; ++phase) {
            passed[phase] = &phases.Add(
                {{"phase", std::to_string(phase)}, {"result", "passed"}, {"reason", "Success"}});
        }
        // Both from the start: an alert sees growth only of what it has seen before.
        for (const bool done : {false, true})
            by_reload[done] = &reloads.Add({{"result", done ? "done" : "failed"}});
        decision_time = &write_time.Add({{"write", "commit_decision"}}, call_buckets());
        notify_time = &write_time.Add({{"write", "commit_notify"}}, call_buckets());
    }

    Family<Counter>& requests;
    Family<Histogram>& request_time;
    Family<Counter>& rejections;
    Family<Counter>& phases;
    Family<Histogram>& phase_time;
    Family<Histogram>& write_time;
    Family<Counter>& outcomes;
    Counter& deviating;
    Counter& consumed;
    Family<Gauge>& challenges;
    Family<Gauge>& messages;
    Family<Gauge>& oldest;
    Family<Counter>& deliveries;
    Family<Gauge>& sink_up;
    Family<Counter>& reloads;
    Gauge& config_taken;
    Gauge& config_restart;
    Gauge& status;
    Family<Gauge>& crl;
    Gauge& connections;
    Counter& handshakes;
    Family<Counter>& refused;

    std::vector<std::unique_ptr<StatusCounters>> by_endpoint;
    std::vector<Histogram*> times;
    std::array<Histogram*, kPhases> phase_times{};
    std::array<Counter*, kPhases> passed{};
    std::array<Counter*, 2> by_reload{};  // failed, done
    Histogram* decision_time = nullptr;
    Histogram* notify_time = nullptr;
};

CrpMetrics::CrpMetrics(std::string_view version, const std::vector<std::string>& endpoints)
    : set_("crpd", version), families_(std::make_unique<Families>(set_.registry(), endpoints)) {}

CrpMetrics::~CrpMetrics() = default;

void CrpMetrics::count_request(std::size_t endpoint, int status, SteadyTime::duration time) {
    const std::size_t at = std::min(endpoint, families_->by_endpoint.size() - 1);
    families_->by_endpoint[at]->count(status);
    families_->times[at]->Observe(seconds(time));
}

void CrpMetrics::count_rejection(std::string_view reason) {
    families_->rejections.Add({{"reason", std::string(reason)}}).Increment();
}

void CrpMetrics::count_reload(bool done) { families_->by_reload.at(done ? 1 : 0)->Increment(); }

void CrpMetrics::config_taken(WallTime read_at, bool restart_needed) {
    families_->config_taken.Set(static_cast<double>(to_unix_ms(read_at)) / 1000);
    families_->config_restart.Set(restart_needed ? 1 : 0);
}

void CrpMetrics::phase_took(int phase, SteadyTime::duration time) {
    Histogram* const found = families_->phase_times.at(static_cast<std::size_t>(phase));
    if (found != nullptr) found->Observe(seconds(time));
}

// A phase passed when it was judged and did not refuse; of those after a refusal nothing is known.
void CrpMetrics::verdict_recorded(const Decision& decision) {
    std::array<bool, kPhases> judged{};
    for (const RuleOutcome& outcome : decision.outcomes)
        judged.at(static_cast<std::size_t>(outcome.phase)) = true;
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
        const bool refused = !decision.verified && static_cast<int>(phase) == decision.phase;
        if (judged[phase] && !refused) families_->passed[phase]->Increment();
    }
    if (!decision.verified) {
        families_->phases
            .Add({{"phase", std::to_string(decision.phase)},
                  {"result", "refused"},
                  {"reason", decision.reason}})
            .Increment();
    } else if (!decision.challenge_id.empty()) {
        families_->consumed.Increment();
    }
}

void CrpMetrics::write_took(std::string_view write, SteadyTime::duration time) {
    Histogram* const found =
        write == "commit_decision" ? families_->decision_time : families_->notify_time;
    found->Observe(seconds(time));
}

void CrpMetrics::outcome_recorded(TransactionState outcome) {
    families_->outcomes.Add({{"outcome", word_of(outcome)}}).Increment();
}

void CrpMetrics::certificate_deviated() { families_->deviating.Increment(); }

void CrpMetrics::show_sinks(const std::vector<SinkSample>& sinks) {
    for (const SinkSample& one : sinks) {
        const auto labels = [&one](const char* name, const char* value) {
            return prometheus::Labels{{"sink", one.sink}, {name, value}};
        };
        families_->messages.Add(labels("state", "waiting")).Set(static_cast<double>(one.waiting));
        families_->messages.Add(labels("state", "dead")).Set(static_cast<double>(one.dead));
        families_->oldest.Add({{"sink", one.sink}}).Set(one.oldest_s);
        families_->sink_up.Add({{"sink", one.sink}}).Set(one.is_up ? 1 : 0);
        raise_to(families_->deliveries.Add(labels("result", "delivered")), one.delivered);
        raise_to(families_->deliveries.Add(labels("result", "failed")), one.failed);
    }
}

void CrpMetrics::show_server(const ServerSample& server) {
    families_->connections.Set(static_cast<double>(server.connections_open));
    raise_to(families_->handshakes, server.handshakes_failed);
    raise_to(families_->refused.Add({{"why", "malformed"}}), server.refused_malformed);
    raise_to(families_->refused.Add({{"why", "busy"}}), server.refused_busy);
}

void CrpMetrics::show_status(int status) { families_->status.Set(status); }

void CrpMetrics::show_crl(std::string_view use, WallTime next_update) {
    families_->crl.Add({{"use", std::string(use)}})
        .Set(static_cast<double>(to_unix_ms(next_update)) / 1000.0);
}

void CrpMetrics::show_certificates(const std::vector<MetricSet::UsedCertificate>& certificates) {
    set_.show_certificates(certificates);
}

void CrpMetrics::show_outstanding_challenges(std::string_view kind, std::int64_t count) {
    families_->challenges.Add({{"kind", std::string(kind)}}).Set(static_cast<double>(count));
}

std::string CrpMetrics::text() const { return set_.text(); }

}  // namespace ndes::crp
