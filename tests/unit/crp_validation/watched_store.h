// WatchedStore: a memory store whose reads and commits tests count, fail or overtake.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crp-service/store/memory_store.h"

namespace ndes::test {

// Passes everything on to a memory store and counts; can change what is found just before a
// commit, as a second CRP on the same database could.
class WatchedStore final : public crp::Store {
  public:
    crp::MemoryStore inner;
    int reads = 0;
    int commits = 0;
    std::function<void()> before_commit;                // called once
    std::optional<Error> fail_reads;                    // every read
    std::optional<Error> fail_commits;                  // every commit
    std::optional<crp::IssuedCertificate> certificate;  // found instead of what is recorded
    std::optional<WallTime> restored;                   // the last restore

    Result<std::optional<crp::User>> find_user(std::string_view id) override;
    Result<std::optional<crp::Device>> find_device(std::string_view id) override;
    Result<bool> put_user(const crp::User& user, crp::AuditRecord audit,
                          const crp::Precondition& premise = {}) override;
    Result<bool> put_device(const crp::Device& device, crp::AuditRecord audit,
                            const crp::Precondition& premise = {}) override;
    Result<void> delete_user(std::string_view id, crp::AuditRecord audit,
                             const crp::Precondition& premise = {}) override;
    Result<void> delete_device(std::string_view id, crp::AuditRecord audit,
                               const crp::Precondition& premise = {}) override;
    Result<crp::Page<crp::User>> list_users(const crp::PageRequest& page) override;
    Result<crp::Page<crp::Device>> list_devices(const crp::PageRequest& page) override;
    Result<std::optional<crp::Policy>> find_policy(std::string_view id) override;
    Result<std::optional<crp::TemplateRecord>> find_template(std::string_view name) override;
    Result<bool> put_policy(const crp::Policy& policy, crp::AuditRecord audit,
                            const crp::Precondition& premise = {}) override;
    Result<bool> put_template(const crp::TemplateRecord& record, crp::AuditRecord audit,
                              const crp::Precondition& premise = {}) override;
    Result<void> delete_policy(std::string_view id, crp::AuditRecord audit,
                               const crp::Precondition& premise = {}) override;
    Result<void> delete_template(std::string_view name, crp::AuditRecord audit,
                                 const crp::Precondition& premise = {}) override;
    Result<crp::Page<crp::Policy>> list_policies(const crp::PageRequest& page) override;
    Result<crp::Page<crp::TemplateRecord>> list_templates(const crp::PageRequest& page) override;
    Result<std::optional<std::string>> add_challenges(const crp::ChallengeBatch& batch,
                                                      crp::AuditRecord audit) override;
    Result<std::optional<std::string>> find_answer(std::string_view owner,
                                                   std::string_view idempotency_key,
                                                   std::string_view body_sha256) override;
    Result<std::optional<crp::Challenge>> find_challenge(std::string_view id) override;
    Result<std::optional<crp::Challenge>> find_challenge_by_lookup(
        std::string_view lookup) override;
    Result<void> revoke_challenge(std::string_view id, crp::AuditRecord audit) override;
    Result<crp::Page<crp::Challenge>> list_challenges(
        const crp::PageRequest& page, const crp::ChallengeFilter& filter = {}) override;
    Result<std::vector<crp::KeyUse>> count_outstanding_challenges(WallTime now) override;
    Result<crp::DecisionOutcome> commit_decision(const crp::DecisionCommit& commit) override;
    Result<crp::NotifyOutcome> commit_notify(const crp::NotifyCommit& commit) override;
    Result<std::optional<crp::Transaction>> find_standing(std::string_view transaction_id,
                                                          std::string_view csr_sha256,
                                                          std::string_view signing_sha256) override;
    Result<std::optional<crp::Decision>> find_verified(std::string_view transaction_id,
                                                       std::string_view spki_sha256) override;
    Result<std::optional<crp::Decision>> find_decision_by_request(
        std::string_view caller, std::string_view request_id) override;
    Result<std::optional<crp::Transaction>> find_transaction(
        std::string_view transaction_id) override;
    Result<std::vector<crp::Transaction>> find_transaction_history(
        std::string_view transaction_id) override;
    Result<crp::Page<crp::Transaction>> list_transactions(
        const crp::PageRequest& page, const crp::TransactionFilter& filter = {}) override;
    Result<std::optional<crp::IssuedCertificate>> find_certificate(
        std::string_view sha256) override;
    Result<std::optional<crp::KeyHolder>> find_key_of_other_device(
        std::string_view spki_sha256, std::string_view device_id) override;
    Result<crp::Page<crp::IssuedCertificate>> list_certificates(
        const crp::PageRequest& page, const crp::CertificateFilter& filter = {}) override;
    Result<bool> revoke_certificate(const crp::Revocation& revocation) override;
    void set_sinks(std::vector<std::string> names) override;
    Result<crp::Page<crp::StateMessage>> list_state_messages(const crp::PageRequest& page) override;
    Result<std::vector<crp::StateMessage>> due_state_messages(std::string_view sink, WallTime now,
                                                              std::size_t limit) override;
    Result<void> mark_delivered(std::string_view sink,
                                const std::vector<std::string>& ids) override;
    Result<void> mark_failed(std::string_view sink, std::string_view id, WallTime next_attempt,
                             std::string_view error) override;
    Result<void> mark_dead(std::string_view sink, std::string_view id, WallTime now,
                           std::string_view error) override;
    Result<crp::Page<crp::StateMessage>> list_dead_letters(std::string_view sink,
                                                           const crp::PageRequest& page) override;
    Result<std::int64_t> replay(std::string_view sink, const crp::Replay& what,
                                crp::AuditRecord audit) override;
    Result<std::vector<crp::SinkBacklog>> count_deliveries() override;
    Result<bool> claim_sink(std::string_view sink, std::string_view node, WallTime now,
                            WallTime until) override;
    Result<void> append_audit(crp::AuditRecord record) override;
    Result<crp::Page<crp::AuditRecord>> list_audit(const crp::PageRequest& page) override;
    Result<std::vector<crp::AuditCheckpoint>> audit_tails() override;
    Result<void> append_checkpoint(const crp::AuditCheckpoint& checkpoint) override;
    Result<std::vector<crp::AuditCheckpoint>> list_checkpoints(
        std::string_view after_node, std::int64_t after_sequence) override;
    Result<std::optional<WallTime>> last_recorded_time() override;
    Result<crp::Purged> purge(const crp::RetentionLimits& limits, std::size_t batch) override;
    Result<std::vector<crp::Decision>> mark_unconfirmed(WallTime before, std::size_t batch,
                                                        const crp::AuditRecord& audit) override;
    Result<std::optional<WallTime>> last_restore() override;
    Result<void> check() override;
};

}  // namespace ndes::test
