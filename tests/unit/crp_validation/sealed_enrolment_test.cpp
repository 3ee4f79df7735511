// Sealed challenges through VerifyService: met for the first time, then a challenge like any other.
#include <chrono>

#include "crp-service/validation/simulation.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/sealed_workshop.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kId = "0f0e0d0c-0b0a-4909-8807-060504030201";

SealedWorkshop& workshop() {
    static SealedWorkshop made;
    return made;
}

struct SealedWorld : World {
    SealedWorld() : World(options_here(), workshop().reader()) { clock.set(system_clock().now()); }

    static crp::ValidationOptions options_here() {
        crp::ValidationOptions options;
        options.crp_name = "crp-test";
        return options;
    }
    std::string seal(const std::string& id = kId) {
        return workshop().seal(sample_claims(clock.now() - 1min, clock.now() + 1h, id));
    }
    std::string reason_for(const std::string& claims) {
        return verify(request(workshop().seal(claims))).reason;
    }
};

}  // namespace

TEST_CASE("a sealed challenge enrols its device and is recorded with its owner") {
    SealedWorld world;
    const crp::VerifyInput input = world.request(world.seal());
    const crp::Decision decision = world.verify(input);
    INFO(decision.reason << ": " << decision.detail);
    REQUIRE(decision.verified);
    CHECK(decision.owner == "mdm-1");
    CHECK(decision.challenge_id == kId);
    const crp::Challenge record = world.challenge(kId);
    CHECK(record.kind == crp::ChallengeKind::sealed);
    CHECK(record.state == crp::ChallengeState::reserved);
    CHECK(record.owner == "mdm-1");
    CHECK(record.key_id == "crp");
    CHECK(record.transaction_id == input.transaction_id);
}

TEST_CASE("the same request again gets the same yes; another one is a replay") {
    SealedWorld world;
    const std::string challenge = world.seal();
    crp::VerifyInput input = world.request(challenge);
    const crp::Decision first = world.verify(input);
    REQUIRE(first.verified);
    input.request_id = "again";
    CHECK(world.verify(input).id == first.id);
    const crp::Decision other = world.verify(world.request(challenge, {}, 1));
    CHECK(other.reason == "ChallengeReplayed");
    CHECK(other.owner == "mdm-1");
}

TEST_CASE("five refusals lock a sealed challenge, from its first on") {
    SealedWorld world;
    const std::string challenge = world.seal();
    RequestParts wrong;
    wrong.subject = {{"2.5.4.3", "mallory@example.org"}};
    for (int i = 0; i < crp::kRefusalsUntilLocked; ++i) {
        CHECK(world.verify(world.request(challenge, wrong)).reason == "SubjectNameMismatch");
        CHECK(world.challenge(kId).refusals == i + 1);
    }
    CHECK(world.verify(world.request(challenge)).reason == "ChallengeLocked");
}

TEST_CASE("a sealed challenge holds what it overrides of the policy") {
    SealedWorld world;
    std::string claims = sample_claims(world.clock.now() - 1min, world.clock.now() + 1h);
    claims.pop_back();
    claims += R"(,"expected":{"subject":"CN=kiosk,O=Example"}})";
    RequestParts parts;
    parts.subject = {{"2.5.4.10", "Example"}, {"2.5.4.3", "kiosk"}};
    const crp::Decision decision = world.verify(world.request(workshop().seal(claims), parts));
    INFO(decision.reason << ": " << decision.detail);
    REQUIRE(decision.verified);
    CHECK(decision.contents->subject.find("CN=kiosk") != std::string::npos);
}

TEST_CASE("a sealed challenge is refused for what it says of itself") {
    SealedWorld world;
    const WallTime now = world.clock.now();
    const std::string good = sample_claims(now - 1min, now + 1h);
    const auto with = [&good](const std::string& from, const std::string& to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        return text.replace(at, from.size(), to);
    };
    CHECK(world.reason_for(with("crp-test", "crp-other")) == "ChallengeWrongAudience");
    CHECK(world.reason_for(with("\"phone-1\"", "\"\"")) == "BadDeviceIdInChallenge");
    CHECK(world.reason_for(with("\"phone-1\"", "\"phone-2\"")) == "DeviceUnknown");
    CHECK(world.reason_for(with("\"wifi\"", "\"lan\"")) == "PolicyUnknown");
    CHECK(world.reason_for(with("Version=", "Version=9")) == "PolicyVersionMismatch");
    CHECK(world.reason_for(with("\"alice", "\"bob")) == "UserUnknown");
    CHECK(world.reason_for(sample_claims(now - 2h, now - 1h)) == "ChallengeExpired");
    CHECK(world.reason_for(sample_claims(now + 10min, now + 1h)) == "ChallengeNotYetValid");
    // None of it counted or was recorded: the challenge itself is as good as before.
    CHECK(world.reason_for(good) == "Success");
}

TEST_CASE("a sealed challenge from before a restore is refused unless it is on record") {
    SealedWorld world;
    const std::string met = world.seal();
    REQUIRE(world.verify(world.request(met)).verified);
    const std::string other = world.seal("1f0e0d0c-0b0a-4909-8807-060504030201");
    world.store.restored = world.clock.now();
    const crp::Decision refused = world.verify(world.request(other));
    CHECK(refused.reason == "ChallengeRevoked");
    CHECK(refused.detail.find("restored from a backup") != std::string::npos);
    CHECK(world.verify(world.request(met, {}, 1)).reason == "ChallengeReplayed");
    // The MDM's clock may have been ahead when it made the one that was used.
    world.clock.set(world.clock.now() + world.options_here().clock_tolerance + 1min);
    CHECK(world.reason_for(sample_claims(*world.store.restored + 299s, world.clock.now() + 1h,
                                         "2f0e0d0c-0b0a-4909-8807-060504030201")) ==
          "ChallengeRevoked");
    CHECK(world.reason_for(sample_claims(*world.store.restored + 300s, world.clock.now() + 1h,
                                         "3f0e0d0c-0b0a-4909-8807-060504030201")) == "Success");
}

TEST_CASE("one ID is one challenge") {
    SealedWorld world;
    const WallTime now = world.clock.now();
    REQUIRE(world.reason_for(sample_claims(now - 1min, now + 1h)) == "Success");
    CHECK(world.reason_for(sample_claims(now - 1min, now + 2h)) == "ChallengeIdTaken");

    crp::Challenge minted = sample_challenge(now);
    minted.id = std::string(32, 'a');
    world.mint(minted);
    CHECK(world.reason_for(sample_claims(now - 1min, now + 1h, minted.id)) == "ChallengeIdTaken");
}

TEST_CASE("a sealed challenge that was withdrawn before it was met is refused") {
    SealedWorld world;
    crp::ChallengeBatch batch;
    batch.now = world.clock.now();
    crp::Challenge& withdrawn = batch.challenges.emplace_back();
    withdrawn.id = kId;
    withdrawn.kind = crp::ChallengeKind::sealed;
    withdrawn.state = crp::ChallengeState::revoked;
    withdrawn.owner = "mdm-1";
    withdrawn.expires_at = batch.now + 24h;
    REQUIRE(world.store.add_challenges(batch, {}).has_value());
    CHECK(world.verify(world.request(world.seal())).reason == "ChallengeRevoked");
}

TEST_CASE("a simulation judges as the real call does, and leaves no trace") {
    SealedWorld world;
    const std::string challenge = world.seal();
    crp::VerifyInput input = world.request("");
    const auto records = [&world] {
        return world.audit().size() + world.messages().size() + world.log.lines.size();
    };
    const std::size_t before = records();
    const int commits = world.store.commits;

    auto simulated = world.service.simulate(input, challenge);
    REQUIRE(simulated.has_value());
    CHECK(simulated->verified);
    CHECK(simulated->challenge_kind == "sealed");
    CHECK(simulated->contents.has_value());
    input = world.request("", {}, 1);
    CHECK(world.service.simulate(input, challenge)->verified);  // not spent by the first

    RequestParts wrong;
    wrong.subject = {{"2.5.4.3", "mallory@example.org"}};
    input = world.request("", wrong);
    for (int i = 0; i < 6; ++i) {  // nor locked
        simulated = world.service.simulate(input, challenge);
        REQUIRE(simulated.has_value());
        CHECK(simulated->reason == "SubjectNameMismatch");
    }
    CHECK(records() == before);
    CHECK(world.store.commits == commits);
    CHECK_FALSE(world.store.inner.find_challenge(kId)->has_value());

    bool after = false;
    for (const crp::RuleReport& rule : simulated->rules) {
        INFO(rule.name);
        if (rule.name == "subject_matches") {
            CHECK(rule.verdict == crp::RuleVerdict::refused);
            CHECK(rule.expected.find("alice@example.org") != std::string::npos);
            CHECK(rule.found == "CN=mallory@example.org");
            after = true;
        } else {
            CHECK(rule.verdict ==
                  (after ? crp::RuleVerdict::not_judged : crp::RuleVerdict::passed));
        }
    }
    CHECK(after);
    CHECK(world.verify(world.request(challenge)).verified);
}

TEST_CASE("an explanation names who is entitled and why not") {
    SealedWorld world;
    auto good = world.service.explain({"phone-1", "alice", "wifi"});
    REQUIRE(good.has_value());
    INFO(good->reason << ": " << good->detail);
    CHECK(good->verified);
    CHECK_FALSE(good->entitled_by.empty());
    REQUIRE(good->contents.has_value());
    CHECK(good->contents->subject == "CN=alice@example.org,O=Example");
    CHECK(world.service.explain({"phone-9", "alice", "wifi"})->reason == "DeviceUnknown");
    CHECK(world.service.explain({"phone-1", "bob", "wifi"})->reason == "UserUnknown");
    CHECK(world.service.explain({"phone-1", "alice", "lan"})->reason != "Success");
}
