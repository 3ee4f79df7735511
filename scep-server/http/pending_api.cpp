#include "scep-server/http/pending_api.h"

#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/http_server/url.h"
#include "common/strict_json.h"

namespace ndes::scep {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kBase = "/api/v1/pending";
constexpr std::int64_t kDefaultLimit = 100;
constexpr std::int64_t kMostLimit = 1000;
constexpr std::size_t kMaxText = 255;

http::Response problem(int status, const char* reason, std::string detail, const char* hint = "") {
    const ordered_json body{
        {"type", "about:blank"},       {"title", reason}, {"status", status}, {"reason", reason},
        {"detail", std::move(detail)}, {"hint", hint}};
    return {status, "application/problem+json", body.dump() + "\n", {}};
}

http::Response problem_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::not_found: return problem(404, "NotFound", error.text);
        case ErrorCode::conflict: return problem(409, "NotWaiting", error.text);
        case ErrorCode::bad_request:
        case ErrorCode::too_large: return problem(400, "BadRequest", error.text);
        case ErrorCode::unavailable:
        case ErrorCode::timeout: return problem(503, "CaUnavailable", error.text, "try again");
        default: return problem(500, "Failed", "the journal or the CA failed; see the log");
    }
}

http::Response answer(const ordered_json& body) {
    return {200, "application/json", body.dump() + "\n", {}};
}

std::optional<std::int64_t> read_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

ordered_json item_of(const PendingRequest& request) {
    return {{"id", request.id},
            {"profile", request.key.profile},
            {"transactionId", request.key.transaction_id},
            {"state", std::string(to_string(request.state))},
            {"subject", request.subject},
            {"template", request.template_name},
            {"renewal", !request.key.signing_sha256.empty()},
            {"deviceAddress", request.device_address},
            {"decisionId", request.decision_id},
            {"text", request.text},
            {"createdAt", to_rfc3339(request.created_at)},
            {"expiresAt", to_rfc3339(request.expires_at)}};
}

const char* word_of(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::issued: return "issued";
        case OutcomeKind::pending: return "pending";
        case OutcomeKind::refused: return "refused";
        case OutcomeKind::unavailable: break;
    }
    return "unavailable";
}

// {"text":"…"}, or no body at all.
Result<std::string> read_reason(const std::string& body) {
    if (body.empty()) return std::string();
    auto json = parse_json(body);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    std::string text = reader.text_or("text", "", kMaxText);
    if (auto done = reader.finish(); !done) return pass_on(done);
    return text;
}

}  // namespace

bool PendingApi::serves(std::string_view path) {
    return path == kBase ||
           (path.starts_with(kBase) && path.size() > kBase.size() && path[kBase.size()] == '/');
}

http::Response PendingApi::handle(const http::Request& request, const Login& login) {
    if (!login.by_certificate)
        return problem(403, "ClientCertificateMissing",
                       "pending requests need a client certificate", "give --cert and --key");
    if (!login.caller->approve)
        return problem(403, "NotPermitted",
                       "caller \"" + login.caller->name + "\" has no approve = true",
                       "see [[admin.caller]] in ndesd's configuration");
    auto segments = http::decode_segments(request.target);
    if (!segments) return problem(400, "BadRequest", segments.error().text);
    if (segments->size() == 3) {
        if (request.method == "GET") return list(request);
    } else if (segments->size() == 5) {
        if (request.method == "POST")
            return decide(request, segments->at(3), segments->at(4), login);
    } else {
        return problem(404, "NotFound", "nothing is served here");
    }
    return problem(405, "MethodNotAllowed", "GET lists, POST decides");
}

http::Response PendingApi::list(const http::Request& request) {
    auto parameters = http::parse_query(request.query);
    if (!parameters) return problem(400, "BadRequest", parameters.error().text);
    std::int64_t after = 0;
    std::int64_t limit = kDefaultLimit;
    for (const auto& [name, value] : *parameters) {
        const auto number = read_number(value);
        if (name == "after" && number)
            after = *number;
        else if (name == "limit" && number && *number >= 1 && *number <= kMostLimit)
            limit = *number;
        else
            return problem(400, "BadRequest", "query: after=ID and limit=1..1000 are known");
    }
    auto requests = desk_.list(after, static_cast<std::size_t>(limit));
    if (!requests) return problem_of(requests.error());
    ordered_json body{{"items", ordered_json::array()}, {"next", nullptr}};
    for (const PendingRequest& pending : *requests)
        body["items"].push_back(item_of(pending));
    if (requests->size() == static_cast<std::size_t>(limit)) body["next"] = requests->back().id;
    return answer(body);
}

http::Response PendingApi::decide(const http::Request& request, const std::string& id_text,
                                  const std::string& verb, const Login& login) {
    const auto id = read_number(id_text);
    if (!id || (verb != "approve" && verb != "deny"))
        return problem(404, "NotFound", "nothing is served here");
    auto reason = read_reason(request.body);
    if (!reason) return problem_of(reason.error());
    if (verb == "deny") {
        auto denied = desk_.deny(*id, login.caller->name, *reason);
        if (!denied) return problem_of(denied.error());
        return answer({{"id", *id}, {"state", "denied"}});
    }
    auto approved = desk_.approve(*id, login.caller->name);
    if (!approved) return problem_of(approved.error());
    return answer(
        {{"id", *id}, {"state", word_of(approved->outcome)}, {"serial", approved->serial}});
}

}  // namespace ndes::scep
