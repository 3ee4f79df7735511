// Rows of challenges, decisions and certificates: columns in order, and one reader each for every
// SQL backend (see record_rows.h). Lists have the row's number before the columns.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "common/error.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/store/json_columns.h"
#include "crp-service/store/store_types.h"

#define CHALLENGE_COLUMNS                                                         \
    "id, kind, lookup, device_id, user_id, policy_id, certificate_request_id, "   \
    "expected_json, not_before, expires_at, created_at, owner, state, refusals, " \
    "transaction_id, csr_sha256, key_id"
#define DECISION_COLUMNS                                                                   \
    "sequence, id, transaction_id, request_id, csr_sha256, spki_sha256, signing_sha256, "  \
    "caller, device_address, template_name, challenge_id, device_id, user_id, policy_id, " \
    "verified, reason, phase, detail, contents_json, outcomes_json, decided_at, owner, "   \
    "state, certificate_sha256, hresult, notified_at"
// What Notify is judged by, and no more: the rest is long and costs its decoding.
#define JUDGED_COLUMNS "transaction_id, challenge_id, verified, state, certificate_sha256, hresult"
#define CERTIFICATE_COLUMNS                                                              \
    "sha256, serial, issuer, subject, spki_sha256, not_before, not_after, decision_id, " \
    "transaction_id, challenge_id, device_id, user_id, policy_id, renews, revoked, "     \
    "recorded_at, owner, revoked_at, revocation_reason, sha1"

namespace ndes::crp {

// A record and its place in the list of its kind.
template <class T>
struct Numbered {
    std::int64_t number = 0;
    T record;
};

template <class T>
Page<T> without_numbers(Page<Numbered<T>> page) {
    Page<T> result{{}, std::move(page.next)};
    result.items.reserve(page.items.size());
    for (Numbered<T>& one : page.items)
        result.items.push_back(std::move(one.record));
    return result;
}

template <class Row>
Result<Challenge> read_challenge(Row& row) {
    Challenge challenge;
    challenge.id = row.text();
    if (auto kind = row.word(challenge.kind); !kind) return pass_on(kind);
    challenge.lookup = row.text();
    challenge.device_id = row.text();
    challenge.user_id = row.text();
    challenge.policy_id = row.text();
    challenge.certificate_request_id = row.text();
    if (auto done = decode(row.text(), challenge.expected); !done) return pass_on(done);
    challenge.not_before = row.time();
    challenge.expires_at = row.time();
    challenge.created_at = row.time();
    challenge.owner = row.text();
    if (auto state = row.word(challenge.state); !state) return pass_on(state);
    challenge.refusals = row.number();
    challenge.transaction_id = row.text();
    challenge.csr_sha256 = row.text();
    challenge.key_id = row.text();
    return challenge;
}

template <class Row>
Result<Numbered<Challenge>> read_numbered_challenge(Row& row) {
    const std::int64_t number = row.integer();
    auto challenge = read_challenge(row);
    if (!challenge) return pass_on(challenge);
    return Numbered<Challenge>{number, std::move(*challenge)};
}

// kind, key_id, count, the last expiry.
template <class Row>
Result<KeyUse> read_key_use(Row& row) {
    KeyUse use;
    if (auto kind = row.word(use.kind); !kind) return pass_on(kind);
    use.key_id = row.text();
    use.count = row.integer();
    use.last_expiry = row.time();
    return use;
}

template <class Row>
Result<Decision> read_decision(Row& row) {
    Decision decision;
    decision.id = row.text();
    decision.transaction_id = row.text();
    decision.request_id = row.text();
    decision.csr_sha256 = row.text();
    decision.spki_sha256 = row.text();
    decision.signing_sha256 = row.text();
    decision.caller = row.text();
    decision.device_address = row.text();
    decision.template_name = row.text();
    decision.challenge_id = row.text();
    decision.device_id = row.text();
    decision.user_id = row.text();
    decision.policy_id = row.text();
    decision.verified = row.boolean();
    decision.reason = row.text();
    decision.phase = row.number();
    decision.detail = row.text();
    if (const auto contents = row.optional_text()) {
        auto done = decode(*contents, decision.contents.emplace());
        if (!done) return pass_on(done);
    }
    if (auto done = decode(row.text(), decision.outcomes); !done) return pass_on(done);
    decision.decided_at = row.time();
    decision.owner = row.text();
    return decision;
}

template <class Row>
Result<Numbered<Transaction>> read_numbered_transaction(Row& row) {
    Numbered<Transaction> numbered;
    numbered.number = row.integer();
    auto decision = read_decision(row);
    if (!decision) return pass_on(decision);
    Transaction& transaction = numbered.record;
    transaction.decision = std::move(*decision);
    if (auto state = row.word(transaction.state); !state) return pass_on(state);
    transaction.certificate_sha256 = row.text();
    transaction.hresult = row.number();
    transaction.notified_at = row.optional_time();
    return numbered;
}

template <class Row>
Result<Transaction> read_transaction(Row& row) {
    auto numbered = read_numbered_transaction(row);
    if (!numbered) return pass_on(numbered);
    return std::move(numbered->record);
}

template <class Row>
Result<Transaction> read_judged(Row& row) {
    Transaction transaction;
    transaction.decision.transaction_id = row.text();
    transaction.decision.challenge_id = row.text();
    transaction.decision.verified = row.boolean();
    if (auto state = row.word(transaction.state); !state) return pass_on(state);
    transaction.certificate_sha256 = row.text();
    transaction.hresult = row.number();
    return transaction;
}

// device_id, transaction_id, certificate's SHA-256.
template <class Row>
Result<KeyHolder> read_key_holder(Row& row) {
    KeyHolder holder;
    holder.device_id = row.text();
    holder.transaction_id = row.text();
    holder.certificate_sha256 = row.text();
    return holder;
}

template <class Row>
Result<Numbered<IssuedCertificate>> read_numbered_certificate(Row& row) {
    Numbered<IssuedCertificate> numbered;
    numbered.number = row.integer();
    IssuedCertificate& certificate = numbered.record;
    certificate.sha256 = row.text();
    certificate.serial = row.text();
    certificate.issuer = row.text();
    certificate.subject = row.text();
    certificate.spki_sha256 = row.text();
    certificate.not_before = row.time();
    certificate.not_after = row.time();
    certificate.decision_id = row.text();
    certificate.transaction_id = row.text();
    certificate.challenge_id = row.text();
    certificate.device_id = row.text();
    certificate.user_id = row.text();
    certificate.policy_id = row.text();
    certificate.renews = row.text();
    certificate.revoked = row.boolean();
    certificate.recorded_at = row.time();
    certificate.owner = row.text();
    certificate.revoked_at = row.optional_time();
    certificate.revocation_reason = row.text();
    certificate.sha1 = row.text();
    return numbered;
}

template <class Row>
Result<IssuedCertificate> read_certificate(Row& row) {
    auto numbered = read_numbered_certificate(row);
    if (!numbered) return pass_on(numbered);
    return std::move(numbered->record);
}

// A decision that nobody confirmed, and its challenge.
struct UnconfirmedDecision {
    std::string decision_id;
    std::string challenge_id;
};

template <class Row>
Result<UnconfirmedDecision> read_unconfirmed(Row& row) {
    UnconfirmedDecision one;
    one.decision_id = row.text();
    one.challenge_id = row.text();
    return one;
}

}  // namespace ndes::crp
