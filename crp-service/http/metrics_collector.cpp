#include "crp-service/http/metrics_collector.h"

#include <map>
#include <vector>

namespace ndes::crp {

void MetricsCollector::collect() {
    collect_sinks();
    collect_files();
    const http::ServerCounters server = parts_.server.counters();
    parts_.metrics.show_server({server.connections_open, server.handshakes_failed,
                                server.refused_malformed, server.refused_busy});
    parts_.metrics.show_status(static_cast<int>(parts_.self_check.report().status));
    const SteadyTime now = parts_.clock.steady_now();
    if (counted_at_ && now - *counted_at_ < kDearInterval) return;
    counted_at_ = now;
    collect_challenges();
}

void MetricsCollector::collect_sinks() {
    std::map<std::string, SinkSample> samples;
    const WallTime now = parts_.clock.now();
    if (const auto backlogs = parts_.store.count_deliveries()) {
        for (const SinkBacklog& one : *backlogs) {
            if (!one.is_configured) continue;
            SinkSample& sample = samples[one.sink];
            sample.waiting = one.waiting;
            sample.dead = one.dead;
            if (one.oldest_waiting && now > *one.oldest_waiting) {
                sample.oldest_s = std::chrono::duration<double>(now - *one.oldest_waiting).count();
            }
        }
    }
    if (parts_.sinks != nullptr) {
        for (const auto& [name, counters] : parts_.sinks->states()) {
            SinkSample& sample = samples[name];
            sample.delivered = counters.delivered;
            sample.failed = counters.failed;
            sample.is_up = !counters.is_down;
        }
    }
    std::vector<SinkSample> all;
    for (auto& [name, sample] : samples) {
        sample.sink = name;
        all.push_back(std::move(sample));
    }
    parts_.metrics.show_sinks(all);
}

void MetricsCollector::collect_challenges() {
    const auto uses = parts_.store.count_outstanding_challenges(parts_.clock.now());
    if (!uses) return;
    std::map<ChallengeKind, std::int64_t> by_kind{
        {ChallengeKind::minted, 0}, {ChallengeKind::posted, 0}, {ChallengeKind::sealed, 0}};
    for (const KeyUse& use : *uses)
        by_kind[use.kind] += use.count;
    for (const auto& [kind, count] : by_kind)
        parts_.metrics.show_outstanding_challenges(to_string(kind), count);
}

void MetricsCollector::collect_files() {
    const WatchedFiles files = parts_.self_check.watched();
    std::vector<MetricSet::UsedCertificate> used{{"server", files.server}};
    for (const auto& [use, certificate] : files.others)
        used.push_back({use, certificate});
    parts_.metrics.show_certificates(used);
    for (const WatchedCrl& crl : files.crls)
        parts_.metrics.show_crl(crl.use, crl.next_update);
}

}  // namespace ndes::crp
