// The lines of CRP.log, word for word: administrators search for them.
#include "tests/catch.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::crp;
using test::World;

namespace {

const std::string kQuery =
    "Get Challenge Parameters from DB using query: Execute CRP_VerifyRequestParameters "
    "@vchCertificateRequestID = 'ModelName=ScopeId_1/ConfigurationPolicy_1;Version=1;Hash=1', "
    "@vchDeviceID = 'phone-1', @vchUserID = 'alice', @DeviceType = 1";

}  // namespace

TEST_CASE("a verified request") {
    World world;
    const VerifyInput input = world.request(world.mint());
    world.verify(input);
    CHECK(world.log.texts() == std::vector<std::string>{
                                   "VerifyRequest Started.",
                                   "Reading Template Permission Check from registry.",
                                   "Validation Phase 1 started.",
                                   "Validation Phase 1 finished with status True.",
                                   "Validation Phase 2 started for device and user .",
                                   "Validation Phase 2 finished.",
                                   "Validation Phase 3 started for device phone-1 and user alice.",
                                   kQuery,
                                   "Validation Phase 3 finished with status True.",
                                   "VerifyRequest Finished with status True",
                               });
    for (const test::LogLine& line : world.log.lines) {
        CHECK(line.severity == Severity::info);
        CHECK(line.field("transaction_id") == input.transaction_id);
        CHECK(line.field("request_id") == input.request_id);
    }
    const test::LogLine& last = world.log.lines.back();
    CHECK(last.field("reason") == "Success");
    CHECK(last.field("phase") == "3");
    CHECK(last.field("device_id") == "phone-1");
    CHECK(last.field("user_id") == "alice");
}

TEST_CASE("a subject that does not match") {
    World world;
    test::RequestParts parts;
    parts.subject[1].second = "Test User (TEST, LLC)";
    world.verify(world.request(world.mint(), parts));
    const std::vector<std::string> texts = world.log.texts();
    CHECK(texts ==
          std::vector<std::string>{
              "VerifyRequest Started.",
              "Reading Template Permission Check from registry.",
              "Validation Phase 1 started.",
              "Validation Phase 1 finished with status True.",
              "Validation Phase 2 started for device and user .",
              "Validation Phase 2 finished.",
              "Validation Phase 3 started for device phone-1 and user alice.",
              kQuery,
              "Validation Phase 3 finished with status False.",
              "Subject Name in CSR CN=Test User (TEST\\, LLC),O=Example and challenge "
              "CN=alice@example.org,O=Example do not match",
              "Reason SubjectNameMismatch: The request's subject is not the one of the record. "
              "Make subjectFormat of the policy and of the SCEP profile the same; the detail shows "
              "both.",
              "VerifyRequest Finished with status False",
          });
    REQUIRE(texts.size() == 12);
    CHECK(world.log.lines[8].severity == Severity::error);
    CHECK(world.log.lines[9].severity == Severity::error);
    CHECK(world.log.lines[11].severity == Severity::error);
    for (std::size_t i = 8; i < 12; ++i) {
        CHECK(world.log.lines[i].field("reason") == "SubjectNameMismatch");
        CHECK(world.log.lines[i].field("phase") == "3");
        CHECK(world.log.lines[i].field("device_id") == "phone-1");
    }
}

TEST_CASE("refusals of the other phases end with their own number") {
    World world;
    std::string phase;
    SECTION("1") {
        world.verify(world.request(""));
        phase = "1";
    }
    SECTION("2") {
        const std::string challenge = world.mint();
        world.clock.advance(std::chrono::hours(2));
        world.verify(world.request(challenge));
        phase = "2";
    }
    SECTION("0") {
        REQUIRE(world.store.delete_template("GeneralPurpose", {}).has_value());
        world.verify(world.request(world.mint()));
        phase = "0";
    }
    const std::vector<std::string> texts = world.log.texts();
    REQUIRE(texts.size() > 4);
    CHECK(texts[texts.size() - 4] == "Validation Phase " + phase + " finished with status False.");
    CHECK(texts.back() == "VerifyRequest Finished with status False");
}

TEST_CASE("key usage in the original's words") {
    World world;
    test::RequestParts parts;
    parts.key_usage = Bytes{0x07, 0x80};
    world.verify(world.request(world.mint(), parts));
    const std::vector<std::string> texts = world.log.texts();
    CHECK(texts[texts.size() - 3] == "Key usage in CSR and challenge do not match");
}

TEST_CASE("an unknown challenge leaves device and user empty") {
    World world;
    world.verify(world.request("no such password"));
    const std::vector<std::string> texts = world.log.texts();
    REQUIRE(texts.size() > 6);
    CHECK(texts[6] == "Validation Phase 3 started for device and user .");
}

TEST_CASE("a repeated request") {
    World world;
    const VerifyInput input = world.request(world.mint());
    world.verify(input);
    world.log.lines.clear();
    world.verify(input);
    CHECK(world.log.texts() == std::vector<std::string>{
                                   "VerifyRequest Started.",
                                   "Reading Template Permission Check from registry.",
                                   "Validation Phase 1 started.",
                                   "Validation Phase 1 finished with status True.",
                                   "The same request was answered before; the recorded decision "
                                   "stands.",
                                   "VerifyRequest Finished with status True",
                               });
    CHECK(world.log.lines.back().field("reason") == "Success");
}

TEST_CASE("hostile text in a subject stays one field of one line") {
    World world;
    test::RequestParts parts;
    parts.subject[1].second = "x]LOG]!><![LOG[VerifyRequest Finished with status True";
    world.verify(world.request(world.mint(), parts));
    for (const std::string& text : world.log.texts()) {
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text != "VerifyRequest Finished with status True");
    }
}

TEST_CASE("Notify: success, failure, repetition") {
    World world;
    const VerifyInput input = world.request(world.mint());
    world.verify(input);
    test::CertificateParts parts;
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + std::chrono::hours(24);
    const Certificate certificate = test::issue(test::rsa_key(0), parts);
    const auto lines_of = [&world](const NotifyInput& told) {
        world.log.lines.clear();
        (void)world.service.notify(told, world.caller).has_value();
        return world.log.texts();
    };
    using Lines = std::vector<std::string>;
    CHECK(lines_of(world.outcome(input, 2, -1)) ==
          Lines{"Notify Started.", "Beginning state message creation...",
                "Sending Failure state message", "Notify Finished."});
    CHECK(lines_of(world.issued(input, certificate)) ==
          Lines{"Notify Started.", "Beginning state message creation...",
                "Sending Success state message", "Notify Finished."});
    CHECK(world.log.lines.back().field("device_id") == "phone-1");
    CHECK(lines_of(world.issued(input, certificate)) ==
          Lines{"Notify Started.", "Beginning state message creation...",
                "The same outcome was told before; no state message is sent again.",
                "Notify Finished."});
    CHECK(lines_of({"nobody", "nothing", 2, -1, std::nullopt}) ==
          Lines{"Notify Started.",
                "Notify could not be carried out: no verified request has this transactionId"});
    CHECK(world.log.lines.back().severity == Severity::error);
}
