// POST …/Certificate/GenerateChallenge: a policy module asks for a challenge on behalf of an MDM
// that speaks NDES' own admin interface (NDESGenerateChallenge with Params).
#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/http_server/url.h"
#include "crp-service/http/challenge_fault.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

tl::expected<ChallengeOrder, Problem> read_params(const std::string& params) {
    auto parts = http::parse_query(params);
    if (!parts) return refuse(ProblemCode::bad_request, "params: " + parts.error().text);
    ChallengeOrder order;
    order.field_prefix = "params.";
    for (auto& [name, value] : *parts) {
        std::string* target = name == "deviceId"   ? &order.device_id
                              : name == "policyId" ? &order.policy_id
                              : name == "userId"   ? &order.user_id
                                                   : nullptr;
        if (!target || !target->empty()) {
            return refuse(ProblemCode::bad_request,
                          "params: must hold deviceId, policyId and at most userId, once each");
        }
        if (!is_record_id(value)) {
            return refuse(ProblemCode::bad_request, "params." + name + ": is not an identifier");
        }
        *target = std::move(value);
    }
    if (order.device_id.empty()) {
        return refuse(ProblemCode::bad_request, "params.deviceId: is missing");
    }
    if (order.policy_id.empty()) {
        return refuse(ProblemCode::bad_request, "params.policyId: is missing");
    }
    return order;
}

std::string render(const std::vector<CreatedChallenge>& created) {
    const CreatedChallenge& one = created.front();
    return crp_protocol::to_json(
        crp_protocol::GenerateChallengeAnswer{one.challenge, one.id, to_rfc3339(one.expires_at)});
}

}  // namespace

Answer generate_challenge(const Call& call) {
    if (!call.caller.may_generate_challenges) {
        return refuse(ProblemCode::generation_not_permitted,
                      "caller \"" + call.caller.name + "\" has no may_generate_challenges");
    }
    auto asked = crp_protocol::generate_challenge_request_from_json(call.request.body);
    if (!asked) return refuse(asked);
    auto order = read_params(asked->params);
    if (!order) return tl::unexpected(std::move(order.error()));
    order->template_name = std::move(asked->template_name);
    // The client library may send a POST twice: the request ID makes both one call.
    ChallengeCall asking;
    asking.caller = call.caller.name;
    asking.peer_address = call.peer.address;
    asking.templates = call.caller.templates;
    asking.idempotency_key = "request:" + asked->request_id;
    asking.body = call.request.body;
    auto made = call.parts.challenges->create({*order}, asking, render);
    if (!made) return refuse(std::move(made.error()));
    http::Response response = text_response(201, std::move(made->text));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace ndes::crp
