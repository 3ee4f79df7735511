// Renewals: requests that come with the certificate they renew.
#include "tests/catch.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;
using test::World;

namespace {

Certificate renewed_as(World& world, const VerifyInput& input, std::size_t key, long serial) {
    test::CertificateParts parts;
    parts.serial = serial;
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + 24h * 100;
    const Certificate certificate = test::issue(test::rsa_key(key), parts);
    REQUIRE(world.service.notify(world.issued(input, certificate), world.caller).has_value());
    return certificate;
}

}  // namespace

TEST_CASE("a certificate of ours renews itself, with a new key or the old one") {
    World world;
    const Certificate certificate = world.enrol();
    const std::size_t key = GENERATE(std::size_t{0}, std::size_t{1});
    const VerifyInput input = world.renewal(certificate, {}, key);
    const Decision decision = world.verify(input);
    INFO(decision.reason << ": " << decision.detail);
    CHECK(decision.verified);
    CHECK(decision.is_renewal());
    CHECK(decision.signing_sha256 == certificate.sha256());
    CHECK(decision.challenge_id.empty());
    CHECK(decision.device_id == "phone-1");
    CHECK(decision.user_id == "alice");
    CHECK(decision.owner == "mdm-1");
    CHECK(world.states() == std::vector{5, 9, 16});
    CHECK(world.messages().back().certificate_request_id ==
          test::sample_policy().certificate_request_id);

    const Certificate next = renewed_as(world, input, key, 78);
    const auto record = world.store.find_certificate(next.sha256());
    REQUIRE((record.has_value() && record->has_value()));
    CHECK((*record)->renews == certificate.sha256());
    CHECK((*record)->challenge_id.empty());
    CHECK(world.states() == std::vector{5, 9, 16, 9});
    CHECK(world.verify(world.renewal(next, {}, key)).verified);
}

TEST_CASE("a challenge left over in a renewal is not looked at") {
    World world;
    const Certificate certificate = world.enrol();
    test::RequestParts parts;
    parts.challenge = GENERATE("", "an old password", "crp1.k1.forged");
    CHECK(world.verify(world.renewal(certificate, parts)).verified);
}

TEST_CASE("a renewal with the same CSR and transaction ID is a question of its own") {
    // As scepclient does: same key, same CSR, same transaction ID, now signed by the certificate.
    World world;
    const VerifyInput first = world.request(world.mint());
    const Decision initial = world.verify(first);
    REQUIRE(initial.verified);
    const Certificate certificate = renewed_as(world, first, 0, 77);
    VerifyInput again = first;
    again.request_id = "request-renewal";
    again.signing_certificate = certificate.der();
    const Decision renewal = world.verify(again);
    CHECK(renewal.verified);
    CHECK(renewal.id != initial.id);
    // Each Notify finds its own decision.
    const Certificate next = renewed_as(world, again, 0, 78);
    CHECK(world.states() == std::vector{5, 9, 16, 9});
    CHECK((*world.store.find_certificate(next.sha256()))->decision_id == renewal.id);
}

TEST_CASE("what must not renew") {
    World world;
    const Certificate certificate = world.enrol();
    VerifyInput input = world.renewal(certificate);
    std::string reason;
    int phase = 3;
    SECTION("not a certificate") {
        input.signing_certificate = Bytes{0x30, 0x00};
        reason = "RenewalSignerUnreadable";
        phase = 1;
    }
    SECTION("not issued here, though it says the same") {
        test::CertificateParts parts;
        parts.not_before = world.clock.now();
        parts.not_after = world.clock.now() + 24h;
        input = world.renewal(test::issue(test::rsa_key(0), parts));
        reason = "RenewalSignerUnknown";
    }
    SECTION("expired") {
        world.clock.advance(24h * 100);
        reason = "RenewalSignerExpired";
    }
    SECTION("outside the window") {
        Policy policy = test::sample_policy();
        policy.renewal_threshold_percent = 20;
        REQUIRE(world.store.put_policy(policy, {}).has_value());
        world.clock.advance(24h * 79);
        reason = "RenewalNotPermitted";
    }
    SECTION("another subject") {
        test::RequestParts parts;
        parts.subject[1].second = "mallory@example.org";
        input = world.renewal(certificate, parts);
        reason = "RenewalSubjectMismatch";
    }
    SECTION("another SAN") {
        test::RequestParts parts;
        parts.dns_names = {"dc1.example.org"};
        input = world.renewal(certificate, parts);
        reason = "RenewalSubjectMismatch";
    }
    SECTION("device retired") {
        Device device = test::sample_device();
        device.enrollment_state = EnrollmentState::retired;
        REQUIRE(world.store.put_device(device, {}).has_value());
        reason = "DeviceRetired";
    }
    SECTION("device gone") {
        REQUIRE(world.store.delete_device("phone-1", {}).has_value());
        reason = "DeviceUnknown";
    }
    SECTION("user disabled") {
        User user = test::sample_user();
        user.enabled = false;
        REQUIRE(world.store.put_user(user, {}).has_value());
        reason = "UserDisabled";
    }
    SECTION("policy no longer assigned") {
        Policy policy = test::sample_policy();
        policy.assignments = {};
        REQUIRE(world.store.put_policy(policy, {}).has_value());
        reason = "ScepProfileNoLongerTargetedToTheClient";
    }
    SECTION("policy gone") {
        REQUIRE(world.store.delete_policy("wifi", {}).has_value());
        reason = "PolicyUnknown";
    }
    SECTION("template no longer permitted") {
        REQUIRE(world.store.delete_template("GeneralPurpose", {}).has_value());
        reason = "TemplateNotPermitted";
        phase = 0;
    }
    SECTION("the user was renamed: the certificate's name is no longer the record's") {
        User user = test::sample_user();
        user.user_principal_name = "alice.new@example.org";
        REQUIRE(world.store.put_user(user, {}).has_value());
        reason = "SubjectNameMismatch";
    }
    const Decision decision = world.verify(input);
    CHECK_FALSE(decision.verified);
    CHECK(decision.reason == reason);
    CHECK(decision.phase == phase);
    CHECK(world.states() == std::vector{5, 9, 6});
}

TEST_CASE("inside its window a certificate renews") {
    World world;
    const Certificate certificate = world.enrol();
    Policy policy = test::sample_policy();
    policy.renewal_threshold_percent = 20;
    REQUIRE(world.store.put_policy(policy, {}).has_value());
    world.clock.advance(24h * 80);
    CHECK(world.verify(world.renewal(certificate)).verified);
}

TEST_CASE("a renewal follows the policy as it is now") {
    World world;
    const Certificate certificate = world.enrol();
    Policy policy = test::sample_policy();
    policy.certificate_request_id = "ModelName=x;Version=2";
    policy.validity_days = 30;
    REQUIRE(world.store.put_policy(policy, {}).has_value());
    const Decision decision = world.verify(world.renewal(certificate));
    REQUIRE(decision.verified);
    CHECK(decision.contents->validity_days == 30);
}

TEST_CASE("what a challenge overrode is kept through all renewals that follow") {
    World world;
    Challenge challenge;
    challenge.expected.subject = "CN=kiosk";
    challenge.expected.validity_days = 7;
    test::RequestParts parts;
    parts.subject = {{"2.5.4.3", "kiosk"}};
    Certificate certificate = world.enrol(challenge, parts);
    for (long serial = 100; serial < 103; ++serial) {
        const VerifyInput input = world.renewal(certificate, parts);
        const Decision decision = world.verify(input);
        INFO(decision.reason << ": " << decision.detail);
        REQUIRE(decision.verified);
        CHECK(decision.contents->subject == "CN=kiosk");
        CHECK(decision.contents->validity_days == 7);
        test::CertificateParts content;
        content.subject = "CN=kiosk";
        content.serial = serial;
        content.not_before = world.clock.now();
        content.not_after = world.clock.now() + 24h;
        certificate = test::issue(test::rsa_key(0), content);
        REQUIRE(world.service.notify(world.issued(input, certificate), world.caller).has_value());
    }
}

TEST_CASE("a renewal that was delivered is not repeated after its retry window") {
    World world;
    const Certificate certificate = world.enrol();
    VerifyInput input = world.renewal(certificate);
    const Decision first = world.verify(input);
    REQUIRE(first.verified);
    renewed_as(world, input, 0, 78);
    input.request_id = "request-again";
    CHECK(world.verify(input).id == first.id);
    world.clock.advance(601s);
    CHECK(world.verify(input).reason == "RenewalNotPermitted");
}

TEST_CASE("a key that belongs to another device is refused") {
    World world;
    world.enrol();
    Device other = test::sample_device();
    other.id = "phone-2";
    REQUIRE(world.store.put_device(other, {}).has_value());
    Challenge challenge;
    challenge.device_id = "phone-2";
    challenge.user_id = "alice";
    const Decision refused = world.verify(world.request(world.mint(challenge)));
    CHECK(refused.reason == "KeyReused");
    // Whose key it is stands in the audit, not in what another MDM may read.
    CHECK(refused.detail.find(test::sample_device().id) == std::string::npos);
    const auto facts = world.audit().back().facts;
    CHECK(std::ranges::find(facts, std::pair<std::string, std::string>(
                                       "key_of_device", test::sample_device().id)) != facts.end());
    CHECK(world.verify(world.request(world.mint(challenge), {}, 1)).verified);
}

TEST_CASE("a key on its way to another device is refused as well") {
    World world;
    REQUIRE(world.verify(world.request(world.mint())).verified);  // no Notify yet
    Device other = test::sample_device();
    other.id = "phone-2";
    REQUIRE(world.store.put_device(other, {}).has_value());
    Challenge challenge;
    challenge.device_id = "phone-2";
    challenge.user_id = "alice";
    CHECK(world.verify(world.request(world.mint(challenge))).reason == "KeyReused");
}

TEST_CASE("a line of renewals without end is not followed for ever") {
    World world;
    const Certificate certificate = world.enrol();
    // The record of a renewal that renews itself: what a damaged database could hold.
    IssuedCertificate record = **world.store.find_certificate(certificate.sha256());
    record.challenge_id.clear();
    record.renews = record.sha256;
    world.store.certificate = record;
    const Decision decision = world.verify(world.renewal(certificate));
    CHECK(decision.reason == "RenewalNotPermitted");
    CHECK(decision.detail.find("enrol anew") != std::string::npos);
}

TEST_CASE("a revoked certificate does not renew") {
    World world;
    const Certificate certificate = world.enrol();
    IssuedCertificate record = **world.store.find_certificate(certificate.sha256());
    record.revoked = true;
    world.store.certificate = record;
    CHECK(world.verify(world.renewal(certificate)).reason == "RenewalSignerRevoked");
}
