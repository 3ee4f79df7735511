// What the CRP answers in these tests.
#pragma once

#include <string>

#include "common/crp_protocol/verify_v1.h"
#include "policy-module/crp_client/crp_client.h"

namespace ndes::test {

inline crp_protocol::VerifyAnswer sample_yes(const std::string& transaction_id = "t-1") {
    crp_protocol::VerifyAnswer answer;
    answer.verified = true;
    answer.reason = "Success";
    answer.phase = 3;
    answer.detail = "as recorded";
    answer.transaction_id = transaction_id;
    answer.decision_id = "d-1";
    answer.certificate = CertificateContents{
        "CN=device,O=Example",
        {{SubjectAltNameType::upn, "user@example.org"}, {SubjectAltNameType::dns, "device.test"}},
        {KeyUsage::digital_signature, KeyUsage::key_encipherment},
        {"1.3.6.1.5.5.7.3.2"},
        365,
        "User"};
    return answer;
}

inline crp_protocol::VerifyAnswer sample_no(const std::string& transaction_id = "t-1") {
    crp_protocol::VerifyAnswer answer;
    answer.reason = "ChallengeExpired";
    answer.phase = 2;
    answer.detail = "expired an hour ago";
    answer.transaction_id = transaction_id;
    answer.decision_id = "d-2";
    return answer;
}

inline policy::CrpResponse answered(const crp_protocol::VerifyAnswer& answer) {
    return {201, "application/json", to_json(answer)};
}

inline policy::CrpResponse problem(int status, const std::string& reason, const std::string& detail,
                                   const std::string& hint = {}) {
    return {status, "application/problem+json",
            R"({"type":"about:blank","title":"T","status":)" + std::to_string(status) +
                R"(,"reason":")" + reason + R"(","detail":")" + detail + R"(","hint":")" + hint +
                R"(","retryable":false})"};
}

}  // namespace ndes::test
