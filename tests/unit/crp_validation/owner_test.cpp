// What belongs to one MDM is of no use to another: records that a verdict rests on, the templates
// that a caller may use, and whose a refusal is.
#include <chrono>

#include "tests/catch.h"
#include "tests/unit/crp_validation/sealed_workshop.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kTheirs = "mdm-2";

crp::AuditRecord by_nobody() { return {}; }

// Makes one record of the world anew, as `owner`'s.
void give_away(World& world, const std::string& kind, const std::string& owner) {
    crp::Device device = sample_device();
    crp::User user = sample_user();
    crp::Policy policy = sample_policy();
    crp::TemplateRecord record = sample_template();
    device.owner = user.owner = policy.owner = record.owner = owner;
    if (kind == "device") {
        REQUIRE(world.store.delete_device(device.id, by_nobody()));
        REQUIRE(world.store.put_device(device, by_nobody()));
    } else if (kind == "user") {
        REQUIRE(world.store.delete_user(user.id, by_nobody()));
        REQUIRE(world.store.put_user(user, by_nobody()));
    } else if (kind == "policy") {
        REQUIRE(world.store.delete_policy(policy.id, by_nobody()));
        REQUIRE(world.store.put_policy(policy, by_nobody()));
    } else {
        REQUIRE(world.store.delete_template(record.name, by_nobody()));
        REQUIRE(world.store.put_template(record, by_nobody()));
    }
}

SealedWorkshop& workshop() {
    static SealedWorkshop made;
    return made;
}

crp::ValidationOptions sealed_options() {
    crp::ValidationOptions options;
    options.crp_name = "crp-test";
    return options;
}

}  // namespace

TEST_CASE("another MDM's record is as if it did not exist") {
    const auto [kind, reason] = GENERATE(table<std::string, std::string>({
        {"device", "DeviceUnknown"},
        {"user", "UserUnknown"},
        {"policy", "PolicyUnknown"},
        {"template", "TemplateNotPermitted"},
    }));
    CAPTURE(kind);
    World world;
    const std::string challenge = world.mint();
    const std::string owner = GENERATE(as<std::string>(), "", "mdm-1", kTheirs);
    CAPTURE(owner);
    give_away(world, kind, owner);
    const crp::Decision decision = world.verify(world.request(challenge));
    CHECK(decision.reason == (owner == kTheirs ? reason : "Success"));
    CHECK(decision.owner == "mdm-1");
}

TEST_CASE("a sealed challenge does not reach another MDM's records either") {
    World world(sealed_options(), workshop().reader());
    world.clock.set(system_clock().now());
    const std::string kind = GENERATE(as<std::string>(), "device", "user", "policy");
    give_away(world, kind, kTheirs);
    const std::string sealed =
        workshop().seal(sample_claims(world.clock.now() - 1min, world.clock.now() + 1h));
    CHECK_FALSE(world.verify(world.request(sealed)).verified);
}

TEST_CASE("a template that the owner may not use is refused, whichever way it was asked for") {
    const std::string permitted = GENERATE(as<std::string>(), "GeneralPurpose", "Other");
    CAPTURE(permitted);
    crp::ValidationOptions options = sealed_options();
    options.skip_template_check = GENERATE(false, true);
    options.templates_of["mdm-1"] = {"Also", permitted};
    options.templates_of[kTheirs] = {"Elsewhere"};
    World world(options, workshop().reader());
    world.clock.set(system_clock().now());
    crp::VerifyInput input;
    SECTION("minted") { input = world.request(world.mint()); }
    SECTION("posted") { input = world.request(world.post("a-password-of-the-MDM")); }
    SECTION("sealed") {
        input = world.request(
            workshop().seal(sample_claims(world.clock.now() - 1min, world.clock.now() + 1h)));
    }
    CHECK(world.verify(input).reason ==
          (permitted == "Other" ? "TemplateNotPermitted" : "Success"));
}

TEST_CASE("a renewal is bound by the templates of its certificate's owner as they are now") {
    World before;
    const Certificate certificate = before.enrol();
    const auto recorded = before.store.find_certificate(certificate.sha256());
    REQUIRE((recorded && *recorded));
    const std::string permitted = GENERATE(as<std::string>(), "GeneralPurpose", "Other");
    crp::ValidationOptions options;
    options.templates_of["mdm-1"] = {permitted};
    World world(options);
    world.store.certificate = **recorded;
    const crp::Decision decision = world.verify(world.renewal(certificate));
    INFO(decision.detail);
    CHECK(decision.reason == (permitted == "Other" ? "TemplateNotPermitted" : "Success"));
}

TEST_CASE("a refusal before the records are read is its challenge's owner's all the same") {
    World world;
    const std::string challenge = world.mint();
    world.clock.advance(48h);
    const crp::Decision decision = world.verify(world.request(challenge));
    CHECK(decision.reason == "ChallengeExpired");
    CHECK(decision.phase == 2);
    CHECK(decision.owner == "mdm-1");
    CHECK(world.messages().back().owner == "mdm-1");

    World sealed(sealed_options(), workshop().reader());
    sealed.clock.set(system_clock().now());
    const std::string old =
        workshop().seal(sample_claims(sealed.clock.now() - 3h, sealed.clock.now() - 2h));
    const crp::Decision expired = sealed.verify(sealed.request(old));
    CHECK(expired.reason == "ChallengeExpired");
    CHECK(expired.owner == "mdm-1");
}

TEST_CASE("a replay after the retry window is its challenge's owner's, device's and user's") {
    World world;
    const std::string challenge = world.mint();
    crp::VerifyInput input = world.request(challenge);
    std::string challenge_id;
    std::string reason = "ChallengeReplayed";
    SECTION("of an initial request") {
        const crp::Decision first = world.verify(input);
        REQUIRE(first.verified);
        challenge_id = first.challenge_id;
    }
    SECTION("of a renewal") {
        input = world.renewal(world.enrol());
        REQUIRE(world.verify(input).verified);
        reason = "RenewalNotPermitted";
    }
    CertificateParts parts;
    parts.serial = 99;
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + 24h;
    REQUIRE(world.service.notify(world.issued(input, issue(rsa_key(0), parts)), world.caller));
    world.clock.advance(601s);
    input.request_id = "request-late";

    const crp::Decision late = world.verify(input);
    CHECK(late.reason == reason);
    CHECK(late.owner == "mdm-1");
    CHECK(late.device_id == "phone-1");
    CHECK(late.user_id == "alice");
    CHECK(late.policy_id == "wifi");
    CHECK(late.challenge_id == challenge_id);
    const crp::StateMessage message = world.messages().back();
    CHECK(message.owner == "mdm-1");
    CHECK(message.device_id == "phone-1");
    CHECK(message.certificate_request_id == sample_policy().certificate_request_id);
    CHECK(world.log.lines.back().field("device_id") == "phone-1");
}

TEST_CASE("nobody's challenge asks for a CA's usages or leaves variables open") {
    World world(sealed_options(), workshop().reader());
    world.clock.set(system_clock().now());
    const std::string expected = GENERATE(
        R"({"keyUsage":["keyCertSign"]})", R"({"keyUsage":["digitalSignature","cRLSign"]})",
        R"({"extendedKeyUsage":["2.5.29.37.0"]})", R"({"subject":"CN={{DeviceName}}"})");
    CAPTURE(expected);
    std::string claims = sample_claims(world.clock.now() - 1min, world.clock.now() + 1h);
    claims.insert(claims.rfind('}'), R"(,"expected":)" + expected);
    CHECK(world.verify(world.request(workshop().seal(claims))).reason ==
          "ChallengeDeserializationError");
}

TEST_CASE("usages of a CA that got on record some other way are not approved") {
    World world;
    crp::Challenge challenge;
    challenge.expected.key_usage = {KeyUsage::digital_signature, KeyUsage::key_cert_sign};
    RequestParts parts;
    const crp::Decision decision =
        world.verify(world.request(world.mint(std::move(challenge)), parts));
    CHECK(decision.reason == "ExpectedContentsInvalid");
}
