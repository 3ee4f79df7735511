// POST /api/v1/simulate and /api/v1/explain: what the rules would say; nothing is recorded or
// spent.
#include "common/crp_protocol/limits.h"
#include "crp-service/challenge/contents_json.h"
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"
#include "crp-service/validation/simulation.h"

namespace ndes::crp {

namespace {

Json rules_json(const std::vector<RuleReport>& rules) {
    Json array = Json::array();
    for (const RuleReport& rule : rules) {
        array.push_back({{"rule", rule.name},
                         {"phase", rule.phase},
                         {"outcome", to_string(rule.verdict)},
                         {"reason", or_null(rule.reason)},
                         {"expected", or_null(rule.expected)},
                         {"found", or_null(rule.found)}});
    }
    return array;
}

Json simulation_json(const Simulation& simulation) {
    return {
        {"verified", simulation.verified},
        {"reason", simulation.reason},
        {"phase", simulation.phase},
        {"detail", or_null(simulation.detail)},
        {"challengeId", or_null(simulation.challenge_id)},
        {"challengeKind", or_null(simulation.challenge_kind)},
        {"deviceId", or_null(simulation.device_id)},
        {"userId", or_null(simulation.user_id)},
        {"policyId", or_null(simulation.policy_id)},
        {"entitledBy", simulation.entitled_by},
        {"rules", rules_json(simulation.rules)},
        {"certificate", simulation.contents ? contents_json(*simulation.contents) : Json(nullptr)}};
}

Answer answer_with(const Result<Simulation>& simulation) {
    http::Response response = json_response(200, simulation_json(*simulation));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace

Answer simulate_request(const Call& call) {
    auto body = call.json();
    if (!body) return refuse(body);
    JsonReader reader(*body);
    VerifyInput input;
    input.request_id = "simulation";
    input.certificate_request = reader.base64("certificateRequest", crp_protocol::kMaxDer);
    input.signing_certificate = reader.optional_base64("signingCertificate", crp_protocol::kMaxDer);
    input.template_name = reader.text("template", crp_protocol::kMaxId);
    input.transaction_id =
        reader.optional_text("transactionId", crp_protocol::kMaxId).value_or("simulation");
    const std::string challenge =
        reader.optional_text("challenge", crp_protocol::kMaxChallenge).value_or("");
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    auto simulation = call.parts.verify->simulate(input, challenge);
    if (!simulation) return refuse(simulation);
    return answer_with(simulation);
}

Answer explain_entitlement(const Call& call) {
    auto body = call.json();
    if (!body) return refuse(body);
    JsonReader reader(*body);
    EntitlementQuestion question;
    question.device_id = reader.text("deviceId", kMaxIdOctets);
    question.user_id = reader.optional_text("userId", kMaxIdOctets).value_or("");
    question.policy_id = reader.text("policyId", kMaxIdOctets);
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    auto simulation = call.parts.verify->explain(question);
    if (!simulation) return refuse(simulation);
    return answer_with(simulation);
}

}  // namespace ndes::crp
