// ndes_policy_crp.so as ndesd loads it, against a CRP over real mutual TLS.
#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/crp_protocol/notify_v1.h"
#include "common/file.h"
#include "common/http_server/http_server.h"
#include "common/logging/cmtrace.h"
#include "scep-server/policy_host/policy.h"
#include "tests/abi/module_files.h"
#include "tests/catch.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::test;
using Strings = std::vector<std::string>;

const Bytes kCsr{0x30, 0x03, 0x02, 0x01, 0x00};
const std::string kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";
const std::string kNotify = "/CMCertificateRegistration/Certificate/Notify";

// A CRP that says yes to everybody who has a certificate.
http::Response agreeable_crp(const http::Request& request, const http::Peer& peer) {
    if (!peer.certificate) return {403, "text/plain", "no certificate", {}};
    if (request.path == kNotify) return {204, {}, {}, {}};
    if (request.path.ends_with("/GenerateChallenge"))
        return {201,
                "application/json",
                to_json(crp_protocol::GenerateChallengeAnswer{"S3cret-challenge", "c-1",
                                                              "2026-11-20T13:35:00.000Z"}),
                {}};
    auto asked = crp_protocol::verify_request_from_json(request.body);
    if (!asked) return {400, "text/plain", asked.error().text, {}};
    auto answer = asked->template_name == "refuse" ? sample_no(asked->transaction_id)
                                                   : sample_yes(asked->transaction_id);
    if (answer.certificate) answer.certificate->subject = "CN=" + asked->transaction_id;
    return {201, "application/json", to_json(answer), {}};
}

struct ModuleBench {
    HttpsBench https;
    RecordingLog log;
    std::unique_ptr<http::HttpServer> server;
    std::unique_ptr<scep::Policy> policy;

    explicit ModuleBench(http::Handler handler = agreeable_crp) {
        auto started = http::HttpServer::start(
            {.tls = https.good_tls(), .limits = {}, .server_name = {}}, std::move(handler));
        REQUIRE(started);
        server = std::move(*started);
    }
    Result<void> load(const std::string& more = {}, const std::string& host = "localhost") {
        auto loaded = scep::load_policy_module(
            {built_module(), write_module_config(https, server->port(), more, host),
             "ca01.example.org\\Issuing CA"},
            log);
        if (!loaded) return Failure(loaded.error());
        policy = std::move(*loaded);
        return {};
    }
    scep::PolicyQuestion question(std::string_view transaction_id,
                                  std::string_view template_name = "User") const {
        return {kCsr, {}, template_name, transaction_id, "r-1", "CA", "192.0.2.7"};
    }
};

}  // namespace

TEST_CASE("Initialize writes the original's lines, in its order") {
    ModuleBench bench;
    REQUIRE(bench.load());
    const auto identity = policy::load_client_identity(bench.https.files(), system_clock().now());
    CHECK(bench.log.texts() ==
          Strings{"==========[ NDES policy module started in process " +
                      std::to_string(::getpid()) + " ]==========",
                  "Calling Initialize...", "certificate registration point web server is localhost",
                  "NDES thumbprint is " + (*identity)->thumbprint + ".",
                  "certificate registration point webservice URL is CMCertificateRegistration",
                  "CA Issuer Name is ca01.example.org\\Issuing CA",
                  "Certificate registration port number is " + std::to_string(bench.server->port()),
                  "Exiting Initialize with 0x0"});
    CHECK(bench.policy->name().starts_with("ndes_policy_crp "));
    CHECK(bench.server->counters().connections_accepted == 0);
}

TEST_CASE("a request is verified, and its outcome told, with the original's lines") {
    ModuleBench bench;
    REQUIRE(bench.load());
    bench.log.clear();
    const auto answer = bench.policy->verify(bench.question("T42"));
    REQUIRE(answer);
    CHECK(answer->verified);
    CHECK(answer->reason == "Success");
    CHECK(answer->decision_id == "d-1");
    auto expected = *sample_yes().certificate;
    expected.subject = "CN=T42";
    CHECK(answer->contents == expected);

    const Bytes certificate{0x30, 0x00};
    CHECK(bench.policy->notify({"S3cret-challenge", "T42", "r-1", 0, 0, certificate}));
    CHECK(bench.log.texts() ==
          Strings{"Calling VerifyRequest ...", "Sending request to certificate registration point.",
                  "Verify challenge returns true", "Exiting VerifyRequest with 0x0",
                  "Calling Notifyrequest ...", "Sending request to certificate registration point.",
                  "Exiting Notify with 0x0"});
    for (const auto& line : bench.log.lines()) {
        CHECK(line.transaction_id == "T42");
        CHECK_FALSE(line.file.empty());
        CHECK(line.line > 0);
    }
}

TEST_CASE("a refusal is a verdict, not a failure") {
    ModuleBench bench;
    REQUIRE(bench.load());
    bench.log.clear();
    const auto answer = bench.policy->verify(bench.question("T43", "refuse"));
    REQUIRE(answer);
    CHECK_FALSE(answer->verified);
    CHECK(answer->reason == "ChallengeExpired");
    CHECK(answer->detail == "expired an hour ago");
    CHECK_FALSE(answer->contents);
    const auto texts = bench.log.texts();
    CHECK(texts[2] == "Verify challenge returns false");
    CHECK(texts.back() == "Exiting VerifyRequest with 0x0");
}

TEST_CASE("a challenge is fetched and stays out of the log") {
    ModuleBench bench;
    REQUIRE(bench.load());
    const auto challenge = bench.policy->generate_challenge("User", "deviceId=d1&policyId=p1");
    REQUIRE(challenge);
    CHECK(*challenge == "S3cret-challenge");
    CHECK(bench.log.texts().back() == "Exiting GenerateChallenge with 0x0");
    CHECK(bench.log.all().find("S3cret") == std::string::npos);
}

TEST_CASE("a CRP that refuses us: the check could not be made") {
    ModuleBench bench([](const http::Request&, const http::Peer&) {
        const auto refused = problem(403, "CallerUnknown", "no caller has this certificate");
        return http::Response{refused.status, refused.content_type, refused.body, {}};
    });
    REQUIRE(bench.load());
    const auto answer = bench.policy->verify(bench.question("T44"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
    CHECK(answer.error().detail.find("0x80070005") != std::string::npos);
    CHECK(bench.log.all().find("CallerUnknown: no caller has this certificate") !=
          std::string::npos);
    CHECK(bench.log.texts().back() == "Exiting VerifyRequest with 0x80070005");
}

TEST_CASE("a CRP that cannot answer now, or is not there, is retryable") {
    std::atomic<int> calls{0};
    ModuleBench bench([&calls](const http::Request&, const http::Peer&) {
        ++calls;
        return http::Response{503, {}, {}, {}};
    });
    REQUIRE(bench.load());
    auto answer = bench.policy->verify(bench.question("T45"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
    CHECK(answer.error().detail.find("0x801901f7") != std::string::npos);
    CHECK(calls == 3);

    bench.server->stop(std::chrono::milliseconds(0));
    answer = bench.policy->verify(bench.question("T46"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
    CHECK(answer.error().detail.find("0x80072efd") != std::string::npos);
    CHECK(bench.log.all().find("Failed to send http request " + kVerify + ". Error 12029") !=
          std::string::npos);
}

TEST_CASE("a slow CRP costs no more than the time allowed") {
    std::atomic<bool> end{false};
    ModuleBench bench([&end](const http::Request&, const http::Peer&) {
        end.wait(false);
        return http::Response{503, {}, {}, {}};
    });
    REQUIRE(bench.load("attempt_timeout = \"200ms\"\ntotal_timeout = \"500ms\"\n"));
    const auto start = std::chrono::steady_clock::now();
    const auto answer = bench.policy->verify(bench.question("T47"));
    const auto took = std::chrono::steady_clock::now() - start;
    end = true;
    end.notify_all();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::timeout);
    CHECK(took < std::chrono::milliseconds(2'500));
    CHECK(bench.log.all().find("Error 12002") != std::string::npos);
}

TEST_CASE("the wrong name: 12175, and what to do") {
    ModuleBench bench;
    auto profile = HttpsBench::server_profile();
    profile.subject_alt_name = "DNS:other.test";
    bench.server->replace_tls(bench.https.tls_of(bench.https.ca.issue(profile)));
    REQUIRE(bench.load());
    const auto answer = bench.policy->verify(bench.question("T48"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
    CHECK(answer.error().detail.find("0x80072f8f") != std::string::npos);
    CHECK(bench.log.all().find("Failed to send http request " + kVerify + ". Error 12175\n") !=
          std::string::npos);
    CHECK(bench.log.all().find("crp.url") != std::string::npos);
}

TEST_CASE("an Initialize without a usable client certificate fails with the original's line") {
    ModuleBench bench;
    std::filesystem::remove(bench.https.client.key_file);
    const auto loaded = bench.load();
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().text.find("step 8 (Initialize)") != std::string::npos);
    CHECK(bench.log.all().find("Failed to retrieve client certificate. Error -2147467259\n") !=
          std::string::npos);
    CHECK(bench.log.all().find(bench.https.client.key_file.filename().string()) !=
          std::string::npos);
    CHECK(bench.log.texts().back() == "Exiting Initialize with 0x80004005");
}

TEST_CASE("an Initialize with wrong settings names them") {
    ModuleBench bench;
    REQUIRE_FALSE(bench.load("attempts = 99\nurll = \"x\"\n"));
    CHECK(bench.log.all().find("attempts") != std::string::npos);
    CHECK(bench.log.all().find("urll") != std::string::npos);
}

TEST_CASE("what the interface forbids is refused, not sent") {
    ModuleBench bench;
    REQUIRE(bench.load());
    auto question = bench.question("T49");
    SECTION("no request") { question.certificate_request = {}; }
    SECTION("a transaction ID that is not UTF-8") { question.transaction_id = "\xff"; }
    SECTION("a request ID that would end a header") { question.request_id = "a\r\nb"; }
    const auto answer = bench.policy->verify(question);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
    CHECK(answer.error().detail.find("0x80070057") != std::string::npos);
    CHECK_FALSE(bench.policy->notify({"c", "T49", "r-1", 5, 0, {}}));
    CHECK(bench.server->counters().requests == 0);
}

TEST_CASE("many threads ask at once and each reads its own answer") {
    ModuleBench bench;
    REQUIRE(bench.load());
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                const std::string id = std::to_string(t) + "x" + std::to_string(i);
                const auto answer = bench.policy->verify(bench.question(id));
                if (answer && answer->verified && answer->contents->subject == "CN=" + id) ++right;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(right == 200);
}

TEST_CASE("the module's lines reach NDESPlugin.log in CMTrace format under their own place") {
    ModuleBench bench;
    const auto path = bench.https.folder.path() / "NDESPlugin.log";
    LogOptions options{"ndesd", "NDESPlugin", path};
    options.to_stdout = false;
    auto log = open_log(options, system_clock());
    REQUIRE(log);
    auto policy = scep::load_policy_module(
        {built_module(), write_module_config(bench.https, bench.server->port()), "CA"}, **log);
    REQUIRE(policy);
    (*log)->flush();
    const auto text = read_file(path);
    REQUIRE(text);
    const auto first = parse_cmtrace(text->substr(0, text->find('\n')));
    REQUIRE(first);
    CHECK(first->component == "NDESPlugin");
    CHECK(first->type == 1);
    CHECK(first->file.starts_with("module_context.cpp:"));
    policy->reset();
}
