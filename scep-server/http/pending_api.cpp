#include "scep-server/http/pending_api.h"

#include <optional>
#include <utility>

#include "common/http_server/url.h"
#include "common/strict_json.h"
#include "scep-server/http/api_answer.h"

namespace ndes::scep {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kPendingPath = "/api/v1/pending";
constexpr const char* kNotWaiting = "NotWaiting";
constexpr std::size_t kMaxText = 255;

ordered_json pending_item(const PendingRequest& request) {
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
Result<std::string> read_denial_text(const std::string& body) {
    if (body.empty()) return std::string();
    auto json = parse_json(body);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    std::string text = reader.text_or("text", "", kMaxText);
    if (auto done = reader.finish(); !done) return pass_on(done);
    return text;
}

}  // namespace

bool PendingApi::serves(std::string_view path) { return is_below(kPendingPath, path); }

http::Response PendingApi::handle(const http::Request& request, const Login& login) {
    if (auto problem = problem_of_operator(login)) return std::move(*problem);
    auto segments = http::decode_segments(request.target);
    if (!segments) return json_problem(400, "BadRequest", segments.error().text);
    if (segments->size() == 3) {
        if (request.method == "GET") return list(request);
    } else if (segments->size() == 5) {
        if (request.method == "POST")
            return decide(request, segments->at(3), segments->at(4), login);
    } else {
        return json_problem(404, "NotFound", "nothing is served here");
    }
    return json_problem(405, "MethodNotAllowed", "GET lists, POST decides");
}

http::Response PendingApi::list(const http::Request& request) {
    auto page = read_page_query(request.query);
    if (!page) return problem_of(page.error(), kNotWaiting);
    auto requests = desk_.list(page->after, static_cast<std::size_t>(page->limit));
    if (!requests) return problem_of(requests.error(), kNotWaiting);
    ordered_json body{{"items", ordered_json::array()}, {"next", nullptr}};
    for (const PendingRequest& pending : *requests)
        body["items"].push_back(pending_item(pending));
    if (requests->size() == static_cast<std::size_t>(page->limit))
        body["next"] = requests->back().id;
    return json_answer(body);
}

http::Response PendingApi::decide(const http::Request& request, const std::string& id_text,
                                  const std::string& verb, const Login& login) {
    const auto id = read_number(id_text);
    if (!id || (verb != "approve" && verb != "deny"))
        return json_problem(404, "NotFound", "nothing is served here");
    auto reason = read_denial_text(request.body);
    if (!reason) return problem_of(reason.error(), kNotWaiting);
    if (verb == "deny") {
        auto denied = desk_.deny(*id, login.caller->name, *reason);
        if (!denied) return problem_of(denied.error(), kNotWaiting);
        return json_answer({{"id", *id}, {"state", "denied"}});
    }
    auto approved = desk_.approve(*id, login.caller->name);
    if (!approved) return problem_of(approved.error(), kNotWaiting);
    return json_answer(
        {{"id", *id}, {"state", word_of(approved->outcome)}, {"serial", approved->serial}});
}

}  // namespace ndes::scep
