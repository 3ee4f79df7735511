// Challenges: posting, idempotency, revocation.
#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::crp::Challenge;
using ndes::crp::ChallengeBatch;
using ndes::crp::ChallengeKind;
using ndes::crp::ChallengeState;

namespace {

ChallengeBatch keyed_batch(unsigned number, const std::string& key) {
    ChallengeBatch batch;
    batch.challenges = {sample_challenge(number)};
    batch.idempotency_key = key;
    batch.body_sha256 = "body-1";
    batch.answer = "sealed-" + std::to_string(number);
    batch.owner = "mdm-1";
    batch.now = noon();
    return batch;
}

}  // namespace

STORE_CONTRACT(a_challenge_comes_back_whole) {
    const Challenge challenge = sample_challenge(1);
    post(fixture.store(), challenge);
    fixture.reopen();
    auto found = fixture.store().find_challenge(challenge.id);
    REQUIRE((found && *found));
    const Challenge& read = **found;
    CHECK(read.kind == challenge.kind);
    CHECK(read.lookup.empty());
    CHECK(read.device_id == challenge.device_id);
    CHECK(read.user_id == challenge.user_id);
    CHECK(read.policy_id == challenge.policy_id);
    CHECK(read.certificate_request_id == challenge.certificate_request_id);
    CHECK(read.expected == challenge.expected);
    CHECK(read.not_before == challenge.not_before);
    CHECK(read.expires_at == challenge.expires_at);
    CHECK(read.created_at == challenge.created_at);
    CHECK(read.owner == challenge.owner);
    CHECK(read.state == ChallengeState::issued);
    CHECK(read.refusals == 0);
    CHECK(read.transaction_id.empty());
    CHECK_FALSE(fixture.store().find_challenge(hex_id(2))->has_value());
}

STORE_CONTRACT(a_challenge_without_overrides_has_none_afterwards) {
    Challenge challenge = sample_challenge(1);
    challenge.expected = {};
    post(fixture.store(), challenge);
    CHECK((*fixture.store().find_challenge(challenge.id))->expected == challenge.expected);
}

STORE_CONTRACT(a_posted_challenge_is_found_by_its_lookup_value) {
    auto& store = fixture.store();
    post(store, sample_challenge(1));  // minted: no lookup value
    Challenge posted = sample_challenge(2);
    posted.kind = ChallengeKind::posted;
    posted.lookup = "hmac-2";
    post(store, posted);
    auto found = store.find_challenge_by_lookup("hmac-2");
    REQUIRE((found && *found));
    CHECK((*found)->id == posted.id);
    CHECK((*found)->kind == ChallengeKind::posted);
    CHECK_FALSE(store.find_challenge_by_lookup("hmac-3")->has_value());
    CHECK_FALSE(store.find_challenge_by_lookup("")->has_value());
}

STORE_CONTRACT(a_batch_is_recorded_whole_or_not_at_all) {
    auto& store = fixture.store();
    Challenge posted = sample_challenge(1);
    posted.lookup = "same";
    post(store, posted);
    const auto before = audit_length(store);

    ChallengeBatch batch;
    batch.challenges = {sample_challenge(2), sample_challenge(3)};
    batch.challenges[1].lookup = "same";
    batch.owner = "mdm-1";
    batch.idempotency_key = "key";
    batch.now = noon();
    auto refused = store.add_challenges(batch, sample_audit("post-challenges"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK_FALSE(store.find_challenge(hex_id(2))->has_value());
    CHECK(audit_length(store) == before);

    // Twice the same within one batch, and an ID that is in use.
    batch.challenges = {sample_challenge(4), sample_challenge(4)};
    CHECK(store.add_challenges(batch, sample_audit("x")).error().code == ErrorCode::conflict);
    batch.challenges = {sample_challenge(1)};
    CHECK(store.add_challenges(batch, sample_audit("x")).error().code == ErrorCode::conflict);

    // The refused batches have not used up the key.
    batch.challenges = {sample_challenge(5), sample_challenge(6)};
    REQUIRE(store.add_challenges(batch, sample_audit("post-challenges")));
    CHECK(store.find_challenge(hex_id(6))->has_value());
    CHECK(audit_length(store) == before + 1);
}

STORE_CONTRACT(the_same_idempotency_key_gets_the_recorded_answer) {
    auto& store = fixture.store();
    CHECK_FALSE(store.add_challenges(keyed_batch(1, "key"), sample_audit("post"))->has_value());
    const auto before = audit_length(store);
    fixture.reopen();
    auto again = fixture.store().add_challenges(keyed_batch(2, "key"), sample_audit("post"));
    REQUIRE(again);
    CHECK(**again == "sealed-1");
    CHECK_FALSE(fixture.store().find_challenge(hex_id(2))->has_value());
    CHECK(audit_length(fixture.store()) == before);
}

STORE_CONTRACT(an_idempotency_key_with_another_body_is_a_conflict) {
    auto& store = fixture.store();
    REQUIRE(store.add_challenges(keyed_batch(1, "key"), sample_audit("post")));
    ChallengeBatch other = keyed_batch(2, "key");
    other.body_sha256 = "body-2";
    CHECK(store.add_challenges(other, sample_audit("post")).error().code == ErrorCode::conflict);
    CHECK_FALSE(store.find_challenge(hex_id(2))->has_value());
}

STORE_CONTRACT(idempotency_keys_belong_to_their_owner) {
    auto& store = fixture.store();
    REQUIRE(store.add_challenges(keyed_batch(1, "key"), sample_audit("post")));
    ChallengeBatch other = keyed_batch(2, "key");
    other.owner = "mdm-2";
    CHECK_FALSE(store.add_challenges(other, sample_audit("post"))->has_value());
    CHECK(store.find_challenge(hex_id(2))->has_value());
}

STORE_CONTRACT(an_idempotency_key_is_forgotten_after_its_window) {
    auto& store = fixture.store();
    REQUIRE(store.add_challenges(keyed_batch(1, "key"), sample_audit("post")));
    ChallengeBatch later = keyed_batch(2, "key");
    later.now = noon() + ndes::crp::kIdempotencyWindow - std::chrono::milliseconds(1);
    CHECK(store.add_challenges(later, sample_audit("post"))->has_value());
    later.now += std::chrono::milliseconds(1);
    CHECK_FALSE(store.add_challenges(later, sample_audit("post"))->has_value());
    CHECK(store.find_challenge(hex_id(2))->has_value());
}

STORE_CONTRACT(a_challenge_can_be_revoked_while_it_is_free) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const auto before = audit_length(store);
    REQUIRE(store.revoke_challenge(challenge.id, sample_audit("revoke-challenge")));
    CHECK(state_of(store, challenge) == ChallengeState::revoked);
    CHECK(audit_length(store) == before + 1);
    CHECK(store.revoke_challenge(challenge.id, sample_audit("x")).error().code ==
          ErrorCode::conflict);
    CHECK(store.revoke_challenge(hex_id(9), sample_audit("x")).error().code ==
          ErrorCode::not_found);
    CHECK(audit_length(store) == before + 1);
}

STORE_CONTRACT(challenges_are_listed_newest_first_and_counted_by_key) {
    auto& store = fixture.store();
    for (unsigned i = 1; i <= 3; ++i) {
        Challenge challenge = sample_challenge(i);
        challenge.device_id = i == 2 ? "device-2" : "device-1";
        challenge.key_id = i == 3 ? "k2" : "k1";
        challenge.expires_at += std::chrono::minutes(i);
        post(store, challenge);
    }
    const auto ids = [&](const ndes::crp::ChallengeFilter& filter) {
        std::string seen;
        const auto page = store.list_challenges({}, filter);
        for (const Challenge& one : page->items)
            seen += one.id.substr(31);
        return seen;
    };
    CHECK(ids({}) == "321");
    CHECK(ids({.device_id = "device-1"}) == "31");
    using State = ndes::crp::ChallengeState;
    const auto end = sample_challenge(1).expires_at + std::chrono::minutes(2);
    CHECK(ids({.state = State::issued, .now = end}) == "3");
    CHECK(ids({.state = State::expired, .now = end}) == "21");
    CHECK(ids({.state = State::revoked, .now = end}).empty());
    CHECK((*store.find_challenge(hex_id(3)))->key_id == "k2");

    const auto uses = *store.count_outstanding_challenges(noon());
    REQUIRE(uses.size() == 2);
    CHECK(uses[0].key_id == "k1");
    CHECK(uses[0].count == 2);
    CHECK(uses[0].last_expiry == end);
    CHECK(uses[1].key_id == "k2");
    CHECK(store.count_outstanding_challenges(end)->size() == 1);
}

STORE_CONTRACT(a_challenge_made_elsewhere_is_recorded_when_it_is_first_met) {
    using Kind = ndes::crp::DecisionOutcome::Kind;
    auto& store = fixture.store();
    Challenge sealed = sample_challenge(1);
    sealed.kind = ndes::crp::ChallengeKind::sealed;
    auto commit = commit_of(sample_yes(1, sealed), 1);
    commit.first_seen = sealed;
    CHECK(decide(store, commit).kind == Kind::committed);
    CHECK(state_of(store, sealed) == ndes::crp::ChallengeState::reserved);
    // Another request with it is too late, another challenge of its ID is none.
    commit = commit_of(sample_yes(2, sealed), 2);
    commit.first_seen = sealed;
    CHECK(decide(store, commit).kind == Kind::lost);
    Challenge other = sealed;
    other.owner = "mdm-2";
    commit.first_seen = other;
    const auto outcome = decide(store, commit);
    CHECK(outcome.kind == Kind::lost);
    CHECK(outcome.challenge_id_taken);

    // Refusals count from the first on.
    Challenge second = sample_challenge(2);
    second.kind = ndes::crp::ChallengeKind::sealed;
    for (unsigned i = 0; i < ndes::crp::kRefusalsUntilLocked; ++i) {
        auto no = commit_of(sample_no(10 + i, second), 10 + i, true);
        no.first_seen = second;
        decide(store, no);
    }
    CHECK(state_of(store, second) == ndes::crp::ChallengeState::locked);
}

STORE_CONTRACT(the_answer_kept_for_a_key_can_be_asked_for) {
    auto& store = fixture.store();
    ndes::crp::ChallengeBatch batch;
    batch.challenges = {sample_challenge(1)};
    batch.idempotency_key = "key";
    batch.body_sha256 = "body";
    batch.answer = "sealed answer";
    batch.owner = "mdm-1";
    batch.now = noon();
    CHECK_FALSE(store.find_answer("mdm-1", "key", "body")->has_value());
    REQUIRE(store.add_challenges(batch, sample_audit("post-challenges")));
    CHECK(*store.find_answer("mdm-1", "key", "body") == "sealed answer");
    CHECK_FALSE(store.find_answer("mdm-2", "key", "body")->has_value());
    CHECK(store.find_answer("mdm-1", "key", "other").error().code == ErrorCode::conflict);
}
