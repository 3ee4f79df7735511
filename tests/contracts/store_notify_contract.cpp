// commit_notify, and what can be read afterwards.
#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::crp::Challenge;
using ndes::crp::ChallengeState;
using ndes::crp::Decision;
using ndes::crp::IssuedCertificate;
using ndes::crp::NotifyOutcome;
using ndes::crp::PageRequest;
using ndes::crp::TransactionState;

namespace {

// A verified decision with its challenge recorded.
Decision verified(ndes::crp::Store& store, unsigned number) {
    const Challenge challenge = sample_challenge(number);
    post(store, challenge);
    const Decision yes = sample_yes(number, challenge);
    decide(store, commit_of(yes, number));
    return yes;
}

ChallengeState challenge_of(ndes::crp::Store& store, const Decision& decision) {
    return (*store.find_challenge(decision.challenge_id))->state;
}

}  // namespace

STORE_CONTRACT(an_issued_certificate_completes_the_challenge) {
    const Decision yes = verified(fixture.store(), 1);
    const IssuedCertificate certificate = sample_certificate(1, yes);
    const auto before = audit_length(fixture.store());
    CHECK(*fixture.store().commit_notify(issued(yes, certificate, 101)) == NotifyOutcome::recorded);
    fixture.reopen();
    auto& store = fixture.store();
    CHECK(challenge_of(store, yes) == ChallengeState::completed);
    CHECK(audit_length(store) == before + 1);
    CHECK(store.list_state_messages({})->items.size() == 2);
    const auto transaction = **store.find_transaction(yes.transaction_id);
    CHECK(transaction.state == TransactionState::issued);
    CHECK(transaction.certificate_sha256 == certificate.sha256);
    CHECK(transaction.hresult == 0);
    CHECK(transaction.notified_at == noon() + std::chrono::seconds(1));

    auto found = store.find_certificate(certificate.sha256);
    REQUIRE((found && *found));
    const IssuedCertificate& read = **found;
    CHECK(read.serial == certificate.serial);
    CHECK(read.issuer == certificate.issuer);
    CHECK(read.subject == certificate.subject);
    CHECK(read.spki_sha256 == certificate.spki_sha256);
    CHECK(read.not_before == certificate.not_before);
    CHECK(read.not_after == certificate.not_after);
    CHECK(read.decision_id == yes.id);
    CHECK(read.transaction_id == yes.transaction_id);
    CHECK(read.challenge_id == yes.challenge_id);
    CHECK(read.device_id == yes.device_id);
    CHECK(read.user_id == yes.user_id);
    CHECK(read.policy_id == yes.policy_id);
    CHECK(read.renews.empty());
    CHECK_FALSE(read.revoked);
    CHECK(read.recorded_at == certificate.recorded_at);
    CHECK(read.owner == certificate.owner);
    CHECK(read.sha1 == certificate.sha1);
    CHECK_FALSE(store.find_certificate("other")->has_value());
}

STORE_CONTRACT(the_same_outcome_told_twice_is_recorded_once) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    const IssuedCertificate certificate = sample_certificate(1, yes);
    for (const auto& [outcome, number] :
         {std::pair{TransactionState::pending, 101U}, std::pair{TransactionState::failed, 103U}}) {
        CHECK(*store.commit_notify(not_issued(yes, outcome, number)) == NotifyOutcome::recorded);
        const auto before = audit_length(store);
        CHECK(*store.commit_notify(not_issued(yes, outcome, number + 1)) ==
              NotifyOutcome::repeated);
        CHECK(audit_length(store) == before);
    }
    REQUIRE(store.commit_notify(issued(yes, certificate, 105)));
    const auto before = audit_length(store);
    CHECK(*store.commit_notify(issued(yes, certificate, 106)) == NotifyOutcome::repeated);
    CHECK(audit_length(store) == before);
    CHECK(store.list_state_messages({})->items.size() == 4);
}

STORE_CONTRACT(a_second_certificate_for_one_decision_is_a_conflict) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(issued(yes, sample_certificate(1, yes), 101)));
    const auto before = audit_length(store);
    CHECK(store.commit_notify(issued(yes, sample_certificate(2, yes), 102)).error().code ==
          ErrorCode::conflict);
    CHECK(store.commit_notify(not_issued(yes, TransactionState::failed, 103)).error().code ==
          ErrorCode::conflict);
    CHECK_FALSE(store.find_certificate("certificate-2")->has_value());
    CHECK(challenge_of(store, yes) == ChallengeState::completed);
    CHECK(audit_length(store) == before);
}

STORE_CONTRACT(one_certificate_belongs_to_one_decision) {
    auto& store = fixture.store();
    const Decision first = verified(store, 1);
    const Decision second = verified(store, 2);
    REQUIRE(store.commit_notify(issued(first, sample_certificate(1, first), 101)));
    CHECK(store.commit_notify(issued(second, sample_certificate(1, second), 102)).error().code ==
          ErrorCode::conflict);
    CHECK(challenge_of(store, second) == ChallengeState::reserved);
    CHECK((*store.find_transaction(second.transaction_id))->state == TransactionState::verified);
}

STORE_CONTRACT(a_failure_opens_the_challenge_for_its_holder_and_a_later_success_completes_it) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(not_issued(yes, TransactionState::failed, 101)));
    CHECK(challenge_of(store, yes) == ChallengeState::failed);
    CHECK((*store.find_transaction(yes.transaction_id))->hresult == -2147467259);
    CHECK(store.find_standing(yes.transaction_id, yes.csr_sha256, "")->has_value());
    REQUIRE(store.commit_notify(issued(yes, sample_certificate(1, yes), 102)));
    CHECK(challenge_of(store, yes) == ChallengeState::completed);
}

STORE_CONTRACT(a_pending_request_keeps_the_challenge_reserved) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(not_issued(yes, TransactionState::pending, 101)));
    CHECK(challenge_of(store, yes) == ChallengeState::reserved);
    CHECK((*store.find_transaction(yes.transaction_id))->state == TransactionState::pending);
}

STORE_CONTRACT(an_outcome_needs_a_verified_decision_of_that_transaction) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    const Decision no = sample_no(1, challenge);
    decide(store, commit_of(no, 1));
    const Decision yes = verified(store, 2);
    const auto before = audit_length(store);

    CHECK(store.commit_notify(not_issued(no, TransactionState::failed, 101)).error().code ==
          ErrorCode::not_found);
    Decision unknown = yes;
    unknown.id = "decision-9";
    CHECK(store.commit_notify(not_issued(unknown, TransactionState::failed, 102)).error().code ==
          ErrorCode::not_found);
    Decision other_transaction = yes;
    other_transaction.transaction_id = "transaction-9";
    CHECK(store.commit_notify(not_issued(other_transaction, TransactionState::failed, 103))
              .error()
              .code == ErrorCode::not_found);
    CHECK(audit_length(store) == before);
}

STORE_CONTRACT(an_outcome_that_contradicts_itself_is_refused) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    CHECK(store.commit_notify(not_issued(yes, TransactionState::issued, 101)).error().code ==
          ErrorCode::bad_request);
    auto with_certificate = issued(yes, sample_certificate(1, yes), 102);
    with_certificate.outcome = TransactionState::failed;
    CHECK(store.commit_notify(with_certificate).error().code == ErrorCode::bad_request);
    CHECK(store.commit_notify(not_issued(yes, TransactionState::refused, 103)).error().code ==
          ErrorCode::bad_request);
    CHECK(challenge_of(store, yes) == ChallengeState::reserved);
}

STORE_CONTRACT(a_renewal_is_issued_without_touching_a_challenge) {
    auto& store = fixture.store();
    Decision renewal = sample_yes(1, sample_challenge(1));
    renewal.challenge_id.clear();
    renewal.signing_sha256 = "certificate-0";
    decide(store, commit_of(renewal, 1));
    IssuedCertificate certificate = sample_certificate(1, renewal);
    certificate.renews = "certificate-0";
    CHECK(*store.commit_notify(issued(renewal, certificate, 101)) == NotifyOutcome::recorded);
    CHECK((*store.find_certificate("certificate-1"))->renews == "certificate-0");
}

STORE_CONTRACT(a_key_of_another_device_is_found) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(issued(yes, sample_certificate(1, yes), 101)));
    CHECK_FALSE(store.find_key_of_other_device(yes.spki_sha256, "device-1")->has_value());
    auto found = store.find_key_of_other_device(yes.spki_sha256, "device-2");
    REQUIRE((found && *found));
    CHECK((*found)->device_id == "device-1");
    CHECK((*found)->certificate_sha256 == "certificate-1");
    CHECK_FALSE(store.find_key_of_other_device("other", "device-2")->has_value());
}

STORE_CONTRACT(transactions_and_certificates_are_listed_newest_first_by_owner) {
    auto& store = fixture.store();
    for (unsigned i = 1; i <= 5; ++i) {
        Challenge challenge = sample_challenge(i);
        challenge.owner = i % 2 == 1 ? "mdm-1" : "mdm-2";
        post(store, challenge);
        const Decision yes = sample_yes(i, challenge);
        decide(store, commit_of(yes, i));
        REQUIRE(store.commit_notify(issued(yes, sample_certificate(i, yes), 100 + i)));
    }
    PageRequest request{.after = {}, .limit = 2, .owner = "mdm-1"};
    auto page = store.list_transactions(request);
    REQUIRE(page);
    REQUIRE(page->items.size() == 2);
    CHECK(page->items[0].decision.id == "decision-5");
    CHECK(page->items[1].decision.id == "decision-3");
    REQUIRE(page->next);
    request.after = *page->next;
    page = store.list_transactions(request);
    REQUIRE(page->items.size() == 1);
    CHECK(page->items[0].decision.id == "decision-1");
    CHECK_FALSE(page->next);

    request = {.after = {}, .limit = 4, .owner = {}};
    auto certificates = store.list_certificates(request);
    REQUIRE(certificates->items.size() == 4);
    CHECK(certificates->items[0].sha256 == "certificate-5");
    request.after = *certificates->next;
    certificates = store.list_certificates(request);
    REQUIRE(certificates->items.size() == 1);
    CHECK(certificates->items[0].sha256 == "certificate-1");
    request = {.after = {}, .limit = 4, .owner = "mdm-2"};
    CHECK(store.list_certificates(request)->items.size() == 2);
}

STORE_CONTRACT(the_history_of_a_transaction_is_newest_first_and_bounded) {
    auto& store = fixture.store();
    const Challenge challenge = sample_challenge(1);
    post(store, challenge);
    for (unsigned i = 1; i <= 102; ++i) {
        Decision no = sample_no(i, challenge);
        no.transaction_id = "same";
        decide(store, commit_of(no, i));
    }
    auto history = store.find_transaction_history("same");
    REQUIRE(history);
    REQUIRE(history->size() == 100);
    CHECK(history->front().decision.id == "decision-102");
    CHECK((*store.find_transaction("same"))->decision.id == "decision-102");
    CHECK(store.find_transaction_history("other")->empty());
    CHECK_FALSE(store.find_transaction("other")->has_value());
}

STORE_CONTRACT(the_yes_of_a_transaction_is_found_behind_any_number_of_refusals) {
    auto& store = fixture.store();
    std::vector<Decision> yes;
    for (unsigned i = 1; i <= 3; ++i) {
        const Challenge challenge = sample_challenge(i);
        post(store, challenge);
        yes.push_back(sample_yes(i, challenge));
        yes.back().transaction_id = i == 3 ? "other" : "same";
        decide(store, commit_of(yes.back(), i));
    }
    for (unsigned i = 4; i <= 104; ++i) {
        Decision no = sample_no(i, sample_challenge(1));
        no.transaction_id = "same";
        no.spki_sha256 = yes[0].spki_sha256;
        decide(store, commit_of(no, i));
    }
    CHECK((*store.find_verified("same", yes[0].spki_sha256))->id == yes[0].id);
    CHECK((*store.find_verified("same", yes[1].spki_sha256))->id == yes[1].id);
    CHECK((*store.find_verified("same", yes[2].spki_sha256))->id == yes[1].id);
    CHECK((*store.find_verified("same", ""))->id == yes[1].id);
    CHECK_FALSE(store.find_verified("none", yes[0].spki_sha256)->has_value());

    REQUIRE(store.commit_notify(not_issued(yes[0], TransactionState::pending, 201)));
    const auto standing = store.find_standing("same", yes[0].csr_sha256, "");
    REQUIRE((standing && *standing));
    CHECK((*standing)->decision.id == yes[0].id);
    CHECK((*standing)->state == TransactionState::pending);
}

STORE_CONTRACT(a_key_on_its_way_to_one_device_is_not_given_to_another) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    auto found = store.find_key_of_other_device(yes.spki_sha256, "device-2");
    REQUIRE((found && *found));
    CHECK((*found)->transaction_id == yes.transaction_id);
    CHECK((*found)->certificate_sha256.empty());

    Challenge challenge = sample_challenge(2);
    challenge.device_id = "device-2";
    post(store, challenge);
    Decision other = sample_yes(2, challenge);
    other.spki_sha256 = yes.spki_sha256;
    const auto outcome = decide(store, commit_of(other, 2));
    CHECK(outcome.kind == ndes::crp::DecisionOutcome::Kind::lost);
    CHECK(outcome.key_taken);
    CHECK(challenge_of(store, other) == ChallengeState::issued);
    // A failure sets the key free.
    REQUIRE(store.commit_notify(not_issued(yes, TransactionState::failed, 101)));
    CHECK(decide(store, commit_of(other, 3)).kind == ndes::crp::DecisionOutcome::Kind::committed);
}

STORE_CONTRACT(a_certificate_is_revoked_once) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(issued(yes, sample_certificate(1, yes), 101)));
    ndes::crp::Revocation revocation;
    revocation.certificate_sha256 = "certificate-1";
    revocation.reason = "keyCompromise";
    revocation.now = noon();
    revocation.messages = {sample_message(102, yes)};
    revocation.audit = sample_audit("revoke");
    const auto audited = audit_length(store);
    CHECK(*store.revoke_certificate(revocation));
    CHECK_FALSE(*store.revoke_certificate(revocation));
    CHECK(audit_length(store) == audited + 1);
    fixture.reopen();
    const auto certificate = **fixture.store().find_certificate("certificate-1");
    CHECK(certificate.revoked);
    CHECK(certificate.revoked_at == noon());
    CHECK(certificate.revocation_reason == "keyCompromise");
    revocation.certificate_sha256 = "unknown";
    CHECK(fixture.store().revoke_certificate(revocation).error().code == ErrorCode::not_found);
}

STORE_CONTRACT(collections_are_filtered) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    REQUIRE(store.commit_notify(issued(yes, sample_certificate(1, yes), 101)));
    decide(store, commit_of(sample_no(2, sample_challenge(1)), 2));
    const auto count = [&](const ndes::crp::TransactionFilter& filter) {
        return store.list_transactions({}, filter)->items.size();
    };
    CHECK(count({}) == 2);
    CHECK(count({.device_id = "device-1"}) == 2);
    CHECK(count({.device_id = "other"}) == 0);
    CHECK(count({.reason = "SubjectNameMismatch"}) == 1);
    CHECK(count({.state = TransactionState::issued}) == 1);
    CHECK(count({.since = noon()}) == 2);
    CHECK(count({.since = noon() + std::chrono::milliseconds(1)}) == 0);
    const auto certificates = [&](const ndes::crp::CertificateFilter& filter) {
        return store.list_certificates({}, filter)->items.size();
    };
    CHECK(certificates({.device_id = "device-1"}) == 1);
    CHECK(certificates({.device_id = "other"}) == 0);
    const auto end = (*store.find_certificate("certificate-1"))->not_after;
    CHECK(certificates({.expires_before = end}) == 0);
    CHECK(certificates({.expires_before = end + std::chrono::milliseconds(1)}) == 1);
}

STORE_CONTRACT(a_request_that_nobody_confirms_is_marked) {
    auto& store = fixture.store();
    const Decision yes = verified(store, 1);
    CHECK(store.mark_unconfirmed(noon(), 10, sample_audit("unconfirmed"))->empty());
    const auto later = noon() + std::chrono::milliseconds(1);
    const auto audited = audit_length(store);
    const auto marked = *store.mark_unconfirmed(later, 10, sample_audit("unconfirmed"));
    REQUIRE(marked.size() == 1);
    CHECK(marked[0].id == yes.id);
    CHECK(audit_length(store) == audited + 1);
    CHECK(challenge_of(store, yes) == ChallengeState::unconfirmed);
    CHECK((*store.find_transaction(yes.transaction_id))->state == TransactionState::unconfirmed);
    CHECK(store.mark_unconfirmed(later, 10, sample_audit("unconfirmed"))->empty());
    // A late Notify settles it.
    CHECK(*store.commit_notify(issued(yes, sample_certificate(1, yes), 101)) ==
          NotifyOutcome::recorded);
    CHECK(challenge_of(store, yes) == ChallengeState::completed);
}

STORE_CONTRACT(what_is_final_and_old_is_removed_in_batches) {
    auto& store = fixture.store();
    const Decision old = verified(store, 1);
    REQUIRE(store.commit_notify(issued(old, sample_certificate(1, old), 101)));
    Decision renewal = sample_yes(2, sample_challenge(1));
    renewal.challenge_id.clear();
    renewal.signing_sha256 = "certificate-1";
    decide(store, commit_of(renewal, 2));
    IssuedCertificate newer = sample_certificate(2, renewal);
    newer.renews = "certificate-1";
    newer.not_after = noon() + std::chrono::hours(24 * 365);
    REQUIRE(store.commit_notify(issued(renewal, newer, 102)));
    for (unsigned i = 3; i <= 5; ++i)
        decide(store, commit_of(sample_no(i, sample_challenge(1)), i));
    post(store, sample_challenge(9));

    ndes::crp::RetentionLimits limits;  // the beginning of time: nothing is old
    CHECK(store.purge(limits, 10)->total() == 0);
    const auto far = noon() + std::chrono::hours(24 * 300);
    limits = {far, far, far, far};
    auto purged = *store.purge(limits, 2);
    CHECK(purged.certificates == 0);  // a valid one renews it
    CHECK(purged.decisions == 2);
    CHECK(purged.challenges == 1);
    CHECK(purged.messages == 2);
    while (store.purge(limits, 2)->total() > 0) {
    }
    CHECK(store.list_transactions({})->items.size() == 2);
    CHECK((*store.find_certificate("certificate-1")).has_value());
    CHECK(challenge_of(store, old) == ChallengeState::completed);

    limits.certificates_expired_before = noon() + std::chrono::hours(24 * 400);
    while (store.purge(limits, 10)->total() > 0) {
    }
    CHECK(store.list_certificates({})->items.empty());
    CHECK(store.list_transactions({})->items.empty());
    CHECK_FALSE(store.find_challenge(old.challenge_id)->has_value());
    CHECK(audit_length(store) > 0);  // and the chain is whole
}
