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

class MemoryStore final : public Store {
  public:
    Result<std::optional<User>> find_user(std::string_view id) override;
    Result<std::optional<Device>> find_device(std::string_view id) override;
    Result<std::optional<Policy>> find_policy(std::string_view id) override;
    Result<std::optional<TemplateRecord>> find_template(std::string_view name) override;
    Result<bool> put_user(const User& user, AuditRecord audit) override;
    Result<bool> put_device(const Device& device, AuditRecord audit) override;
    Result<bool> put_policy(const Policy& policy, AuditRecord audit) override;
    Result<bool> put_template(const TemplateRecord& record, AuditRecord audit) override;
    Result<void> delete_user(std::string_view id, AuditRecord audit) override;
    Result<void> delete_device(std::string_view id, AuditRecord audit) override;
    Result<void> delete_policy(std::string_view id, AuditRecord audit) override;
    Result<void> delete_template(std::string_view name, AuditRecord audit) override;
    Result<Page<User>> list_users(const PageRequest& page) override;
    Result<Page<Device>> list_devices(const PageRequest& page) override;
    Result<Page<Policy>> list_policies(const PageRequest& page) override;
    Result<Page<TemplateRecord>> list_templates(const PageRequest& page) override;

    Result<std::optional<std::string>> add_challenges(const ChallengeBatch& batch,
                                                      AuditRecord audit) override;
    Result<std::optional<Challenge>> find_challenge(std::string_view id) override;
    Result<std::optional<Challenge>> find_challenge_by_lookup(std::string_view lookup) override;
    Result<void> revoke_challenge(std::string_view id, AuditRecord audit) override;

    Result<std::optional<Decision>> find_standing_decision(
        std::string_view transaction_id, std::string_view csr_sha256,
        std::string_view signing_sha256) override;
    Result<std::optional<Decision>> find_decision_by_request(std::string_view caller,
                                                             std::string_view request_id) override;
    Result<DecisionOutcome> commit_decision(const DecisionCommit& commit) override;
    Result<NotifyOutcome> commit_notify(const NotifyCommit& commit) override;

    Result<std::optional<Transaction>> find_transaction(std::string_view transaction_id) override;
    Result<std::vector<Transaction>> find_transaction_history(
        std::string_view transaction_id) override;
    Result<Page<Transaction>> list_transactions(const PageRequest& page) override;
    Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) override;
    Result<std::optional<IssuedCertificate>> find_key_of_other_device(
        std::string_view spki_sha256, std::string_view device_id) override;
    Result<Page<IssuedCertificate>> list_certificates(const PageRequest& page) override;

    Result<Page<StateMessage>> list_state_messages(const PageRequest& page) override;
    Result<std::vector<StateMessage>> due_state_messages(WallTime now, std::size_t limit) override;
    Result<void> mark_delivered(const std::vector<std::string>& ids, WallTime now) override;
    Result<void> mark_failed(std::string_view id, WallTime next_attempt,
                             std::string_view error) override;

    Result<void> append_audit(AuditRecord record) override;
    Result<Page<AuditRecord>> list_audit(const PageRequest& page) override;
    Result<void> check() override;

  private:
    struct Remembered {
        std::string body_sha256;
        std::string answer;
        WallTime at{};
    };
    template <class T>
    using ById = std::map<std::string, T, std::less<>>;

    // The functions below are called with the lock held.
    void record(AuditRecord audit);
    void record(std::vector<StateMessage> messages);
    Result<void> check_fresh(const std::vector<StateMessage>& messages) const;
    Result<std::optional<std::string>> recall(const ChallengeBatch& batch);
    Transaction* standing(std::string_view transaction_id, std::string_view csr_sha256,
                          std::string_view signing_sha256);
    Transaction* same_request(const Decision& decision);
    Transaction* by_id(std::string_view decision_id);
    void count_refusal(const Decision& decision);
    bool is_revoked(const std::string& challenge_id) const;

    std::mutex mutex_;  // guards everything below; held for one whole call
    ById<User> users_;
    ById<Device> devices_;
    ById<Policy> policies_;
    ById<TemplateRecord> templates_;
    ById<Challenge> challenges_;
    std::map<std::pair<std::string, std::string>, Remembered> answers_;  // by owner and key
    // In order of recording: the sequence of an entry is its index + 1.
    std::vector<Transaction> transactions_;
    std::vector<IssuedCertificate> certificates_;
    std::vector<StateMessage> messages_;
    std::vector<AuditRecord> audit_;
    AuditTail tail_;
};

}  // namespace ndes::crp
