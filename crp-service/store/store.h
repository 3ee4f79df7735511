// Store: what the CRP needs recorded, in domain words, and what a backend guarantees.
// Knows no SQL, JSON or HTTP. One contract suite (tests/contracts/store_contract.h) runs against
// every backend.
//
// Guarantees of every backend:
//  G1 A write that returned success survives kill -9 and power loss (memory backend excepted).
//  G2 Each write call is one transaction: all of it is recorded, or nothing and an Error.
//  G3 A write's audit record and state messages are recorded in the same transaction.
//  G4 commit_decision is a compare-and-swap on the challenge: of any number of racing calls with
//     different CSRs at most one is committed as a yes, whichever process they come from.
//  G5 A read that starts after a write returned sees that write.
//  G6 storage: our fault, nothing recorded. conflict, not_found, precondition: the caller's premise
//     is false.
//  G7 A cursor of a collection that grows never skips a record, however many processes write.
// All functions may be called from many threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "crp-service/store/store_types.h"

namespace ndes::crp {

class Store {
  public:
    virtual ~Store() = default;

    // The reads of the calling thread see one and the same state while the scope lives, if the
    // backend can (else as without). Short: it may hold a connection. Writes are not part of it.
    class ReadScope {
      public:
        virtual ~ReadScope() = default;
    };
    virtual std::unique_ptr<ReadScope> read_scope() { return nullptr; }

    // ---- records of the MDM. put_*: true when it is new; the revision given is ignored,
    // and the owner of a record that exists stays.
    // delete_*: not_found when absent. precondition: the record is not as it has to be.
    virtual Result<std::optional<User>> find_user(std::string_view id) = 0;
    virtual Result<std::optional<Device>> find_device(std::string_view id) = 0;
    virtual Result<std::optional<Policy>> find_policy(std::string_view id) = 0;
    virtual Result<std::optional<TemplateRecord>> find_template(std::string_view name) = 0;
    virtual Result<bool> put_user(const User& user, AuditRecord audit,
                                  const Precondition& premise = {}) = 0;
    virtual Result<bool> put_device(const Device& device, AuditRecord audit,
                                    const Precondition& premise = {}) = 0;
    virtual Result<bool> put_policy(const Policy& policy, AuditRecord audit,
                                    const Precondition& premise = {}) = 0;
    virtual Result<bool> put_template(const TemplateRecord& record, AuditRecord audit,
                                      const Precondition& premise = {}) = 0;
    virtual Result<void> delete_user(std::string_view id, AuditRecord audit,
                                     const Precondition& premise = {}) = 0;
    virtual Result<void> delete_device(std::string_view id, AuditRecord audit,
                                       const Precondition& premise = {}) = 0;
    virtual Result<void> delete_policy(std::string_view id, AuditRecord audit,
                                       const Precondition& premise = {}) = 0;
    virtual Result<void> delete_template(std::string_view name, AuditRecord audit,
                                         const Precondition& premise = {}) = 0;
    // Ordered by id. PageRequest::owner selects its own and those without owner.
    virtual Result<Page<User>> list_users(const PageRequest& page) = 0;
    virtual Result<Page<Device>> list_devices(const PageRequest& page) = 0;
    virtual Result<Page<Policy>> list_policies(const PageRequest& page) = 0;
    virtual Result<Page<TemplateRecord>> list_templates(const PageRequest& page) = 0;

    // ---- challenges
    // Records the batch. When the idempotency key was used before by this owner: returns the
    // answer recorded then if body_sha256 is the same, conflict if not; nothing is recorded.
    // conflict also when an ID or a posted challenge's lookup value is already in use.
    virtual Result<std::optional<std::string>> add_challenges(const ChallengeBatch& batch,
                                                              AuditRecord audit) = 0;
    // The same question without recording: the answer kept for this key, nothing, or conflict.
    virtual Result<std::optional<std::string>> find_answer(std::string_view owner,
                                                           std::string_view idempotency_key,
                                                           std::string_view body_sha256) = 0;
    virtual Result<std::optional<Challenge>> find_challenge(std::string_view id) = 0;
    virtual Result<std::optional<Challenge>> find_challenge_by_lookup(std::string_view lookup) = 0;
    // issued → revoked. not_found; conflict when it is no longer issued or failed.
    virtual Result<void> revoke_challenge(std::string_view id, AuditRecord audit) = 0;
    // Newest first.
    virtual Result<Page<Challenge>> list_challenges(const PageRequest& page,
                                                    const ChallengeFilter& filter = {}) = 0;
    virtual Result<std::vector<KeyUse>> count_outstanding_challenges(WallTime now) = 0;

    // ---- decisions
    // The standing yes for this very question, if any, and what became of it. A yes whose challenge
    // was revoked afterwards no longer stands.
    virtual Result<std::optional<Transaction>> find_standing(std::string_view transaction_id,
                                                             std::string_view csr_sha256,
                                                             std::string_view signing_sha256) = 0;
    // The newest yes of a transaction for this key; without one, the newest for any key. Refusals,
    // which anybody can cause under any transaction ID, hide none.
    virtual Result<std::optional<Decision>> find_verified(std::string_view transaction_id,
                                                          std::string_view spki_sha256) = 0;
    // The decision that was recorded for this caller's request, whatever it was (de-duplication of
    // a call that the client library sent twice).
    virtual Result<std::optional<Decision>> find_decision_by_request(
        std::string_view caller, std::string_view request_id) = 0;

    // Records a decision.
    //  first_seen: recorded unless its ID is there; one that is there with another kind, owner,
    //    device, user or policy makes a yes `lost` (challenge_id_taken).
    //  yes with a challenge: allowed when the challenge is `issued` and not expired at
    //    decision.decided_at, or `reserved`/`failed`/`unconfirmed` for this very
    //    (transaction, CSR); it becomes reserved. Otherwise: lost.
    //  yes for a key that find_key_of_other_device finds: lost (key_taken).
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
    // All decisions of one transaction ID, newest first, at most kMaxHistory.
    virtual Result<std::vector<Transaction>> find_transaction_history(
        std::string_view transaction_id) = 0;
    virtual Result<Page<Transaction>> list_transactions(const PageRequest& page,
                                                        const TransactionFilter& filter = {}) = 0;
    virtual Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) = 0;
    // Another device than `device_id` that holds this key, now or as soon as it is issued to.
    virtual Result<std::optional<KeyHolder>> find_key_of_other_device(
        std::string_view spki_sha256, std::string_view device_id) = 0;
    virtual Result<Page<IssuedCertificate>> list_certificates(
        const PageRequest& page, const CertificateFilter& filter = {}) = 0;
    // True: revoked now. False: it was revoked before; nothing recorded. not_found.
    virtual Result<bool> revoke_certificate(const Revocation& revocation) = 0;

    // ---- state messages (outbox). Every message recorded waits for each of the sinks named last;
    // a sink's messages of one transaction go one after the other.
    virtual void set_sinks(std::vector<std::string> names) = 0;
    // Oldest first, by sequence, with their outstanding deliveries.
    virtual Result<Page<StateMessage>> list_state_messages(const PageRequest& page) = 0;
    // Waiting for this sink and due at `now`, oldest first; of one transaction only the oldest.
    // Each has exactly one delivery, this sink's.
    virtual Result<std::vector<StateMessage>> due_state_messages(std::string_view sink,
                                                                 WallTime now,
                                                                 std::size_t limit) = 0;
    // Skips what is unknown or not waiting.
    virtual Result<void> mark_delivered(std::string_view sink,
                                        const std::vector<std::string>& ids) = 0;
    // not_found: unknown or not waiting.
    virtual Result<void> mark_failed(std::string_view sink, std::string_view id,
                                     WallTime next_attempt, std::string_view error) = 0;
    // Gives up: a dead letter, which no longer holds up its transaction. not_found as above.
    virtual Result<void> mark_dead(std::string_view sink, std::string_view id, WallTime now,
                                   std::string_view error) = 0;
    // Oldest first; each has exactly one delivery, this sink's. PageRequest::owner is ignored.
    virtual Result<Page<StateMessage>> list_dead_letters(std::string_view sink,
                                                         const PageRequest& page) = 0;
    // Makes messages wait for the sink again, from the first attempt; how many. not_found: an ID.
    virtual Result<std::int64_t> replay(std::string_view sink, const Replay& what,
                                        AuditRecord audit) = 0;
    // One entry for each sink that is configured or has something outstanding.
    virtual Result<std::vector<SinkBacklog>> count_deliveries() = 0;
    // True: `node` alone may empty the sink until `until`. It claims again before that to go on.
    virtual Result<bool> claim_sink(std::string_view sink, std::string_view node, WallTime now,
                                    WallTime until) = 0;

    // ---- audit: one hash chain for each node. Each chain is read in order; PageRequest::owner
    // selects by caller.
    virtual Result<void> append_audit(AuditRecord record) = 0;
    virtual Result<Page<AuditRecord>> list_audit(const PageRequest& page) = 0;
    // The last record of each chain.
    virtual Result<std::vector<AuditCheckpoint>> audit_tails() = 0;  // without key and signature
    virtual Result<void> append_checkpoint(const AuditCheckpoint& checkpoint) = 0;
    // By node and sequence, at most 1,000 after that place.
    virtual Result<std::vector<AuditCheckpoint>> list_checkpoints(std::string_view after_node,
                                                                  std::int64_t after_sequence) = 0;

    // ---- upkeep
    // Removes at most `batch` records of each kind; call again while total() > 0. The audit stays.
    // So does the newest state message, for a cursor to stand at.
    virtual Result<Purged> purge(const RetentionLimits& limits, std::size_t batch) = 0;
    // verified decisions older than `before` become unconfirmed, and their challenges if reserved;
    // at most `batch`, oldest first. Each is audited: `audit` with the transaction's ID.
    virtual Result<std::vector<Decision>> mark_unconfirmed(WallTime before, std::size_t batch,
                                                           const AuditRecord& audit) = 0;
    // The newest time, not the last one, among the kRecentRecords last records of this node's
    // chain; what is before a kClockConfirmed among them does not count. While the chain is empty,
    // the newest last record of all chains; nothing while there are none.
    virtual Result<std::optional<WallTime>> last_recorded_time() = 0;
    // When a backup was last brought back that may lack what has been used since; nothing: never.
    // Of a sealed challenge issued before, no record means nothing.
    virtual Result<std::optional<WallTime>> last_restore() = 0;
    // Writes and reads back one row of its own: storage if that does not work. For the self-check.
    virtual Result<void> check() = 0;
};

}  // namespace ndes::crp
