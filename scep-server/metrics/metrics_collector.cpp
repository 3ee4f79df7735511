#include "scep-server/metrics/metrics_collector.h"

#include <set>

#include "scep-server/issuer/crl_builder.h"
#include "scep-server/own_files.h"

namespace ndes::scep {
namespace {

using Used = std::vector<MetricSet::UsedCertificate>;

// What was read from files, unless the program holds another one for that use.
void add_files(const ExpiringList& files, Used& used) {
    std::set<std::string> known;
    for (const MetricSet::UsedCertificate& one : used)
        known.insert(one.use);
    for (const Expiring& one : files)
        if (one.certificate && !known.contains(one.use))
            used.push_back({one.use, *one.certificate});
}

void add_certificates(const Profile& profile, Used& used) {
    const std::string& name = profile.config().name;
    const RaIdentity& ra = profile.ra()->identity;
    used.push_back({use_of("ra-signing", name), ra.signing_certificate});
    used.push_back({use_of("ra-encryption", name), ra.encryption_certificate});
    for (const Certificate& ca : profile.issuer().ca_chain())
        used.push_back({use_of("ca", name), ca});
}

}  // namespace

std::string MetricsCollector::text() {
    collect_profiles();
    collect_listeners();
    if (const auto census = parts_.journal.notifies().census())
        parts_.metrics.show_notifies(census->waiting, census->dead);
    parts_.metrics.show_status(parts_.health_status());
    return parts_.metrics.text();
}

void MetricsCollector::collect_profiles() {
    Used used;
    for (const auto& profile : parts_.profiles) {
        const std::string& name = profile->config().name;
        parts_.metrics.show_answers(name, profile->counters());
        add_certificates(*profile, used);
        if (profile->config().issuer.crl_file.empty()) continue;
        const auto der = profile->issuer().crl();
        if (!der) continue;
        if (const auto crl = read_crl(*der)) parts_.metrics.show_crl(name, crl->next_update);
    }
    if (const Listeners* const listeners = parts_.listeners())
        for (auto& [name, certificate] : listeners->certificates())
            used.push_back({name, std::move(certificate)});
    add_files(*parts_.own.get(), used);
    parts_.metrics.show_certificates(used);
}

void MetricsCollector::collect_listeners() {
    const Listeners* const listeners = parts_.listeners();
    if (listeners == nullptr) return;
    const auto show = [&](const char* name, const http::HttpServer& server) {
        const http::ServerCounters counters = server.counters();
        parts_.metrics.show_listener({name, counters.connections_open, counters.handshakes_failed,
                                      counters.refused_malformed, counters.refused_busy});
    };
    show("device", listeners->device());
    if (listeners->admin() != nullptr) show("admin", *listeners->admin());
}

}  // namespace ndes::scep
