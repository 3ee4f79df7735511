// The verbs over a scripted CRP: log lines, repetition, time limits, what is never sent.
#include "policy-module/core/policy_core.h"

#include <deque>

#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/strict_json.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"
#include "tests/unit/crp_validation/fakes.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using namespace ndes::test;
using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

const std::string kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";
const std::string kRelative = "/Certificate/VerifyRequest";

// Gives the scripted answers one after the other; each may take time.
class ScriptedClient final : public CrpClient {
  public:
    struct Step {
        Outcome<CrpResponse> answer;
        milliseconds takes{0};
    };
    explicit ScriptedClient(FakeClock& clock) : clock_(clock) {}

    Outcome<CrpResponse> post(const CrpCall& call) override {
        calls.push_back(call);
        REQUIRE_FALSE(script.empty());
        Step step = std::move(script.front());
        script.pop_front();
        clock_.advance(step.takes);
        return step.answer;
    }

    std::deque<Step> script;
    std::vector<CrpCall> calls;

  private:
    FakeClock& clock_;
};

struct Bench {
    FakeClock clock;
    SeededRandom random;
    RecordingLog log;
    ScriptedClient& client = *new ScriptedClient(clock);  // the pool's
    std::vector<milliseconds> pauses;
    CrpPool pool = pool_of(&client);
    PolicyCore core{PolicyCoreOptions{},
                    pool,
                    clock,
                    random,
                    [this](milliseconds time) {
                        pauses.push_back(time);
                        clock.advance(time);
                    },
                    log};

    CrpPool pool_of(CrpClient* one) {
        std::vector<CrpMember> members;
        members.push_back({"crp:443", std::unique_ptr<CrpClient>(one)});
        return {std::move(members), CircuitOptions{}, clock, log};
    }
    void answers(Outcome<CrpResponse> answer, milliseconds takes = milliseconds(0)) {
        client.script.push_back({std::move(answer), takes});
    }
};

crp_protocol::VerifyRequest request() {
    crp_protocol::VerifyRequest request;
    request.transaction_id = "t-1";
    request.request_id = "r-1";
    request.certificate_request = {0x30, 0x03, 0x02, 0x01, 0x00};
    request.template_name = "User";
    request.ca_name = "CA";
    request.device_address = "192.0.2.7";
    return request;
}

crp_protocol::NotifyRequest success_notice() {
    crp_protocol::NotifyRequest notice;
    notice.transaction_id = "t-1";
    notice.request_id = "r-1";
    notice.challenge = "S3cret-challenge";
    notice.disposition = crp_protocol::Disposition::success;
    notice.certificate = Bytes{0x30, 0x00};
    return notice;
}

}  // namespace

TEST_CASE("a yes: one call, the original's lines") {
    Bench bench;
    bench.answers(answered(sample_yes()));
    const auto answer = bench.core.verify(request());
    REQUIRE(answer);
    CHECK(answer->verified);
    REQUIRE(bench.client.calls.size() == 1);
    CHECK(bench.client.calls[0].path == kRelative);
    CHECK(bench.client.calls[0].request_id == "r-1");
    CHECK(bench.client.calls[0].body == to_json(request()));
    CHECK(bench.log.texts() == Strings{"Sending request to certificate registration point.",
                                       "Verify challenge returns true"});
    for (const auto& line : bench.log.lines())
        CHECK(line.transaction_id == "t-1");
}

TEST_CASE("a no: the original's lines, then the reason") {
    Bench bench;
    bench.answers(answered(sample_no()));
    const auto answer = bench.core.verify(request());
    REQUIRE(answer);
    CHECK_FALSE(answer->verified);
    CHECK(bench.log.texts() ==
          Strings{"Sending request to certificate registration point.",
                  "Verify challenge returns false",
                  "Reason ChallengeExpired in phase 2, decision d-2: expired an hour ago"});
}

TEST_CASE("the log names the path and the CRP that a call went to") {
    Bench bench;
    Fault slow{FaultKind::timeout, "silent", "Wait."};
    slow.destination = {"crp2:8443", "/x/CertificateRegistrationSvc/Certificate/VerifyRequest"};
    slow.final_for_now = true;
    bench.answers(tl::unexpected(slow));
    CHECK_FALSE(bench.core.verify(request()));
    CHECK(bench.log.texts()[1] ==
          "Failed to send http request /x/CertificateRegistrationSvc/Certificate/VerifyRequest. "
          "Error 12002");
    CHECK(bench.log.texts()[2] == "crp2:8443: silent. Wait.");
}

TEST_CASE("TLS and connection faults are logged as the original does, with one sentence more") {
    const auto [kind, number] = GENERATE(table<FaultKind, std::string>({
        {FaultKind::certificate_date, "12037"},
        {FaultKind::secure_failure, "12175"},
    }));
    Bench bench;
    bench.answers(fault(kind, "what happened", "What to do."));
    const auto answer = bench.core.verify(request());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == kind);
    CHECK(bench.client.calls.size() == 1);  // sending it again cannot help
    const auto lines = bench.log.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].text == "Failed to send http request " + kVerify + ". Error " + number);
    CHECK(lines[1].severity == Severity::error);
    CHECK(lines[2].text == "what happened. What to do.");
}

TEST_CASE("our own expired certificate is logged by its thumbprint") {
    Bench bench;
    bench.answers(
        tl::unexpected(Fault{FaultKind::certificate_date, "expired", "Renew.", "ab12", {}, true}));
    CHECK_FALSE(bench.core.verify(request()));
    CHECK(bench.log.texts()[1] == "Failed to send http request ab12. Error 12037");
}

TEST_CASE("403 is a fault with the problem's reason, and no verdict") {
    Bench bench;
    bench.answers(problem(403, "CallerUnknown", "no caller has it", "Add it."));
    const auto answer = bench.core.verify(request());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FaultKind::access_denied);
    CHECK(bench.log.texts().back() ==
          "Verify challenge returns HTTP 403 CallerUnknown: no caller has it. Add it.");
}

TEST_CASE("what may be overcome is sent again, under the same request ID, with pauses between") {
    const FaultKind kind =
        GENERATE(FaultKind::cannot_connect, FaultKind::timeout, FaultKind::invalid_response);
    Bench bench;
    bench.answers(fault(kind, "away"));
    bench.answers(problem(503, "Busy", "later"));
    bench.answers(answered(sample_yes()));
    const auto answer = bench.core.verify(request());
    REQUIRE(answer);
    CHECK(answer->verified);
    REQUIRE(bench.client.calls.size() == 3);
    for (const CrpCall& call : bench.client.calls) {
        CHECK(call.request_id == "r-1");
        CHECK(call.body == bench.client.calls[0].body);
    }
    REQUIRE(bench.pauses.size() == 2);
    CHECK(bench.pauses[0] <= milliseconds(100));
    CHECK(bench.pauses[1] <= milliseconds(200));
    CHECK(bench.log.all().find("Attempt 1 of 3 failed") != std::string::npos);
    CHECK(bench.log.texts().back() == "Verify challenge returns true");
}

TEST_CASE("pauses differ: many servers do not come back in step") {
    std::vector<milliseconds> first_pauses;
    Bench bench;
    for (int i = 0; i < 20; ++i) {
        bench.pauses.clear();
        bench.answers(fault(FaultKind::cannot_connect, "away"));
        bench.answers(answered(sample_yes()));
        REQUIRE(bench.core.verify(request()));
        first_pauses.push_back(bench.pauses.at(0));
    }
    std::sort(first_pauses.begin(), first_pauses.end());
    CHECK(std::unique(first_pauses.begin(), first_pauses.end()) - first_pauses.begin() > 5);
}

TEST_CASE("after the last attempt the last fault is the result") {
    Bench bench;
    for (int i = 0; i < 3; ++i)
        bench.answers(fault(FaultKind::cannot_connect, "refused"));
    const auto answer = bench.core.verify(request());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FaultKind::cannot_connect);
    CHECK(bench.client.calls.size() == 3);
    const auto lines = bench.log.lines();
    CHECK(lines[lines.size() - 2].text ==
          "Failed to send http request " + kVerify + ". Error 12029");
    CHECK(lines[lines.size() - 2].severity == Severity::error);
    CHECK(lines[1].severity == Severity::warning);
}

TEST_CASE("each attempt and all together have a time limit") {
    Bench bench;
    const SteadyTime start = bench.clock.steady_now();
    for (int i = 0; i < 3; ++i)
        bench.answers(fault(FaultKind::timeout, "silent"), milliseconds(5'000));
    CHECK_FALSE(bench.core.verify(request()));
    REQUIRE(bench.client.calls.size() == 3);
    CHECK(bench.client.calls[0].deadline == start + milliseconds(5'000));
    CHECK(bench.client.calls[2].deadline == start + milliseconds(12'000));
}

TEST_CASE("no attempt begins that could not end in time") {
    Bench bench;
    bench.answers(fault(FaultKind::timeout, "silent"), milliseconds(12'000));
    CHECK_FALSE(bench.core.verify(request()));
    CHECK(bench.client.calls.size() == 1);
    CHECK(bench.pauses.empty());
}

TEST_CASE("a wrong call is never sent") {
    Bench bench;
    crp_protocol::VerifyRequest wrong = request();
    SECTION("no request") { wrong.certificate_request.clear(); }
    SECTION("over-long request") { wrong.certificate_request.resize(65'537); }
    SECTION("empty signing certificate") { wrong.signing_certificate = Bytes(); }
    SECTION("no transaction ID") { wrong.transaction_id.clear(); }
    SECTION("over-long transaction ID") { wrong.transaction_id.assign(256, 't'); }
    SECTION("no request ID") { wrong.request_id.clear(); }
    SECTION("a request ID that would end the header") { wrong.request_id = "r\r\nHost: x"; }
    const auto answer = bench.core.verify(wrong);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FaultKind::invalid_argument);
    CHECK(bench.client.calls.empty());
}

TEST_CASE("Notify tells the outcome, and no line holds the challenge") {
    Bench bench;
    bench.answers(CrpResponse{204, "", ""});
    REQUIRE(bench.core.notify(success_notice()));
    REQUIRE(bench.client.calls.size() == 1);
    CHECK(bench.client.calls[0].path == "/Certificate/Notify");
    CHECK(bench.client.calls[0].body == to_json(success_notice()));
    CHECK(bench.log.texts() == Strings{"Sending request to certificate registration point."});

    bench.answers(problem(400, "BadRequest", "no"));
    CHECK(bench.core.notify(success_notice()).error().kind == FaultKind::invalid_argument);
    CHECK(bench.log.texts().back().starts_with("Notify returns HTTP 400 BadRequest: no."));
    CHECK(bench.log.all().find("S3cret") == std::string::npos);
}

TEST_CASE("a certificate belongs to a success alone") {
    Bench bench;
    auto notice = success_notice();
    notice.certificate.reset();
    CHECK_FALSE(bench.core.notify(notice));
    notice = success_notice();
    notice.disposition = crp_protocol::Disposition::failure;
    CHECK_FALSE(bench.core.notify(notice));
    CHECK(bench.client.calls.empty());
}

TEST_CASE("GenerateChallenge asks under a fresh request ID and keeps the secret out of the log") {
    Bench bench;
    const CrpResponse made{201, "application/json",
                           to_json(crp_protocol::GenerateChallengeAnswer{
                               "S3cret", "c-1", "2026-11-20T13:35:00.000Z"})};
    bench.answers(made);
    bench.answers(made);
    const auto challenge = bench.core.generate_challenge("User", "deviceId=d1&policyId=p1");
    REQUIRE(challenge);
    CHECK(*challenge == "S3cret");
    REQUIRE(bench.core.generate_challenge("User", "deviceId=d1&policyId=p1"));
    CHECK(bench.client.calls[0].path == "/Certificate/GenerateChallenge");
    CHECK(bench.client.calls[0].request_id != bench.client.calls[1].request_id);
    CHECK(bench.log.all().find("S3cret") == std::string::npos);

    CHECK(bench.core.generate_challenge("User", std::string(4097, 'x')).error().kind ==
          FaultKind::invalid_argument);
    bench.answers(problem(403, "ChallengeGenerationNotPermitted", "not this caller"));
    CHECK(bench.core.generate_challenge("User", "").error().kind == FaultKind::refused);
}

TEST_CASE("a call that is forbidden says nothing against the CRP") {
    Bench bench;
    for (int i = 0; i < CircuitOptions{}.failures; ++i) {
        bench.answers(problem(403, "CallerTemplateNotPermitted", "template Routers"));
        CHECK(bench.core.verify(request()).error().kind == FaultKind::refused);
    }
    CHECK(bench.client.calls.size() == static_cast<std::size_t>(CircuitOptions{}.failures));
    bench.answers(answered(sample_yes()));
    CHECK(bench.core.verify(request())->verified);
    CHECK(bench.log.all().find("left out") == std::string::npos);
}
