#include "tests/catch.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;
using test::World;

namespace {

Certificate certificate_for(World& world, std::size_t key = 0, long serial = 77) {
    test::CertificateParts parts;
    parts.serial = serial;
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + 24h * 365;
    return test::issue(test::rsa_key(key), parts);
}

const std::string kId = "0123456789abcdef0123456789abcdef";

VerifyInput verified(World& world) {
    Challenge challenge;
    challenge.id = kId;
    VerifyInput input = world.request(world.mint(challenge));
    REQUIRE(world.verify(input).verified);
    return input;
}

}  // namespace

TEST_CASE("issued: certificate recorded, challenge completed, state 9") {
    World world;
    const VerifyInput input = verified(world);
    const Certificate certificate = certificate_for(world);
    REQUIRE(world.service.notify(world.issued(input, certificate), world.caller).has_value());
    CHECK(world.challenge(kId).state == ChallengeState::completed);
    CHECK(world.states() == std::vector{5, 9});
    const StateMessage message = world.messages().back();
    CHECK(message.certificate_sha1 == certificate.sha1());
    CHECK(message.certificate_serial == certificate.serial());
    CHECK(message.certificate_request_id == test::sample_policy().certificate_request_id);
    CHECK(message.reason == "Success");

    const auto found = world.store.find_certificate(certificate.sha256());
    REQUIRE((found.has_value() && found->has_value()));
    const IssuedCertificate& record = **found;
    CHECK(record.serial == certificate.serial());
    CHECK(record.sha1 == certificate.sha1());
    CHECK(record.spki_sha256 == certificate.spki_sha256());
    CHECK(record.subject == certificate.subject_text());
    CHECK(record.not_after == certificate.not_after());
    CHECK(record.challenge_id == kId);
    CHECK(record.device_id == "phone-1");
    CHECK(record.user_id == "alice");
    CHECK(record.policy_id == "wifi");
    CHECK(record.owner == "mdm-1");
    CHECK(record.renews.empty());
    CHECK(world.audit().back().event == "notify");
    CHECK(world.audit().back().outcome == "permit");

    SECTION("told again: success, and no second message") {
        CHECK(world.service.notify(world.issued(input, certificate), world.caller).has_value());
        CHECK(world.states() == std::vector{5, 9});
    }
    SECTION("another certificate for the same request: conflict") {
        const auto told =
            world.service.notify(world.issued(input, certificate_for(world, 0, 78)), world.caller);
        REQUIRE_FALSE(told.has_value());
        CHECK(told.error().code == ErrorCode::conflict);
        CHECK(world.states() == std::vector{5, 9});
        CHECK(world.audit().back().outcome == "deny");
    }
    SECTION("a failure after success: conflict") {
        const auto told = world.service.notify(world.outcome(input, 2, -1), world.caller);
        REQUIRE_FALSE(told.has_value());
        CHECK(told.error().code == ErrorCode::conflict);
    }
}

TEST_CASE("failed: challenge open for the same CSR only, state 7") {
    World world;
    const VerifyInput input = verified(world);
    const std::int32_t denied = static_cast<std::int32_t>(0x80094012);
    REQUIRE(world.service.notify(world.outcome(input, 2, denied), world.caller).has_value());
    CHECK(world.challenge(kId).state == ChallengeState::failed);
    CHECK(world.states() == std::vector{5, 7});
    CHECK(world.messages().back().reason == "0x80094012");
    const auto transaction = world.store.find_transaction(input.transaction_id);
    REQUIRE((transaction.has_value() && transaction->has_value()));
    CHECK((*transaction)->state == TransactionState::failed);
    CHECK((*transaction)->hresult == denied);
    CHECK(world.service.notify(world.outcome(input, 2, denied), world.caller).has_value());
    CHECK(world.states() == std::vector{5, 7});
}

TEST_CASE("pending, both kinds: state 8, and issued later") {
    World world;
    const VerifyInput input = verified(world);
    const std::int32_t disposition = GENERATE(3, 11);
    REQUIRE(world.service.notify(world.outcome(input, disposition, 0), world.caller).has_value());
    CHECK(world.challenge(kId).state == ChallengeState::reserved);
    REQUIRE(world.service.notify(world.issued(input, certificate_for(world)), world.caller)
                .has_value());
    CHECK(world.challenge(kId).state == ChallengeState::completed);
    CHECK(world.states() == std::vector{5, 8, 9});
}

TEST_CASE("an unknown disposition is told to the audit alone") {
    World world;
    const VerifyInput input = verified(world);
    REQUIRE(world.service.notify(world.outcome(input, -1, 0), world.caller).has_value());
    CHECK(world.states() == std::vector{5});
    CHECK(world.challenge(kId).state == ChallengeState::reserved);
    CHECK(world.audit().back().event == "notify");
}

TEST_CASE("a Notify under another request ID is found by its transaction") {
    World world;
    VerifyInput input = verified(world);
    input.request_id = "request-after-a-restart";
    REQUIRE(world.service.notify(world.issued(input, certificate_for(world)), world.caller)
                .has_value());
    CHECK(world.challenge(kId).state == ChallengeState::completed);
}

TEST_CASE("a Notify under another request ID finds its yes behind any number of refusals") {
    World world;
    VerifyInput input = verified(world);
    for (int i = 0; i < 101; ++i) {
        VerifyInput junk = world.request("crp1.k1.forged");
        junk.transaction_id = input.transaction_id;
        REQUIRE_FALSE(world.verify(junk).verified);
    }
    input.request_id = "request-unknown-here";
    REQUIRE(world.service.notify(world.issued(input, certificate_for(world)), world.caller)
                .has_value());
    CHECK(world.challenge(kId).state == ChallengeState::completed);
}

TEST_CASE("what contradicts the records is refused and audited") {
    World world;
    const VerifyInput input = verified(world);
    NotifyInput told = world.issued(input, certificate_for(world));
    ErrorCode code = ErrorCode::conflict;
    SECTION("a certificate with another key") {
        told = world.issued(input, certificate_for(world, 1));
    }
    SECTION("another key, found by transaction") {
        told = world.issued(input, certificate_for(world, 1));
        told.request_id = "request-unknown";
    }
    SECTION("the request ID of another transaction") { told.transaction_id = "transaction-x"; }
    SECTION("an unknown transaction") {
        told.transaction_id = "transaction-x";
        told.request_id = "request-x";
        code = ErrorCode::not_found;
    }
    SECTION("a refused transaction") {
        const VerifyInput refused = world.request("crp1.k1.forged");
        REQUIRE_FALSE(world.verify(refused).verified);
        told.transaction_id = refused.transaction_id;
        told.request_id = refused.request_id;
        code = ErrorCode::not_found;
    }
    SECTION("no certificate on success") {
        told.certificate.reset();
        code = ErrorCode::bad_request;
    }
    SECTION("a certificate on failure") {
        told.disposition = 2;
        code = ErrorCode::bad_request;
    }
    SECTION("not a certificate") {
        told.certificate = Bytes{0x30, 0x00};
        code = ErrorCode::bad_request;
    }
    SECTION("a disposition that does not exist") {
        told.disposition = 1;
        code = ErrorCode::bad_request;
    }
    const auto taken = world.service.notify(told, world.caller);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == code);
    CHECK(world.challenge(kId).state == ChallengeState::reserved);
    CHECK(world.audit().back().event == "notify");
    CHECK(world.audit().back().outcome == "deny");
    for (const int state : world.states())
        CHECK((state == 5 || state == 6));
}

TEST_CASE("a store that fails makes Notify fail, so that it is told again") {
    World world;
    const VerifyInput input = verified(world);
    const NotifyInput told = world.issued(input, certificate_for(world));
    world.store.fail_commits = Error{ErrorCode::storage, "disk", {}, {}};
    const auto taken = world.service.notify(told, world.caller);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == ErrorCode::storage);
    world.store.fail_commits.reset();
    CHECK(world.service.notify(told, world.caller).has_value());
    CHECK(world.states() == std::vector{5, 9});
}
