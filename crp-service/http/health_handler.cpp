#include "crp-service/http/health_handler.h"

#include <string>

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

http::Response readiness(const HealthReport& report, bool verbose) {
    std::string text;
    for (const CheckResult& check : report.checks) {
        if (!verbose) break;
        text += (check.level == CheckResult::Level::failed ? "[-]" : "[+]") + check.name + " " +
                word_of(check.level) + ": " + check.text + "\n";
    }
    const bool ready = report.status == ServiceStatus::online;
    return plain(ready ? 200 : 503, text + (ready ? "ready\n" : "not ready\n"));
}

}  // namespace

http::Response answer_health(const http::Request& request, const SelfCheck& check) {
    const bool known = request.path == "/" || request.path == "/healthz" ||
                       request.path == "/livez" || request.path == "/readyz";
    if (!known) return plain(404, "not found\n");
    if (request.method != "GET" && request.method != "HEAD") {
        http::Response response = plain(405, "method not allowed\n");
        response.headers.emplace_back("Allow", "GET");
        return response;
    }
    if (request.path == "/livez") return plain(200, "alive\n");
    const HealthReport report = check.report();
    if (request.path == "/readyz") return readiness(report, request.query == "verbose");
    return status_json(report);
}

}  // namespace ndes::crp
