// MemoryStore: the reference backend, for tests; forgets everything with the object.
// Every call holds one lock, so each is plainly one step: what other backends must look like.
// Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "crp-service/store/audit_chain.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class MemoryStore : public Store {
  public:
    // memory_store.cpp
    Result<std::optional<User>> find_user(std::string_view id) override;
    Result<std::optional<Device>> find_device(std::string_view id) override;
    Result<bool> put_user(const User& user, AuditRecord audit,
                          const Precondition& premise) override;
    Result<bool> put_device(const Device& device, AuditRecord audit,
                            const Precondition& premise) override;
    Result<void> delete_user(std::string_view id, AuditRecord audit,
                             const Precondition& premise) override;
    Result<void> delete_device(std::string_view id, AuditRecord audit,
                               const Precondition& premise) override;
    Result<Page<User>> list_users(const PageRequest& page) override;
    Result<Page<Device>> list_devices(const PageRequest& page) override;

    Result<std::optional<Policy>> find_policy(std::string_view id) override;
    Result<std::optional<TemplateRecord>> find_template(std::string_view name) override;
    Result<bool> put_policy(const Policy& policy, AuditRecord audit,
                            const Precondition& premise) override;
    Result<bool> put_template(const TemplateRecord& record, AuditRecord audit,
                              const Precondition& premise) override;
    Result<void> delete_policy(std::string_view id, AuditRecord audit,
                               const Precondition& premise) override;
    Result<void> delete_template(std::string_view name, AuditRecord audit,
                                 const Precondition& premise) override;
    Result<Page<Policy>> list_policies(const PageRequest& page) override;
    Result<Page<TemplateRecord>> list_templates(const PageRequest& page) override;

    // memory_challenges.cpp
    Result<std::optional<std::string>> add_challenges(const ChallengeBatch& batch,
                                                      AuditRecord audit) override;
    Result<std::optional<std::string>> find_answer(std::string_view owner,
                                                   std::string_view idempotency_key,
                                                   std::string_view body_sha256) override;
    Result<std::optional<Challenge>> find_challenge(std::string_view id) override;
    Result<std::optional<Challenge>> find_challenge_by_lookup(std::string_view lookup) override;
    Result<void> revoke_challenge(std::string_view id, AuditRecord audit) override;
    Result<Page<Challenge>> list_challenges(const PageRequest& page,
                                            const ChallengeFilter& filter) override;
    Result<std::vector<KeyUse>> count_outstanding_challenges(WallTime now) override;

    // memory_decisions.cpp
    Result<DecisionOutcome> commit_decision(const DecisionCommit& commit) override;

    Result<NotifyOutcome> commit_notify(const NotifyCommit& commit) override;

    Result<std::optional<Transaction>> find_standing(std::string_view transaction_id,
                                                     std::string_view csr_sha256,
                                                     std::string_view signing_sha256) override;
    Result<std::optional<Decision>> find_verified(std::string_view transaction_id,
                                                  std::string_view spki_sha256) override;
    Result<std::optional<Decision>> find_decision_by_request(std::string_view caller,
                                                             std::string_view request_id) override;
    Result<std::optional<Transaction>> find_transaction(std::string_view transaction_id) override;
    Result<std::vector<Transaction>> find_transaction_history(
        std::string_view transaction_id) override;
    Result<Page<Transaction>> list_transactions(const PageRequest& page,
                                                const TransactionFilter& filter) override;

    Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) override;
    Result<std::optional<KeyHolder>> find_key_of_other_device(std::string_view spki_sha256,
                                                              std::string_view device_id) override;
    Result<Page<IssuedCertificate>> list_certificates(const PageRequest& page,
                                                      const CertificateFilter& filter) override;
    Result<bool> revoke_certificate(const Revocation& revocation) override;

    // memory_outbox.cpp
    void set_sinks(std::vector<std::string> names) override;
    Result<Page<StateMessage>> list_state_messages(const PageRequest& page) override;

    Result<std::vector<StateMessage>> due_state_messages(std::string_view sink, WallTime now,
                                                         std::size_t limit) override;
    Result<void> mark_delivered(std::string_view sink,
                                const std::vector<std::string>& ids) override;
    Result<void> mark_failed(std::string_view sink, std::string_view id, WallTime next_attempt,
                             std::string_view error) override;
    Result<void> mark_dead(std::string_view sink, std::string_view id, WallTime now,
                           std::string_view error) override;
    Result<Page<StateMessage>> list_dead_letters(std::string_view sink,
                                                 const PageRequest& page) override;
    Result<std::int64_t> replay(std::string_view sink, const Replay& what,
                                AuditRecord audit) override;
    Result<std::vector<SinkBacklog>> count_deliveries() override;
    Result<bool> claim_sink(std::string_view sink, std::string_view node, WallTime now,
                            WallTime until) override;

    Result<void> append_audit(AuditRecord record) override;
    Result<Page<AuditRecord>> list_audit(const PageRequest& page) override;
    Result<std::vector<AuditCheckpoint>> audit_tails() override;
    Result<void> append_checkpoint(const AuditCheckpoint& checkpoint) override;
    Result<std::vector<AuditCheckpoint>> list_checkpoints(std::string_view after_node,
                                                          std::int64_t after_sequence) override;
    Result<std::optional<WallTime>> last_recorded_time() override;

    // memory_upkeep.cpp
    Result<Purged> purge(const RetentionLimits& limits, std::size_t batch) override;
    Result<std::vector<Decision>> mark_unconfirmed(WallTime before, std::size_t batch,
                                                   const AuditRecord& audit) override;

    Result<std::optional<WallTime>> last_restore() override { return std::nullopt; }
    Result<void> check() override;

  private:
    struct Remembered {
        std::string body_sha256;
        std::string answer;
        WallTime at{};
    };
    template <class T>
    using ById = std::map<std::string, T, std::less<>>;
    template <class T>
    using BySequence = std::map<std::int64_t, T>;

    // The functions below are called with the lock held.
    std::string record(AuditRecord audit);  // the revision of what it wrote
    void record(std::vector<StateMessage> messages);
    Result<void> check_fresh(const std::vector<StateMessage>& messages) const;
    Result<std::optional<std::string>> recall(const ChallengeBatch& batch);
    Transaction* standing(std::string_view transaction_id, std::string_view csr_sha256,
                          std::string_view signing_sha256);
    Transaction* same_request(const Decision& decision);
    Transaction* by_id(std::string_view decision_id);
    std::optional<KeyHolder> key_of_other_device(std::string_view spki_sha256,
                                                 std::string_view device_id) const;
    void count_refusal(const Decision& decision);
    // False: the ID is another challenge's.
    bool meet(const Challenge& challenge);
    StateMessage* message_of(std::string_view id);
    Delivery* waiting(std::string_view sink, std::string_view id);
    template <class T>
    Result<bool> put(std::map<std::string, T, std::less<>>& records, const std::string& key,
                     const T& record, AuditRecord audit, const Precondition& premise);
    template <class T>
    Result<void> remove(std::map<std::string, T, std::less<>>& records, std::string_view key,
                        AuditRecord audit, const Precondition& premise, const char* what);
    bool is_revoked(const std::string& challenge_id) const;

    std::mutex mutex_;  // guards everything below; held for one whole call
    ById<User> users_;
    ById<Device> devices_;
    ById<Policy> policies_;
    ById<TemplateRecord> templates_;
    ById<Challenge> challenges_;
    std::map<std::pair<std::string, std::string>, Remembered> answers_;  // by owner and key
    // By sequence: the order of recording, never reused.
    BySequence<std::string> challenge_order_;  // their IDs
    BySequence<Transaction> transactions_;
    BySequence<IssuedCertificate> certificates_;
    BySequence<StateMessage> messages_;
    std::int64_t last_ = 0;
    std::vector<std::string> sinks_;
    struct Lease {
        std::string node;
        WallTime until{};
    };
    ById<Lease> leases_;
    std::vector<AuditRecord> audit_;
    AuditTail tail_;
    std::vector<AuditCheckpoint> checkpoints_;
};

}  // namespace ndes::crp
