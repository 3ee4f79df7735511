// Initial requests through the whole service, on the memory store.
#include <algorithm>

#include "crp-service/validation/simulation.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;
using test::World;

namespace {

std::string fact(const AuditRecord& audit, std::string_view name) {
    for (const auto& [key, value] : audit.facts) {
        if (key == name) return value;
    }
    return {};
}

Challenge with_id(std::string id) {
    Challenge challenge;
    challenge.id = std::move(id);
    return challenge;
}

const std::string kId = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("a good request is verified, recorded and answered with the record's contents") {
    World world;
    const VerifyInput input = world.request(world.mint(with_id(kId)));
    const Decision decision = world.verify(input);
    CHECK(decision.verified);
    CHECK(decision.reason == "Success");
    CHECK(decision.phase == 3);
    CHECK(decision.device_id == "phone-1");
    CHECK(decision.user_id == "alice");
    CHECK(decision.policy_id == "wifi");
    CHECK(decision.challenge_id == kId);
    CHECK(decision.caller == "ndes-1");
    CHECK(decision.owner == "mdm-1");
    CHECK(decision.outcomes.size() == 31);
    REQUIRE(decision.contents.has_value());
    CHECK(decision.contents->subject_alt_names ==
          std::vector<SubjectAltName>{{SubjectAltNameType::dns, "phone-1.example.org"}});
    CHECK(decision.contents->validity_days == 365);

    const Challenge reserved = world.challenge(kId);
    CHECK(reserved.state == ChallengeState::reserved);
    CHECK(reserved.transaction_id == input.transaction_id);
    CHECK(reserved.csr_sha256 == decision.csr_sha256);

    REQUIRE(world.messages().size() == 1);
    const StateMessage message = world.messages().front();
    CHECK(message.state == StateId::challenge_validation_succeeded);
    CHECK(message.transaction_id == input.transaction_id);
    CHECK(message.decision_id == decision.id);
    CHECK(message.certificate_request_id == test::sample_policy().certificate_request_id);
    CHECK(message.reason == "Success");

    const AuditRecord audit = world.audit().back();
    CHECK(audit.event == "verify");
    CHECK(audit.outcome == "permit");
    CHECK(audit.peer_address == "192.0.2.7");
    CHECK(fact(audit, "decision_id") == decision.id);
    CHECK(fact(audit, "key") == "RSA 2048");
    CHECK(fact(audit, "device_address") == "198.51.100.9");
}

TEST_CASE("the certificate keeps the order of the CSR's subject, not its contents") {
    World world;
    test::RequestParts parts;
    parts.subject = {{"2.5.4.3", "alice@example.org"}, {"2.5.4.10", "Example"}};
    const Decision decision = world.verify(world.request(world.mint(), parts));
    REQUIRE(decision.verified);
    CHECK(decision.contents->subject == "O=Example,CN=alice@example.org");
}

TEST_CASE("a client that names no usage gets the record's") {
    World world;
    test::RequestParts parts;
    parts.key_usage.reset();
    parts.extended_key_usage.clear();
    const Decision decision = world.verify(world.request(world.mint(), parts));
    REQUIRE(decision.verified);
    CHECK(decision.contents->key_usage ==
          std::vector{KeyUsage::digital_signature, KeyUsage::key_encipherment});
    CHECK(decision.contents->extended_key_usage == std::vector<std::string>{test::kClientAuth});
}

TEST_CASE("each thing a CSR can get wrong is refused by its reason, recorded and told") {
    struct Case {
        const char* reason;
        std::function<void(test::RequestParts&)> change;
    };
    const std::vector<Case> cases{
        {"SubjectNameMismatch", [](auto& p) { p.subject[1].second = "mallory@example.org"; }},
        {"SubjectNameMissing", [](auto& p) { p.subject.clear(); }},
        {"SubjectAltNameMissing", [](auto& p) { p.dns_names.clear(); }},
        {"SubjectAltNameMismatch", [](auto& p) { p.upns = {"administrator@example.org"}; }},
        {"KeyUsageMismatch",
         [](auto& p) {
             p.key_usage = Bytes{0x07, 0x80};
         }},
        {"EnhancedKeyUsageMissing", [](auto& p) { p.extended_key_usage = {test::kServerAuth}; }},
        {"EnhancedKeyUsageMismatch",
         [](auto& p) {
             p.extended_key_usage = {test::kClientAuth, test::kServerAuth};
         }},
        {"CertificateAuthorityRequested", [](auto& p) { p.ca = true; }},
        {"CriticalExtensionUnknown", [](auto& p) { p.critical_extension = "1.3.6.1.4.1.99999.1"; }},
        {"SecurityIdentifierMismatch", [](auto& p) { p.sid = "S-1-5-21-1-2-3-500"; }},
        {"HashAlgorithmNotPermitted", [](auto& p) { p.digest = "SHA512"; }},
    };
    for (const Case& c : cases) {
        INFO(c.reason);
        World world;
        test::RequestParts parts;
        c.change(parts);
        const Decision decision = world.verify(world.request(world.mint(with_id(kId)), parts));
        CHECK_FALSE(decision.verified);
        CHECK(decision.reason == c.reason);
        CHECK(decision.phase == 3);
        CHECK_FALSE(decision.contents.has_value());
        CHECK(world.states() == std::vector{6});
        CHECK(world.messages().front().reason == c.reason);
        CHECK(world.audit().back().outcome == "deny");
        CHECK(world.audit().back().reason == c.reason);
        // Not spent, but counted.
        CHECK(world.challenge(kId).state == ChallengeState::issued);
        CHECK(world.challenge(kId).refusals == 1);
    }
}

TEST_CASE("the user's own security identifier may stand in the CSR") {
    World world;
    test::RequestParts parts;
    parts.sid = test::kSid;
    CHECK(world.verify(world.request(world.mint(), parts)).verified);
}

TEST_CASE("the SID that was asked for and the one that was approved are on record") {
    World world;
    Policy policy = test::sample_policy();
    policy.security_identifier_extension = true;
    REQUIRE(world.store.put_policy(policy, {}).has_value());
    test::RequestParts parts;
    parts.sid = test::kSid;
    const VerifyInput input = world.request(world.mint(), parts);
    const auto simulated = world.service.simulate(input, "");
    REQUIRE(simulated.has_value());
    const auto rule = std::ranges::find(simulated->rules, "sid_matches", &RuleReport::name);
    REQUIRE(rule != simulated->rules.end());
    CHECK(rule->expected == test::kSid);
    CHECK(rule->found == test::kSid);

    CHECK(world.verify(input).verified);
    CHECK(fact(world.audit().back(), "requested_sid") == test::kSid);
    CHECK(fact(world.audit().back(), "approved_sid") == test::kSid);

    parts.sid = "S-1-5-21-1-2-3-500";
    CHECK(world.verify(world.request(world.mint(), parts)).reason == "SecurityIdentifierMismatch");
    CHECK(fact(world.audit().back(), "requested_sid") == parts.sid);
    CHECK(fact(world.audit().back(), "approved_sid").empty());
}

TEST_CASE("what an operator can put right does not count against the challenge") {
    World world;
    const std::string challenge = world.mint(with_id(kId));
    Device device = test::sample_device();
    device.enrollment_state = EnrollmentState::retired;
    REQUIRE(world.store.put_device(device, {}).has_value());
    CHECK(world.verify(world.request(challenge)).reason == "DeviceRetired");
    User user = test::sample_user();
    user.enabled = false;
    REQUIRE(world.store.put_device(test::sample_device(), {}).has_value());
    REQUIRE(world.store.put_user(user, {}).has_value());
    CHECK(world.verify(world.request(challenge)).reason == "UserDisabled");
    CHECK(world.challenge(kId).refusals == 0);
    REQUIRE(world.store.put_user(test::sample_user(), {}).has_value());
    CHECK(world.verify(world.request(challenge)).verified);
}

TEST_CASE("five refusals lock a challenge, and the sixth request is told so") {
    World world;
    const std::string challenge = world.mint(with_id(kId));
    test::RequestParts wrong;
    wrong.subject[1].second = "mallory@example.org";
    for (int i = 0; i < 5; ++i) {
        CHECK(world.verify(world.request(challenge, wrong)).reason == "SubjectNameMismatch");
    }
    CHECK(world.challenge(kId).state == ChallengeState::locked);
    const Decision sixth = world.verify(world.request(challenge));
    CHECK_FALSE(sixth.verified);
    CHECK(sixth.reason == "ChallengeLocked");
    CHECK(fact(world.audit().back(), "security_event") == "ChallengeLocked");
}

TEST_CASE("a forged challenge is refused without a look into the store") {
    World world;
    std::string forged = world.mint();
    forged.back() = forged.back() == 'A' ? 'E' : 'A';
    const VerifyInput input = world.request(forged);
    world.store.reads = 0;
    const Decision decision = world.verify(input);
    CHECK(decision.reason == "ChallengeDecryptionError");
    CHECK(decision.phase == 1);
    CHECK(world.store.reads == 0);
    CHECK(world.store.commits == 1);
    CHECK(world.states() == std::vector{6});
}

TEST_CASE("a CSR that cannot be read is recorded by the hash of what came") {
    World world;
    VerifyInput input = world.request(world.mint());
    input.certificate_request.pop_back();
    const Decision decision = world.verify(input);
    CHECK(decision.reason == "CertificateRequestDecodingFailed");
    CHECK(decision.phase == 1);
    CHECK(decision.csr_sha256.size() == 64);
    CHECK(decision.spki_sha256.empty());
    CHECK(world.states() == std::vector{6});
    CHECK(fact(world.audit().back(), "csr_sha256") == decision.csr_sha256);
}

TEST_CASE("phase 1 and 2 refusals of real requests") {
    World world;
    SECTION("no challenge") {
        CHECK(world.verify(world.request("")).reason == "ChallengePasswordMissing");
    }
    SECTION("somebody else's key") {
        test::RequestParts parts;
        parts.spki = test::spki_of(test::rsa_key(1));
        CHECK(world.verify(world.request(world.mint(), parts)).reason ==
              "CertificateRequestSignatureInvalid");
    }
    SECTION("expired") {
        const std::string challenge = world.mint(with_id(kId));
        world.clock.advance(1h);
        const Decision decision = world.verify(world.request(challenge));
        CHECK(decision.reason == "ChallengeExpired");
        CHECK(decision.phase == 2);
        CHECK(decision.device_id == "phone-1");
        CHECK(fact(world.audit().back(), "challenge_id") == kId);
    }
    SECTION("a clock that is ahead") {
        Challenge challenge = test::sample_challenge(world.clock.now() + 301s);
        CHECK(world.verify(world.request(world.mint(challenge))).reason == "ChallengeNotYetValid");
    }
    SECTION("no template record") {
        VerifyInput input = world.request(world.mint());
        input.template_name = "Nothing";
        const Decision decision = world.verify(input);
        CHECK(decision.reason == "TemplateNotPermitted");
        CHECK(decision.phase == 0);
    }
}

TEST_CASE("both switches of the template check") {
    ValidationOptions options;
    SECTION("no check") { options.skip_template_check = true; }
    SECTION("no check without a record") { options.skip_template_check_if_access_denied = true; }
    World world(options);
    REQUIRE(world.store.delete_template("GeneralPurpose", {}).has_value());
    CHECK(world.verify(world.request(world.mint())).verified);
}

TEST_CASE("a posted challenge is found by its HMAC, and times stand in its record") {
    World world;
    const std::string challenge = world.post("the MDM's own password");
    SECTION("good") { CHECK(world.verify(world.request(challenge)).verified); }
    SECTION("unknown") {
        const Decision decision = world.verify(world.request("another password"));
        CHECK(decision.reason == "ChallengeUnknown");
        CHECK(decision.phase == 3);
        CHECK(decision.device_id.empty());
    }
    SECTION("expired") {
        world.clock.advance(2h);
        CHECK(world.verify(world.request(challenge)).reason == "ChallengeExpired");
    }
}

TEST_CASE("over-long or missing identifiers of a call are refused as a wrong call") {
    World world;
    VerifyInput input = world.request(world.mint());
    std::string named;
    SECTION("no transaction ID") {
        input.transaction_id.clear();
        named = "transactionId";
    }
    SECTION("long transaction ID") {
        input.transaction_id = std::string(256, 't');
        named = "transactionId";
    }
    SECTION("no request ID") {
        input.request_id.clear();
        named = "requestId";
    }
    SECTION("long template") {
        input.template_name = std::string(256, 't');
        named = "template";
    }
    const auto decision = world.service.verify(input, world.caller);
    REQUIRE_FALSE(decision.has_value());
    CHECK(decision.error().code == ErrorCode::bad_request);
    CHECK(decision.error().text.find(named) != std::string::npos);
}

TEST_CASE("a challenge, a key and CSR octets never reach log, audit or decision") {
    World world;
    const std::string challenge = world.post("marker-challenge-4711");
    world.verify(world.request(challenge));
    test::RequestParts wrong;
    wrong.subject.clear();
    world.verify(world.request(challenge, wrong, 1));
    const std::string marker = "marker-challenge-4711";
    for (const test::LogLine& line : world.log.lines) {
        CHECK(line.text.find(marker) == std::string::npos);
        for (const auto& [name, value] : line.fields) {
            CHECK(value.find(marker) == std::string::npos);
        }
    }
    for (const AuditRecord& audit : world.audit()) {
        for (const auto& [name, value] : audit.facts) {
            CHECK(value.find(marker) == std::string::npos);
        }
    }
}
