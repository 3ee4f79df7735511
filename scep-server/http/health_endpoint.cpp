#include "scep-server/http/health_endpoint.h"

#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/metrics/metric_set.h"

namespace ndes::scep {
namespace {

struct Check {
    const char* name;
    bool ok;
};

// What each check needs to be true for a request to be enrolled.
struct Findings {
    std::vector<Check> checks;
    std::optional<NotifyStanding> notifies;  // absent: the journal cannot be read
    PolicyStanding policy;
    int ra_days_left = 0;
    bool ok = true;
};

Findings look(const HealthParts& parts) {
    Findings found;
    if (auto standing = parts.notifies.look()) found.notifies = *standing;
    found.policy = parts.policy();
    found.ra_days_left = parts.ra_days_left();
    // A module that cannot be loaded ndesd does not start with; one that cannot ask may come later.
    found.checks = {{"policy_module", found.policy.answers},
                    {"journal", parts.journal.healthy() && found.notifies.has_value()},
                    {"notify_room", !found.notifies || !found.notifies->full},
                    {"ra_certificates", found.ra_days_left >= 0}};
    for (const Check& check : found.checks)
        found.ok = found.ok && check.ok;
    return found;
}

struct Status {
    int number;  // the original's
    const char* text;
};

Status status_of(const HealthParts& parts, const Findings& found) {
    if (found.ok) return {0, "Online"};
    // The journal has not failed, and yet does not answer: nobody can tell.
    if (!found.notifies && parts.journal.healthy()) return {4, "Undefined"};
    return {1, "Failed"};
}

void tell_notifies(nlohmann::ordered_json& body, const NotifyStanding& standing) {
    body["pendingNotifies"] = standing.census.waiting;
    body["deadNotifies"] = standing.census.dead;
    if (standing.census.oldest) body["oldestNotify"] = to_rfc3339(*standing.census.oldest);
    body["notifyAlarm"] = standing.late || standing.full || standing.census.dead != 0;
}

http::Response status_page(const HealthParts& parts, const Findings& found) {
    const EnrollmentCounters counters = parts.counters();
    const Status status = status_of(parts, found);
    nlohmann::ordered_json body{{"status", status.number},
                                {"text", status.text},
                                {"module", parts.module_name},
                                {"ca", parts.ca_name}};
    for (const Check& check : found.checks)
        body["checks"][check.name] = check.ok;
    body["pendingNotifies"] = nullptr;
    body["deadNotifies"] = nullptr;
    body["oldestNotify"] = nullptr;
    body["notifyAlarm"] = nullptr;
    if (found.notifies) tell_notifies(body, *found.notifies);
    body["policyFailedAt"] = nullptr;
    if (found.policy.failed_at) body["policyFailedAt"] = to_rfc3339(*found.policy.failed_at);
    body["raDaysLeft"] = found.ra_days_left;
    body["requests"] = {{"issued", counters.issued},
                        {"refused", counters.refused},
                        {"pending", counters.pending},
                        {"unavailable", counters.unavailable},
                        {"malformed", counters.malformed}};
    return {found.ok ? 200 : 503, "application/json", body.dump() + "\n", {}};
}

http::Response ready_page(const Findings& found, bool verbose) {
    std::string text;
    if (verbose)
        for (const Check& check : found.checks)
            text += std::string(check.ok ? "[+]" : "[-]") + check.name +
                    (check.ok ? " ok\n" : " failed\n");
    text += found.ok ? "ready\n" : "not ready\n";
    return {found.ok ? 200 : 503, "text/plain", std::move(text), {}};
}

}  // namespace

HealthEndpoint::HealthEndpoint(HealthParts parts) : parts_(std::move(parts)) {}

http::Response HealthEndpoint::handle(const http::Request& request, const http::Peer&) const {
    if (request.method != "GET" && request.method != "HEAD")
        return {405, "text/plain", "method not allowed\n", {{"Allow", "GET, HEAD"}}};
    if (request.path == "/livez") return {200, "text/plain", "alive\n", {}};
    if (request.path == "/readyz")
        return ready_page(look(parts_), request.query.starts_with("verbose"));
    if (request.path == "/metrics")
        return {200, std::string(kMetricsMediaType), parts_.metrics(), {}};
    if (request.path == "/" || request.path == "/healthz") return status_page(parts_, look(parts_));
    return {404, "text/plain", "nothing is served here\n", {}};
}

int HealthEndpoint::status() const { return status_of(parts_, look(parts_)).number; }

}  // namespace ndes::scep
