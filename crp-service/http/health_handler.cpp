#include "crp-service/http/health_handler.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "common/http_server/url.h"
#include "common/strict_json.h"

namespace ndes::crp {

namespace {

const char* word_of(CheckResult::Level level) {
    switch (level) {
        case CheckResult::Level::ok: return "ok";
        case CheckResult::Level::warning: return "warning";
        case CheckResult::Level::failed: return "failed";
    }
    return "failed";
}

http::Response plain(int status, std::string text) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(text);
    return response;
}

http::Response status_json(const HealthReport& report) {
    Json checks = Json::array();
    for (const CheckResult& check : report.checks) {
        checks.push_back(
            {{"name", check.name}, {"level", word_of(check.level)}, {"text", check.text}});
    }
    const Json body = {{"status", static_cast<int>(report.status)},
                       {"text", to_string(report.status)},
                       {"checkedAt", to_rfc3339(report.checked_at)},
                       {"checks", std::move(checks)}};
    http::Response response;
    response.status = report.status == ServiceStatus::online ? 200 : 503;
    response.content_type = "application/json";
    response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    return response;
}

struct ReadinessQuestion {
    bool verbose = false;
    std::set<std::string> excluded;
};

ReadinessQuestion question_of(const http::Request& request) {
    ReadinessQuestion question;
    const auto parameters = http::parse_query(request.query);
    if (!parameters) return question;
    for (const auto& [name, value] : *parameters) {
        if (name == "verbose") question.verbose = true;
        if (name == "exclude") question.excluded.insert(value);
    }
    return question;
}

http::Response readiness(const HealthReport& report, const ReadinessQuestion& question) {
    std::string text;
    bool ready = report.status != ServiceStatus::undefined;
    for (const CheckResult& check : report.checks) {
        const bool excluded = question.excluded.contains(check.name);
        const bool failed = check.level == CheckResult::Level::failed;
        if (failed && !excluded) ready = false;
        if (!question.verbose) continue;
        text += std::string(failed && !excluded ? "[-]" : "[+]") + check.name + " " +
                (excluded ? "excluded" : std::string(word_of(check.level)) + ": " + check.text) +
                "\n";
    }
    return plain(ready ? 200 : 503, text + (ready ? "ready\n" : "not ready\n"));
}

constexpr std::string_view kPaths[] = {"/", "/healthz", "/livez", "/readyz", "/metrics"};

}  // namespace

http::Response answer_health(const http::Request& request, SelfCheck& check,
                             const CrpMetrics& metrics) {
    if (std::ranges::find(kPaths, request.path) == std::end(kPaths)) {
        return plain(404, "not found\n");
    }
    if (request.method != "GET" && request.method != "HEAD") {
        http::Response response = plain(405, "method not allowed\n");
        response.headers.emplace_back("Allow", "GET");
        return response;
    }
    if (request.path == "/livez") return plain(200, "alive\n");
    if (request.path == "/metrics") {
        http::Response response = plain(200, metrics.text());
        response.content_type = kMetricsMediaType;
        return response;
    }
    if (request.path == "/readyz") return readiness(check.report(), question_of(request));
    if (request.query == "run=1") check.run_on_demand();
    return status_json(check.report());
}

}  // namespace ndes::crp
