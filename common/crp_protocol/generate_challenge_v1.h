// The wire format of GenerateChallenge, by which a policy module asks the CRP to mint a challenge
// for the device named in NDES' Params. Value types.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"

namespace ndes::crp_protocol {

inline constexpr std::string_view kGenerateChallengePath =
    "/CMCertificateRegistration/Certificate/GenerateChallenge";

struct GenerateChallengeRequest {
    std::string request_id;
    std::string template_name;
    // "deviceId=…&policyId=…[&userId=…]", percent-encoded (Params of NDESGenerateChallenge).
    std::string params;
};

struct GenerateChallengeAnswer {
    std::string challenge;
    std::string challenge_id;
    std::string expires_at;  // RFC 3339
};

std::string to_json(const GenerateChallengeRequest& request);
Result<GenerateChallengeRequest> generate_challenge_request_from_json(std::string_view text);
std::string to_json(const GenerateChallengeAnswer& answer);
Result<GenerateChallengeAnswer> generate_challenge_answer_from_json(std::string_view text);

}  // namespace ndes::crp_protocol
