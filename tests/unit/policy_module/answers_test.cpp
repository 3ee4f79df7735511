// From status and body to a verdict: what is a yes, what is a no, and everything that is neither.
#include "policy-module/core/answers.h"

#include "common/crp_protocol/generate_challenge_v1.h"
#include "tests/catch.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using namespace ndes::test;

}  // namespace

TEST_CASE("a complete verdict is read, yes and no") {
    const auto yes = read_verify_answer(answered(sample_yes()), "t-1");
    REQUIRE(yes);
    CHECK(yes->verified);
    CHECK(yes->certificate == sample_yes().certificate);
    const auto no = read_verify_answer(answered(sample_no()), "t-1");
    REQUIRE(no);
    CHECK_FALSE(no->verified);
    CHECK(no->reason == "ChallengeExpired");
}

TEST_CASE("a yes that is cut anywhere is not a yes") {
    const CrpResponse whole = answered(sample_yes());
    for (std::size_t length = 0; length < whole.body.size(); ++length) {
        CrpResponse cut = whole;
        cut.body.resize(length);
        const auto answer = read_verify_answer(cut, "t-1");
        REQUIRE_FALSE(answer);
        REQUIRE(answer.error().kind == FaultKind::invalid_response);
    }
}

TEST_CASE("a yes for another transaction is not ours") {
    const auto answer = read_verify_answer(answered(sample_yes("t-2")), "t-1");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FaultKind::invalid_response);
}

TEST_CASE("a verdict needs 201 and application/json") {
    CrpResponse response = answered(sample_yes());
    SECTION("other success codes are not the wire format") {
        response.status = GENERATE(200, 202, 204, 206);
        const auto answer = read_verify_answer(response, "t-1");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FaultKind::invalid_response);
    }
    SECTION("nor is another type") {
        response.content_type = GENERATE(as<std::string>(), "", "text/html", "text/json");
        const auto answer = read_verify_answer(response, "t-1");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == FaultKind::invalid_response);
    }
}

TEST_CASE("each status stands for one kind of fault") {
    const auto [status, kind] = GENERATE(table<int, FaultKind>({
        {301, FaultKind::failed},           {302, FaultKind::failed},
        {400, FaultKind::invalid_argument}, {401, FaultKind::access_denied},
        {403, FaultKind::access_denied},    {404, FaultKind::failed},
        {405, FaultKind::failed},           {408, FaultKind::unavailable},
        {409, FaultKind::refused},          {410, FaultKind::refused},
        {413, FaultKind::invalid_argument}, {415, FaultKind::invalid_argument},
        {422, FaultKind::invalid_argument}, {429, FaultKind::unavailable},
        {431, FaultKind::invalid_argument}, {500, FaultKind::unavailable},
        {503, FaultKind::unavailable},      {599, FaultKind::unavailable},
        {600, FaultKind::failed},           {0, FaultKind::failed},
    }));
    CAPTURE(status);
    CrpResponse response = answered(sample_yes());  // whatever the body says
    response.status = status;
    const auto answer = read_verify_answer(response, "t-1");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == kind);
    CHECK_FALSE(answer.error().advice.empty());
}

TEST_CASE("a problem document's reason, detail and hint reach the operator") {
    const Fault told =
        fault_of_status(problem(403, "CallerUnknown", "no caller has it", "Add it to crpd.toml."));
    CHECK(told.text == "HTTP 403 CallerUnknown: no caller has it");
    CHECK(told.advice == "Add it to crpd.toml.");
}

TEST_CASE("a 403 over a client certificate has the number that IIS gives it") {
    const auto [reason, number] = GENERATE(table<std::string, std::string>({
        {"ClientCertificateMissing", "403.7"},
        {"ClientCertificateRevoked", "403.13"},
        {"ClientCrlExpired", "403.13"},
        {"ClientCertificateUntrusted", "403.16"},
        {"ClientCertificateSelfSigned", "403.16"},
        {"ClientCertificateUsage", "403.16"},
        {"ClientCertificateExpired", "403.17"},
        {"RoleNotPermitted", "403"},
    }));
    CHECK(fault_of_status(problem(403, reason, "why")).text ==
          "HTTP " + number + " " + reason + ": why");
}

TEST_CASE("a body that is no problem document is quoted, harmless and short") {
    const Fault page = fault_of_status(
        {403, "text/html", "<!DOCTYPE html>\r\n<b>403 - Forbidden" + std::string(10'000, 'x')});
    CHECK(page.text.starts_with("HTTP 403 <!DOCTYPE html>"));
    CHECK(page.text.find('\n') == std::string::npos);
    CHECK(page.text.size() < 400);

    const Fault broken = fault_of_status({500, "application/problem+json", "{\"reason\":"});
    CHECK(broken.text.starts_with("HTTP 500"));
    const Fault array = fault_of_status({500, "application/problem+json", "[1]"});
    CHECK(array.text.starts_with("HTTP 500"));
    CHECK(fault_of_status({502, "", ""}).text == "HTTP 502");
}

TEST_CASE("Notify is acknowledged by 204 alone") {
    CHECK(read_notify_answer({204, "", ""}));
    CHECK_FALSE(read_notify_answer({200, "", ""}));
    CHECK_FALSE(read_notify_answer({201, "application/json", "{}"}));
    CHECK(read_notify_answer({409, "", ""}).error().kind == FaultKind::refused);
    CHECK(read_notify_answer({404, "", ""}).error().kind == FaultKind::failed);
    CHECK(read_notify_answer(problem(404, "RecordUnknown", "none")).error().kind ==
          FaultKind::refused);
    CHECK(read_notify_answer({503, "", ""}).error().kind == FaultKind::unavailable);
}

TEST_CASE("a challenge is handed out only when it is complete") {
    const std::string body =
        to_json(crp_protocol::GenerateChallengeAnswer{"S3cret", "c-1", "2026-11-20T13:35:00.000Z"});
    const auto challenge = read_challenge_answer({201, "application/json", body});
    REQUIRE(challenge);
    CHECK(*challenge == "S3cret");
    for (std::size_t length = 0; length < body.size(); ++length) {
        const auto cut = read_challenge_answer({201, "application/json", body.substr(0, length)});
        REQUIRE_FALSE(cut);
        REQUIRE(cut.error().text.find("S3c") == std::string::npos);
    }
    CHECK_FALSE(read_challenge_answer({200, "application/json", body}));
    CHECK_FALSE(read_challenge_answer({201, "text/plain", body}));
}
