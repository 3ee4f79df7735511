#include "common/crp_protocol/generate_challenge_v1.h"

#include "common/crp_protocol/limits.h"
#include "common/json_text.h"
#include "common/strict_json.h"

namespace ndes::crp_protocol {

std::string to_json(const GenerateChallengeRequest& request) {
    JsonObjectText json;
    json.text("requestId", request.request_id);
    json.text("template", request.template_name);
    json.text("params", request.params);
    return json.finish();
}

Result<GenerateChallengeRequest> generate_challenge_request_from_json(std::string_view text) {
    auto json = parse_json(text, kMaxMessage);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    GenerateChallengeRequest request;
    request.request_id = reader.text("requestId", kMaxId);
    request.template_name = reader.text("template", kMaxId);
    request.params = reader.text("params", kMaxParams);
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return request;
}

std::string to_json(const GenerateChallengeAnswer& answer) {
    JsonObjectText json;
    json.text("challenge", answer.challenge);
    json.text("challengeId", answer.challenge_id);
    json.text("expiresAt", answer.expires_at);
    return json.finish();
}

Result<GenerateChallengeAnswer> generate_challenge_answer_from_json(std::string_view text) {
    auto json = parse_json(text, kMaxMessage);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    GenerateChallengeAnswer answer;
    answer.challenge = reader.text("challenge", kMaxChallenge);
    answer.challenge_id = reader.text("challengeId", kMaxId);
    answer.expires_at = reader.text("expiresAt", 64);
    if (!from_rfc3339(answer.expires_at)) reader.fault("expiresAt", "must be an RFC 3339 time");
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return answer;
}

}  // namespace ndes::crp_protocol
