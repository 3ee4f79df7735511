// Store: what the CRP needs recorded, in domain words, and what a backend guarantees.
// Knows no SQL, JSON or HTTP. One contract suite (tests/contracts/store_contract.h) runs against
// every backend.
//
// Guarantees of every backend:
//  G1 A write that returned success survives kill -9 and power loss (memory backend excepted).
//  G2 Each write call is one transaction: all of it is recorded, or nothing and an Error.
//  G3 A write's audit record and state messages are recorded in the same transaction.
//  G4 commit_decision is a compare-and-swap on the challenge: of any number of racing calls with
//     different CSRs at most one is committed as a yes.
//  G5 A read that starts after a write returned sees that write.
//  G6 storage: our fault, nothing recorded. conflict, not_found: the caller's premise is false.
// All functions may be called from many threads at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

// A page of a collection. `after`: opaque cursor of the last page, empty for the first.
struct PageRequest {
    std::string after;        // bad_request if it is no cursor of this collection
    std::size_t limit = 100;  // 1..1000, else bad_request
    std::string owner;        // non-empty: only records of this owner (mdm callers)
};
template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;  // cursor; absent on the last page
};

// How long the answer to an Idempotency-Key is kept.
inline constexpr std::chrono::hours kIdempotencyWindow{24};

// Challenges posted together, all or none, with the Idempotency-Key of the call.
struct ChallengeBatch {
    std::vector<Challenge> challenges;
    std::string idempotency_key;  // empty: none
    std::string body_sha256;      // of the call's body, to tell a retry from a clash
    std::string answer;           // sealed form of what the call answers, for a retry (opaque)
    std::string owner;
    WallTime now{};
};

struct DecisionCommit {
    Decision decision;
    std::vector<StateMessage> messages;  // at most one per call today
    AuditRecord audit;
    // A refusal that counts against the challenge named in the decision (five lock it).
    bool counts_as_refusal = false;
    // The challenge named in the decision, if it was made elsewhere (sealed) and may be met for
    // the first time.
    std::optional<Challenge> first_seen = {};
};

struct KeyUse {
    ChallengeKind kind = ChallengeKind::minted;
    std::string key_id;
    std::int64_t count = 0;
    WallTime last_expiry{};
};

struct DecisionOutcome {
    enum class Kind {
        committed,  // recorded as given
        repeated,   // this question already has a yes, or this caller's request (same request ID,
                    // same question) any answer: `standing` is that one; nothing recorded
        lost,       // the challenge is no longer free for this CSR: `challenge_state` says why;
                    // nothing recorded, the caller commits a refusal instead
    };
    Kind kind = Kind::committed;
    std::optional<Decision> standing;
    std::optional<ChallengeState> challenge_state;
    bool challenge_id_taken = false;
};

struct NotifyCommit {
    std::string transaction_id;
    std::string decision_id;                              // the decision it reports on
    TransactionState outcome = TransactionState::failed;  // issued, failed or pending
    std::int32_t hresult = 0;
    std::optional<IssuedCertificate> certificate;  // exactly when issued
    std::vector<StateMessage> messages;
    AuditRecord audit;
    WallTime now{};
};

enum class NotifyOutcome {
    recorded,
    repeated,  // the same was told before; nothing recorded
};

class Store {
  public:
    virtual ~Store() = default;

    // ---- records of the MDM. put_*: true when it is new. delete_*: not_found when absent.
    virtual Result<std::optional<User>> find_user(std::string_view id) = 0;
    virtual Result<std::optional<Device>> find_device(std::string_view id) = 0;
    virtual Result<std::optional<Policy>> find_policy(std::string_view id) = 0;
    virtual Result<std::optional<TemplateRecord>> find_template(std::string_view name) = 0;
    virtual Result<bool> put_user(const User& user, AuditRecord audit) = 0;
    virtual Result<bool> put_device(const Device& device, AuditRecord audit) = 0;
    virtual Result<bool> put_policy(const Policy& policy, AuditRecord audit) = 0;
    virtual Result<bool> put_template(const TemplateRecord& record, AuditRecord audit) = 0;
    virtual Result<void> delete_user(std::string_view id, AuditRecord audit) = 0;
    virtual Result<void> delete_device(std::string_view id, AuditRecord audit) = 0;
    virtual Result<void> delete_policy(std::string_view id, AuditRecord audit) = 0;
    virtual Result<void> delete_template(std::string_view name, AuditRecord audit) = 0;
    // Ordered by id. PageRequest::owner is ignored here.
    virtual Result<Page<User>> list_users(const PageRequest& page) = 0;
    virtual Result<Page<Device>> list_devices(const PageRequest& page) = 0;
    virtual Result<Page<Policy>> list_policies(const PageRequest& page) = 0;
    virtual Result<Page<TemplateRecord>> list_templates(const PageRequest& page) = 0;

    // ---- challenges
    // Records the batch. When the idempotency key was used before by this owner: returns the
    // answer recorded then if body_sha256 is the same, conflict if not; nothing is recorded.
    // conflict also when a posted challenge's lookup value is already in use.
    virtual Result<std::optional<std::string>> add_challenges(const ChallengeBatch& batch,
                                                              AuditRecord audit) = 0;
    virtual Result<std::optional<Challenge>> find_challenge(std::string_view id) = 0;
    virtual Result<std::optional<Challenge>> find_challenge_by_lookup(std::string_view lookup) = 0;
    // issued → revoked. not_found; conflict when it is no longer issued or failed.
    virtual Result<void> revoke_challenge(std::string_view id, AuditRecord audit) = 0;

    virtual Result<std::vector<KeyUse>> count_outstanding_challenges(WallTime /*now*/) {
        return std::vector<KeyUse>{};
    }

    // ---- decisions
    // The standing yes for this very question, if any. A yes whose challenge was revoked
    // afterwards no longer stands.
    virtual Result<std::optional<Decision>> find_standing_decision(
        std::string_view transaction_id, std::string_view csr_sha256,
        std::string_view signing_sha256) = 0;
    // The decision that was recorded for this caller's request, whatever it was (de-duplication of
    // a call that the client library sent twice).
    virtual Result<std::optional<Decision>> find_decision_by_request(
        std::string_view caller, std::string_view request_id) = 0;

    // Records a decision.
    //  yes with a challenge: allowed when the challenge is `issued` and not expired at
    //    decision.decided_at, or `reserved`/`failed`/`unconfirmed` for this very
    //    (transaction, CSR); it becomes reserved. Otherwise: lost.
    //  yes while the same question already has a yes: repeated.
    //  no with counts_as_refusal: the challenge, if `issued`, gains a refusal and is locked at
    //    kRefusalsUntilLocked.
    //  not_found: a yes names a challenge that does not exist. conflict: the decision's ID is used.
    virtual Result<DecisionOutcome> commit_decision(const DecisionCommit& commit) = 0;

    // Records the outcome of a verified decision.
    //  issued: certificate recorded, challenge completed. A second, different certificate for one
    //    decision: conflict. failed: challenge `failed`. pending: challenge stays reserved.
    //  not_found: no such verified decision. An outcome after `issued`: repeated if it is the same
    //    certificate, else conflict. The same failed or pending with the same hresult: repeated.
    //  bad_request: a certificate that is missing or not asked for.
    virtual Result<NotifyOutcome> commit_notify(const NotifyCommit& commit) = 0;

    // ---- what was decided. Newest first.
    virtual Result<std::optional<Transaction>> find_transaction(
        std::string_view transaction_id) = 0;
    // All decisions of one transaction ID, newest first, at most 100.
    virtual Result<std::vector<Transaction>> find_transaction_history(
        std::string_view transaction_id) = 0;
    virtual Result<Page<Transaction>> list_transactions(const PageRequest& page) = 0;
    virtual Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) = 0;
    // Any certificate of this key that belongs to another device than `device_id`.
    virtual Result<std::optional<IssuedCertificate>> find_key_of_other_device(
        std::string_view spki_sha256, std::string_view device_id) = 0;
    virtual Result<Page<IssuedCertificate>> list_certificates(const PageRequest& page) = 0;

    // ---- state messages (outbox). Oldest first, by sequence. mark_delivered skips IDs that are
    // unknown or delivered; mark_failed answers them not_found.
    virtual Result<Page<StateMessage>> list_state_messages(const PageRequest& page) = 0;
    // Undelivered and due at `now`, oldest first; of one transaction only the oldest.
    virtual Result<std::vector<StateMessage>> due_state_messages(WallTime now,
                                                                 std::size_t limit) = 0;
    virtual Result<void> mark_delivered(const std::vector<std::string>& ids, WallTime now) = 0;
    virtual Result<void> mark_failed(std::string_view id, WallTime next_attempt,
                                     std::string_view error) = 0;

    // ---- audit. Oldest first, by sequence; PageRequest::owner selects by caller.
    virtual Result<void> append_audit(AuditRecord record) = 0;
    virtual Result<Page<AuditRecord>> list_audit(const PageRequest& page) = 0;

    // Writes and reads back one row of its own: storage if that does not work. For the self-check.
    virtual Result<void> check() = 0;
};

}  // namespace ndes::crp
