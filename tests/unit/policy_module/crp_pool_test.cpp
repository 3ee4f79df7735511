// Several CRPs: which is asked, when another is, when the preferred one is asked again.
#include "policy-module/crp_client/crp_pool.h"

#include <map>

#include "policy-module/core/policy_core.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"
#include "tests/unit/crp_validation/fakes.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using namespace ndes::test;
using std::chrono::milliseconds;

// Answers as it is told at the moment; keeps the request IDs of the calls.
class SwitchedClient final : public CrpClient {
  public:
    Outcome<CrpResponse> post(const CrpCall& call) override {
        calls.push_back(call.request_id);
        return answer;
    }
    Outcome<CrpResponse> answer = answered(sample_yes());
    std::vector<std::string> calls;
};

struct Bench {
    explicit Bench(std::size_t count, PolicyCoreOptions options = {})
        : pool(members(count), {3, milliseconds(1'000), milliseconds(4'000)}, clock, log),
          core(
              options, pool, clock, random, [this](milliseconds time) { clock.advance(time); },
              log) {}

    std::vector<CrpMember> members(std::size_t count) {
        std::vector<CrpMember> all;
        for (std::size_t i = 0; i < count; ++i) {
            auto client = std::make_unique<SwitchedClient>();
            clients.push_back(client.get());
            all.push_back({"crp" + std::to_string(i), std::move(client)});
        }
        return all;
    }
    Outcome<crp_protocol::VerifyAnswer> verify(const std::string& request_id = "r-1") {
        crp_protocol::VerifyRequest request;
        request.transaction_id = "t-1";
        request.request_id = request_id;
        request.certificate_request = {0x30, 0x00};
        return core.verify(request);
    }
    std::size_t calls(std::size_t crp) const { return clients.at(crp)->calls.size(); }

    FakeClock clock;
    SeededRandom random;
    RecordingLog log;
    std::vector<SwitchedClient*> clients;
    CrpPool pool;
    PolicyCore core;
};

Outcome<CrpResponse> away() { return fault(FaultKind::cannot_connect, "away", "Look."); }

}  // namespace

TEST_CASE("the preferred CRP is asked as long as it answers") {
    Bench bench(2);
    for (int i = 0; i < 5; ++i)
        REQUIRE(bench.verify());
    bench.clients[0]->answer = answered(sample_no());  // an answer as well
    REQUIRE(bench.verify());
    CHECK(bench.calls(0) == 6);
    CHECK(bench.calls(1) == 0);
}

TEST_CASE("a CRP that fails costs a verb one call: another answers it, under the same request ID") {
    const auto failure = GENERATE_COPY(
        away(), Outcome<CrpResponse>(fault(FaultKind::secure_failure, "name", "Write.")),
        Outcome<CrpResponse>(problem(403, "CallerUnknown", "no")),
        Outcome<CrpResponse>(problem(503, "Busy", "later")),
        Outcome<CrpResponse>(CrpResponse{404, "text/html", "<html>"}));
    Bench bench(2);
    bench.clients[0]->answer = failure;
    const WallTime before = bench.clock.now();
    REQUIRE(bench.verify("r-7"));
    CHECK(bench.clients[0]->calls == std::vector<std::string>{"r-7"});
    CHECK(bench.clients[1]->calls == std::vector<std::string>{"r-7"});
    CHECK(bench.clock.now() == before);  // no pause
    CHECK(bench.log.all().find("asking another CRP") != std::string::npos);
}

TEST_CASE(
    "what is wrong with the call itself is not asked elsewhere, and says nothing of the CRP") {
    const int status = GENERATE(400, 409, 422);
    Bench bench(2);
    bench.clients[0]->answer = problem(status, "BadRequest", "no");
    for (int i = 0; i < 6; ++i)
        CHECK_FALSE(bench.verify());
    CHECK(bench.calls(0) == 6);
    CHECK(bench.calls(1) == 0);
}

TEST_CASE("our own fault is told at once") {
    Bench bench(2);
    Fault own{FaultKind::certificate_date, "expired", "Renew.", "ab12"};
    own.final_for_now = true;
    bench.clients[0]->answer = tl::unexpected(own);
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(bench.verify());
    CHECK(bench.calls(0) == 5);
    CHECK(bench.calls(1) == 0);
}

TEST_CASE("after failures in a row a CRP is left out, and asked first again when it answers") {
    Bench bench(2);
    bench.clients[0]->answer = away();
    for (int i = 0; i < 10; ++i)
        REQUIRE(bench.verify());
    CHECK(bench.calls(0) == 3);
    CHECK(bench.calls(1) == 10);
    CHECK(bench.log.all().find("CRP crp0 failed again and again; it is left out for 1000 ms") !=
          std::string::npos);

    bench.clock.advance(milliseconds(1'000));
    REQUIRE(bench.verify());  // the probe fails, the other answers
    CHECK(bench.calls(0) == 4);
    bench.clock.advance(milliseconds(1'999));
    REQUIRE(bench.verify());
    CHECK(bench.calls(0) == 4);

    bench.clients[0]->answer = answered(sample_yes());
    bench.clock.advance(milliseconds(1));
    const std::size_t second = bench.calls(1);
    for (int i = 0; i < 5; ++i)
        REQUIRE(bench.verify());
    CHECK(bench.calls(0) == 9);
    CHECK(bench.calls(1) == second);
    CHECK(bench.log.all().find("CRP crp0 answers again") != std::string::npos);
}

TEST_CASE("with every CRP left out a verb fails at once, as the last calls did") {
    Bench bench(2);
    for (SwitchedClient* client : bench.clients)
        client->answer = away();
    while (bench.log.all().find("CRP crp1 failed again") == std::string::npos)
        CHECK_FALSE(bench.verify());
    const std::size_t before = bench.calls(0) + bench.calls(1);
    bench.log.clear();
    const auto answer = bench.verify();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == FaultKind::cannot_connect);
    CHECK(bench.calls(0) + bench.calls(1) == before);
    CHECK(bench.log.all().find("Error 12029") != std::string::npos);
    CHECK(bench.log.all().find("not asked, since the last calls failed") != std::string::npos);
}

TEST_CASE("every CRP of a long list is asked once, whatever `attempts` says") {
    Bench bench(5, {milliseconds(5'000), milliseconds(12'000), 1});
    for (std::size_t i = 0; i < 4; ++i)
        bench.clients[i]->answer = away();
    REQUIRE(bench.verify());
    for (std::size_t i = 0; i < 5; ++i)
        CHECK(bench.calls(i) == 1);
}

TEST_CASE("one that refuses us is not asked twice in a verb, one that is away is") {
    Bench bench(2, {milliseconds(5'000), milliseconds(12'000), 4});
    bench.clients[0]->answer = problem(403, "CallerUnknown", "no");
    bench.clients[1]->answer = away();
    CHECK_FALSE(bench.verify());
    CHECK(bench.calls(0) == 1);
    CHECK(bench.calls(1) == 3);
}

TEST_CASE("a full queue at one CRP is no fault of its, and the next one is asked") {
    Bench bench(2);
    bench.clients[0]->answer = fault(FaultKind::too_many_calls, "32 calls", "Look.");
    for (int i = 0; i < 10; ++i)
        REQUIRE(bench.verify());
    CHECK(bench.calls(0) == 10);
    CHECK(bench.log.all().find("left out") == std::string::npos);
}
