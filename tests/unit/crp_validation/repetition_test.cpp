// The same question again, the same challenge again, and races: who gets which answer.
#include <algorithm>

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

TEST_CASE("the same question again gets the standing yes") {
    World world;
    VerifyInput input = world.request(world.mint(with_id(kId)));
    const Decision first = world.verify(input);
    REQUIRE(first.verified);

    SECTION("the very same call, sent twice by the client library") {
        CHECK(world.verify(input).id == first.id);
    }
    input.request_id = "request-again";
    SECTION("a retry of the device") { CHECK(world.verify(input).id == first.id); }
    SECTION("after the challenge has expired") {
        world.clock.advance(5h);
        CHECK(world.verify(input).id == first.id);
    }
    SECTION("after the device was retired: the decision's time counts") {
        Device device = test::sample_device();
        device.enrollment_state = EnrollmentState::retired;
        REQUIRE(world.store.put_device(device, {}).has_value());
        CHECK(world.verify(input).id == first.id);
    }
    SECTION("after Notify, inside the retry window") {
        REQUIRE(world.service.notify(world.outcome(input, 3, 0), world.caller).has_value());
        world.clock.advance(600s);
        CHECK(world.verify(input).id == first.id);
    }
    SECTION("while it is pending, however long") {
        REQUIRE(world.service.notify(world.outcome(input, 3, 0), world.caller).has_value());
        world.clock.advance(24h);
        CHECK(world.verify(input).id == first.id);
    }
    SECTION("after a failure, inside the retry window") {
        REQUIRE(world.service.notify(world.outcome(input, 2, -1), world.caller).has_value());
        CHECK(world.challenge(kId).state == ChallengeState::failed);
        CHECK(world.verify(input).id == first.id);
    }
    SECTION("after a failure, later, judged anew") {
        REQUIRE(world.service.notify(world.outcome(input, 2, -1), world.caller).has_value());
        world.clock.advance(601s);
        CHECK(world.verify(input).id == first.id);
    }
    CHECK(std::ranges::count(world.states(), 5) == 1);
}

TEST_CASE("a yes without Notify stands, however many refusals its transaction has since") {
    World world;
    VerifyInput input = world.request(world.mint());
    const Decision first = world.verify(input);
    REQUIRE(first.verified);
    for (int i = 0; i < 101; ++i) {
        VerifyInput junk = world.request("crp1.k1.forged");
        junk.transaction_id = input.transaction_id;
        REQUIRE_FALSE(world.verify(junk).verified);
    }
    world.clock.advance(601s);
    input.request_id = "request-again";
    CHECK(world.verify(input).id == first.id);
}

TEST_CASE("after a failure a yes is judged anew once its retry window is over") {
    World world;
    VerifyInput input = world.request(world.mint());
    REQUIRE(world.verify(input).verified);
    REQUIRE(world.service.notify(world.outcome(input, 2, -1), world.caller).has_value());
    world.clock.advance(601s);
    input.request_id = "request-again";
    User user = test::sample_user();
    user.enabled = false;
    REQUIRE(world.store.put_user(user, {}).has_value());
    CHECK(world.verify(input).reason == "UserDisabled");
}

TEST_CASE("a delivered yes is not repeated after its retry window") {
    World world;
    VerifyInput input = world.request(world.mint());
    REQUIRE(world.verify(input).verified);
    test::CertificateParts parts;
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + 24h;
    const Certificate certificate = test::issue(test::rsa_key(0), parts);
    REQUIRE(world.service.notify(world.issued(input, certificate), world.caller).has_value());
    input.request_id = "request-again";
    world.clock.advance(600s);
    CHECK(world.verify(input).verified);
    world.clock.advance(1ms);
    const Decision late = world.verify(input);
    CHECK_FALSE(late.verified);
    CHECK(late.reason == "ChallengeReplayed");
    CHECK(fact(world.audit().back(), "security_event") == "ChallengeReplayed");
}

TEST_CASE("a used challenge is refused for another request, with a security event") {
    World world;
    const std::string challenge = world.mint(with_id(kId));
    const VerifyInput first = world.request(challenge);
    REQUIRE(world.verify(first).verified);
    SECTION("another CSR") {
        CHECK(world.verify(world.request(challenge, {}, 1)).reason == "ChallengeReplayed");
    }
    SECTION("another CSR under the same transaction ID") {
        VerifyInput other = world.request(challenge, {}, 1);
        other.transaction_id = first.transaction_id;
        CHECK(world.verify(other).reason == "ChallengeReplayed");
    }
    SECTION("the same CSR under another transaction ID") {
        VerifyInput other = first;
        other.transaction_id = "transaction-other";
        other.request_id = "request-other";
        CHECK(world.verify(other).reason == "ChallengeReplayed");
    }
    CHECK(fact(world.audit().back(), "security_event") == "ChallengeReplayed");
    CHECK(world.challenge(kId).transaction_id == first.transaction_id);
    CHECK(world.states() == std::vector{5, 6});
}

TEST_CASE("a refusal is evaluated anew, but the very same call gets the same refusal") {
    World world;
    Device device = test::sample_device();
    device.enrollment_state = EnrollmentState::pending;
    REQUIRE(world.store.put_device(device, {}).has_value());
    VerifyInput input = world.request(world.mint());
    const Decision first = world.verify(input);
    CHECK(first.reason == "DeviceNotEnrolled");
    REQUIRE(world.store.put_device(test::sample_device(), {}).has_value());
    CHECK(world.verify(input).id == first.id);
    CHECK(world.states() == std::vector{6});
    input.request_id = "request-again";
    CHECK(world.verify(input).verified);
}

TEST_CASE("a refusal in phase 1 is not recorded twice for the same call either") {
    World world;
    const VerifyInput input = world.request("crp1.k1.forged");
    const Decision first = world.verify(input);
    CHECK(world.verify(input).id == first.id);
    CHECK(world.states() == std::vector{6});
}

TEST_CASE("a request ID never gives its answer to another request") {
    World world;
    const VerifyInput first = world.request(world.mint());
    REQUIRE(world.verify(first).verified);
    VerifyInput other = world.request(world.mint(), {}, 1);
    other.request_id = first.request_id;
    const auto decision = world.service.verify(other, world.caller);
    REQUIRE_FALSE(decision.has_value());
    CHECK(decision.error().code == ErrorCode::conflict);
    // The same request ID of another caller is another request.
    const auto elsewhere = world.service.verify(other, {"ndes-2", "192.0.2.8"});
    REQUIRE(elsewhere.has_value());
    CHECK(elsewhere->verified);
}

TEST_CASE("a compare-and-swap that is lost becomes a recorded refusal") {
    World world;
    const std::string challenge = world.mint(with_id(kId));
    const VerifyInput input = world.request(challenge);
    std::string reason;
    SECTION("to a faster request") {
        world.store.before_commit = [&world, &challenge] {
            REQUIRE(world.verify(world.request(challenge, {}, 1)).verified);
        };
        reason = "ChallengeReplayed";
    }
    SECTION("to a revocation") {
        world.store.before_commit = [&world] {
            REQUIRE(world.store.revoke_challenge(kId, {}).has_value());
        };
        reason = "ChallengeRevoked";
    }
    SECTION("to the fifth refusal") {
        test::RequestParts wrong;
        wrong.subject.clear();
        for (int i = 0; i < 4; ++i)
            world.verify(world.request(challenge, wrong));
        world.store.before_commit = [&world, &challenge, wrong] {
            world.verify(world.request(challenge, wrong));
        };
        reason = "ChallengeLocked";
    }
    const Decision decision = world.verify(input);
    CHECK_FALSE(decision.verified);
    CHECK(decision.reason == reason);
    CHECK(decision.phase == 3);
    CHECK(decision.outcomes.back().rule == "store_commit");
    CHECK_FALSE(decision.contents.has_value());
    CHECK(world.messages().back().reason == reason);
    CHECK(world.audit().back().reason == reason);
}

TEST_CASE("two deliveries of one question that race get one yes") {
    World world;
    const VerifyInput input = world.request(world.mint());
    VerifyInput twin = input;
    twin.request_id = "request-twin";
    std::string winner;
    world.store.before_commit = [&] { winner = world.verify(twin).id; };
    CHECK(world.verify(input).id == winner);
    CHECK(world.states() == std::vector{5});
}

TEST_CASE("a store that fails is an error and never a verdict") {
    World world;
    const VerifyInput input = world.request(world.mint(with_id(kId)));
    SECTION("reading") { world.store.fail_reads = Error{ErrorCode::storage, "disk", {}, {}}; }
    SECTION("committing") { world.store.fail_commits = Error{ErrorCode::storage, "disk", {}, {}}; }
    const auto decision = world.service.verify(input, world.caller);
    REQUIRE_FALSE(decision.has_value());
    CHECK(decision.error().code == ErrorCode::storage);
    world.store.fail_reads.reset();
    world.store.fail_commits.reset();
    CHECK(world.challenge(kId).state == ChallengeState::issued);
    CHECK(world.states().empty());
    for (const std::string& line : world.log.texts()) {
        CHECK(line.find("Finished with status") == std::string::npos);
    }
    CHECK(world.verify(input).verified);
}
