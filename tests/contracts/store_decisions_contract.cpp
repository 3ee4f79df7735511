// commit_decision: what a yes and a no do to a challenge, and what is told when asked again.
#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::crp::Challenge;
using ndes::crp::ChallengeState;
using ndes::crp::Decision;
using ndes::crp::DecisionOutcome;
using ndes::crp::TransactionState;
using Kind = ndes::crp::DecisionOutcome::Kind;

STORE_CONTRACT(a_yes_reserves_the_challenge_and_is_recorded_whole) {
    const Challenge challenge = sample_challenge(1);
    post(fixture.store(), challenge);
    const Decision yes = sample_yes(1, challenge);
    const auto before = audit_length(fixture.store());
    CHECK(decide(fixture.store(), commit_of(yes, 1)).kind == Kind::committed);
    fixture.reopen();

    auto& store = fixture.store();
    const auto reserved = **store.find_challenge(challenge.id);
    CHECK(reserved.state == ChallengeState::reserved);
    CHECK(reserved.transaction_id == yes.transaction_id);
    CHECK(reserved.csr_sha256 == yes.csr_sha256);
    auto found = store.find_transaction(yes.transaction_id);
    REQUIRE((found && *found));
    CHECK((*found)->state == TransactionState::verified);
    CHECK_FALSE((*found)->notified_at);
    const Decision& read = (*found)->decision;
    CHECK(read.id == yes.id);
    CHECK(read.request_id == yes.request_id);
    CHECK(read.csr_sha256 == yes.csr_sha256);
    CHECK(read.spki_sha256 == yes.spki_sha256);
    CHECK(read.signing_sha256.empty());
    CHECK(read.caller == yes.caller);
    CHECK(read.device_address == yes.device_address);
    CHECK(read.template_name == yes.template_name);
    CHECK(read.challenge_id == yes.challenge_id);
    CHECK(read.device_id == yes.device_id);
    CHECK(read.user_id == yes.user_id);
    CHECK(read.policy_id == yes.policy_id);
    CHECK(read.verified);
    CHECK(read.reason == yes.reason);
    CHECK(read.phase == yes.phase);
    CHECK(read.contents == yes.contents);
    REQUIRE(read.outcomes.size() == 1);
    CHECK(read.outcomes[0].rule == "device_known");
    CHECK(read.outcomes[0].passed);
    CHECK(read.decided_at == yes.decided_at);
    CHECK(read.owner == yes.owner);
    CHECK(audit_length(store) == before + 1);
    CHECK(store.list_state_messages({})->items.size() == 1);
}

STORE_CONTRACT(a_no_is_recorded_and_spends_nothing) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision no = sample_no(1, challenge);
    CHECK(decide(store, commit_of(no, 1)).kind == Kind::committed);
    CHECK(state_of(store, challenge) == ChallengeState::issued);
    CHECK((*store.find_challenge(challenge.id))->refusals == 0);
    const auto found = **store.find_transaction(no.transaction_id);
    CHECK(found.state == TransactionState::refused);
    CHECK(found.decision.detail == no.detail);  // hostile text as it came
    CHECK_FALSE(found.decision.contents);
    CHECK_FALSE(store.find_standing(no.transaction_id, no.csr_sha256, "")->has_value());
}

STORE_CONTRACT(five_refusals_that_count_lock_the_challenge) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    for (unsigned i = 1; i <= 5; ++i) {
        CHECK(state_of(store, challenge) == ChallengeState::issued);
        decide(store, commit_of(sample_no(i, challenge), i, true));
        CHECK((*store.find_challenge(challenge.id))->refusals == static_cast<int>(i));
    }
    CHECK(state_of(store, challenge) == ChallengeState::locked);
    const auto outcome = decide(store, commit_of(sample_yes(6, challenge), 6));
    CHECK(outcome.kind == Kind::lost);
    CHECK(outcome.challenge_state == ChallengeState::locked);
}

STORE_CONTRACT(refusals_do_not_touch_a_challenge_that_is_no_longer_free) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    decide(store, commit_of(sample_yes(1, challenge), 1));
    for (unsigned i = 2; i <= 7; ++i)
        decide(store, commit_of(sample_no(i, challenge), i, true));
    CHECK(state_of(store, challenge) == ChallengeState::reserved);
    CHECK((*store.find_challenge(challenge.id))->refusals == 0);
}

STORE_CONTRACT(the_same_question_gets_the_standing_yes) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision yes = sample_yes(1, challenge);
    decide(store, commit_of(yes, 1));
    const auto before = audit_length(store);

    Decision again = yes;
    again.id = "decision-2";
    again.request_id = "request-2";
    const auto outcome = decide(store, commit_of(again, 2));
    CHECK(outcome.kind == Kind::repeated);
    REQUIRE(outcome.standing);
    CHECK(outcome.standing->id == yes.id);
    CHECK(audit_length(store) == before);
    CHECK(store.list_state_messages({})->items.size() == 1);

    auto standing = store.find_standing(yes.transaction_id, yes.csr_sha256, "");
    REQUIRE((standing && *standing));
    CHECK((*standing)->decision.id == yes.id);
    CHECK((*standing)->state == ndes::crp::TransactionState::verified);
    // Another CSR, transaction or signing certificate is another question.
    CHECK_FALSE(store.find_standing(yes.transaction_id, "other", "")->has_value());
    CHECK_FALSE(store.find_standing("other", yes.csr_sha256, "")->has_value());
    CHECK_FALSE(store.find_standing(yes.transaction_id, yes.csr_sha256, "x")->has_value());
}

STORE_CONTRACT(a_call_sent_twice_gets_the_answer_it_got) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision no = sample_no(1, challenge);
    decide(store, commit_of(no, 1, true));
    auto found = store.find_decision_by_request(no.caller, no.request_id);
    REQUIRE((found && *found));
    CHECK((*found)->id == no.id);
    CHECK_FALSE((*found)->verified);
    CHECK_FALSE(store.find_decision_by_request("other", no.request_id)->has_value());
    CHECK_FALSE(store.find_decision_by_request(no.caller, "other")->has_value());
    CHECK_FALSE(store.find_decision_by_request(no.caller, "")->has_value());

    // Two copies of one call can both reach the commit: the second counts no refusal.
    Decision copy = no;
    copy.id = "decision-2";
    const auto outcome = decide(store, commit_of(copy, 2, true));
    CHECK(outcome.kind == Kind::repeated);
    CHECK(outcome.standing->id == no.id);
    CHECK((*store.find_challenge(challenge.id))->refusals == 1);

    // The same request ID for another question is a request of its own.
    Decision other = sample_no(3, challenge);
    other.request_id = no.request_id;
    CHECK(decide(store, commit_of(other, 3)).kind == Kind::committed);
}

STORE_CONTRACT(a_challenge_is_lost_to_another_csr) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    decide(store, commit_of(sample_yes(1, challenge), 1));
    const auto before = audit_length(store);
    const auto outcome = decide(store, commit_of(sample_yes(2, challenge), 2));
    CHECK(outcome.kind == Kind::lost);
    CHECK(outcome.challenge_state == ChallengeState::reserved);
    CHECK_FALSE(store.find_transaction("transaction-2")->has_value());
    CHECK(audit_length(store) == before);
    CHECK(store.list_state_messages({})->items.size() == 1);
}

STORE_CONTRACT(an_expired_challenge_is_lost_at_the_very_moment) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    Decision late = sample_yes(1, challenge);
    late.decided_at = challenge.expires_at;
    const auto outcome = decide(store, commit_of(late, 1));
    CHECK(outcome.kind == Kind::lost);
    CHECK(outcome.challenge_state == ChallengeState::expired);
    late.decided_at -= std::chrono::milliseconds(1);
    CHECK(decide(store, commit_of(late, 1)).kind == Kind::committed);
}

STORE_CONTRACT(a_revoked_challenge_is_lost_and_its_yes_no_longer_stands) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision yes = sample_yes(1, challenge);
    decide(store, commit_of(yes, 1));
    CHECK(store.revoke_challenge(challenge.id, sample_audit("x")).error().code ==
          ErrorCode::conflict);  // reserved
    REQUIRE(store.commit_notify(not_issued(yes, TransactionState::failed, 2)));
    REQUIRE(store.revoke_challenge(challenge.id, sample_audit("revoke-challenge")));
    CHECK_FALSE(store.find_standing(yes.transaction_id, yes.csr_sha256, "")->has_value());

    Decision again = yes;
    again.id = "decision-2";
    again.request_id = "request-2";
    const auto outcome = decide(store, commit_of(again, 3));
    CHECK(outcome.kind == Kind::lost);
    CHECK(outcome.challenge_state == ChallengeState::revoked);
}

STORE_CONTRACT(the_holder_of_a_challenge_may_reserve_it_again) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision yes = sample_yes(1, challenge);
    decide(store, commit_of(yes, 1));
    REQUIRE(store.commit_notify(not_issued(yes, TransactionState::failed, 2)));
    CHECK(state_of(store, challenge) == ChallengeState::failed);

    // Same transaction and CSR, but signed by a certificate: another question, same holder.
    Decision signed_again = yes;
    signed_again.id = "decision-2";
    signed_again.request_id = "request-2";
    signed_again.signing_sha256 = "signer";
    signed_again.decided_at = challenge.expires_at + std::chrono::hours(1);
    CHECK(decide(store, commit_of(signed_again, 3)).kind == Kind::committed);
    CHECK(state_of(store, challenge) == ChallengeState::reserved);
    CHECK(decide(store, commit_of(sample_yes(4, challenge), 4)).kind == Kind::lost);
}

STORE_CONTRACT(a_renewal_needs_no_challenge) {
    auto& store = fixture.store();
    Decision renewal = sample_yes(1, sample_challenge(1));
    renewal.challenge_id.clear();
    renewal.signing_sha256 = "signer";
    CHECK(decide(store, commit_of(renewal, 1)).kind == Kind::committed);
    CHECK(store.find_standing(renewal.transaction_id, renewal.csr_sha256, "signer")->has_value());
}

STORE_CONTRACT(a_yes_for_an_unknown_challenge_or_a_used_id_is_refused) {
    auto& store = fixture.store();
    auto unknown = store.commit_decision(commit_of(sample_yes(1, sample_challenge(1)), 1));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::not_found);
    CHECK_FALSE(store.find_transaction("transaction-1")->has_value());
    CHECK(audit_length(store) == 0);

    const Challenge challenge = sample_challenge(2);
    post(store, challenge);
    decide(store, commit_of(sample_no(2, challenge), 2));
    Decision same_id = sample_yes(3, challenge);
    same_id.id = "decision-2";
    auto used = store.commit_decision(commit_of(same_id, 3));
    REQUIRE_FALSE(used);
    CHECK(used.error().code == ErrorCode::conflict);
    // The reservation made before the conflict was noticed is gone with it.
    CHECK(state_of(store, challenge) == ChallengeState::issued);
}

STORE_CONTRACT(a_transaction_that_fails_leaves_nothing) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    decide(store, commit_of(sample_no(1, challenge), 1));
    const auto before = audit_length(store);
    // Message ID 1 is used: the last step but one of the transaction cannot be done.
    auto commit = commit_of(sample_yes(2, challenge), 1);
    CHECK_FALSE(store.commit_decision(commit));
    CHECK(state_of(store, challenge) == ChallengeState::issued);
    CHECK_FALSE(store.find_transaction("transaction-2")->has_value());
    CHECK(store.list_state_messages({})->items.size() == 1);
    CHECK(audit_length(store) == before);
    // And the next one goes on where the chain stood.
    CHECK(decide(store, commit_of(sample_yes(3, challenge), 3)).kind == Kind::committed);
    CHECK(audit_length(store) == before + 1);
}
