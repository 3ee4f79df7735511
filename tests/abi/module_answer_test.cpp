// Whatever a loaded module answers, only a clean yes is a yes.
#include "scep-server/policy_host/policy.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"

namespace {

using namespace ndes;
using test::RecordingLog;

const Bytes kCsr{'c', 's', 'r'};
const Bytes kSigner{'s', 'i', 'g', 'n', 'e', 'r'};

std::unique_ptr<scep::Policy> load(const std::string& name, Log& log,
                                   const std::string& config = {}) {
    auto policy = scep::load_policy_module(
        {std::filesystem::path(NDES_BINARY_DIR) / "tests/abi/modules" / (name + ".so"), config,
         "CA"},
        log);
    REQUIRE(policy);
    return std::move(*policy);
}

scep::PolicyQuestion question_of(std::string_view template_name) {
    return {kCsr, kSigner, template_name, "t1", "r-1", "CA 1", "192.0.2.7"};
}

}  // namespace

TEST_CASE("a complete yes is read as given") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    auto answer = policy->verify(question_of("good"));
    REQUIRE(answer);
    CHECK(answer->verified);
    CHECK(answer->reason == "Success");
    CHECK(answer->detail == "as recorded");
    CHECK(answer->decision_id == "d-1");
    REQUIRE(answer->contents);
    CHECK(answer->contents->subject == "CN=device");
    CHECK(answer->contents->subject_alt_names ==
          std::vector<SubjectAltName>{{SubjectAltNameType::dns, "device.example.org"}});
    CHECK(answer->contents->key_usage ==
          std::vector<KeyUsage>{KeyUsage::digital_signature, KeyUsage::key_encipherment});
    CHECK(answer->contents->extended_key_usage == std::vector<std::string>{"1.3.6.1.5.5.7.3.2"});
    CHECK(answer->contents->validity_days == 365);
    CHECK(answer->contents->template_name == "good");
}

TEST_CASE("a no is a no, with its reason") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    for (const char* kind : {"no", "untouched"}) {
        auto answer = policy->verify(question_of(kind));
        REQUIRE(answer);
        CHECK_FALSE(answer->verified);
        CHECK_FALSE(answer->contents);
    }
}

TEST_CASE("a broken promise is an error, never a yes") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    const std::string kind = GENERATE(
        as<std::string>(), "verified 2", "verified -1", "reason null", "reason long",
        "detail not UTF-8", "decision long", "has_contents 7", "subject not UTF-8", "subject null",
        "names null", "names many", "usages null", "usages many", "key usage bits", "validity 0",
        "validity -1", "validity for ever", "name type", "name empty", "usage text");
    CAPTURE(kind);
    auto answer = policy->verify(question_of(kind));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
    CHECK(answer.error().text == "the policy module broke a promise");
    CHECK_FALSE(answer.error().detail.empty());
}

TEST_CASE("an error result is never a verdict, and says whether repeating may help") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    const auto [kind, code, number] = GENERATE(table<std::string, ErrorCode, std::string>({
        {"result 1", ErrorCode::internal, "0x1"},
        {"result E_FAIL", ErrorCode::internal, "0x80004005"},
        {"result timeout", ErrorCode::timeout, "0x80072ee2"},
        {"result denied", ErrorCode::unavailable, "0x80070005"},
        {"result away", ErrorCode::unavailable, "0x80072efd"},
    }));
    auto answer = policy->verify(question_of(kind));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == code);
    CHECK(answer.error().detail == "VerifyRequest of the policy module returned " + number);
}

TEST_CASE("an exception thrown through the line stops at the host") {
    RecordingLog log;
    {
        const auto policy = load("throwing", log, "VerifyRequest");
        auto answer = policy->verify(question_of("any"));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::internal);
        CHECK(answer.error().detail == "VerifyRequest of the policy module threw an exception");
    }
    {
        const auto policy = load("throwing", log, "Notify");
        CHECK(policy->verify(question_of("any"))->verified);
        CHECK_FALSE(policy->notify({}));
    }
    {
        const auto policy = load("throwing", log, "GenerateChallenge");
        CHECK_FALSE(policy->generate_challenge("User", ""));
    }
    CHECK_NOTHROW(load("throwing", log, "Uninitialize").reset());
}

TEST_CASE("a challenge is taken only if it can be one") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    CHECK(policy->generate_challenge("good", "").value() == "S3cret");
    for (const char* kind : {"null", "long", "empty", "control"}) {
        CAPTURE(kind);
        auto challenge = policy->generate_challenge(kind, "");
        REQUIRE_FALSE(challenge);
        CHECK(challenge.error().detail.find("S3cret") == std::string::npos);
    }
}

TEST_CASE("every field of question and outcome arrives") {
    RecordingLog log;
    const auto policy = load("echo", log);
    auto answer = policy->verify(question_of("User"));
    REQUIRE(answer);
    CHECK(answer->reason == "User");
    CHECK(answer->decision_id == "t1");
    CHECK(answer->detail == "signer");
    const auto& names = answer->contents->subject_alt_names;
    REQUIRE(names.size() == 4);
    CHECK(names[0].value == "csr");
    CHECK(names[1].value == "r-1");
    CHECK(names[2].value == "CA 1");
    CHECK(names[3].value == "192.0.2.7");
    CHECK(answer->contents->key_usage.size() == 9);

    auto initial = question_of("User");
    initial.signing_certificate = {};
    CHECK(policy->verify(initial)->detail.empty());

    scep::PolicyOutcome outcome{"challenge", "t1", "r-1", 2, static_cast<std::int32_t>(0x80072EE2),
                                {}};
    CHECK(policy->notify(outcome));
    outcome.certificate = kCsr;
    CHECK_FALSE(policy->notify(outcome));
}

TEST_CASE("a module's line belongs to the transaction of the call, also when it names none") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    scep::PolicyOutcome outcome;
    outcome.transaction_id = "t-1";
    REQUIRE(policy->notify(outcome));
    REQUIRE(policy->notify({}));
    const auto lines = log.lines();
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].transaction_id == "t-1");
    CHECK(lines[1].transaction_id != "t-1");  // it named another
    CHECK(lines[2].transaction_id.empty());   // the call is over
}

TEST_CASE("the log callback survives whatever a module passes") {
    RecordingLog log;
    const auto policy = load("garbage", log);
    REQUIRE(policy->notify({}));
    const auto lines = log.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].severity == Severity::warning);
    CHECK(lines[0].file == "module");
    CHECK(lines[0].line == 0);
    CHECK(lines[0].transaction_id.empty());
    CHECK(lines[1].text.empty());
}
