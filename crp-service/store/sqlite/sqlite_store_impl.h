// SqliteStore: the Store on SQLite. Reads go to the pool of read-only connections; each write is
// one job of GroupCommit's writer. Its functions stand in one .cpp per topic.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sqlite/group_commit.h"
#include "crp-service/store/sqlite/reader_pool.h"
#include "crp-service/store/sqlite/statements.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class SqliteStore final : public Store {
  public:
    static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& path,
                                                     std::size_t readers);

    // devices_and_users.cpp
    Result<std::optional<User>> find_user(std::string_view id) override;
    Result<std::optional<Device>> find_device(std::string_view id) override;
    Result<bool> put_user(const User& user, AuditRecord audit) override;
    Result<bool> put_device(const Device& device, AuditRecord audit) override;
    Result<void> delete_user(std::string_view id, AuditRecord audit) override;
    Result<void> delete_device(std::string_view id, AuditRecord audit) override;
    Result<Page<User>> list_users(const PageRequest& page) override;
    Result<Page<Device>> list_devices(const PageRequest& page) override;

    // policies_and_templates.cpp
    Result<std::optional<Policy>> find_policy(std::string_view id) override;
    Result<std::optional<TemplateRecord>> find_template(std::string_view name) override;
    Result<bool> put_policy(const Policy& policy, AuditRecord audit) override;
    Result<bool> put_template(const TemplateRecord& record, AuditRecord audit) override;
    Result<void> delete_policy(std::string_view id, AuditRecord audit) override;
    Result<void> delete_template(std::string_view name, AuditRecord audit) override;
    Result<Page<Policy>> list_policies(const PageRequest& page) override;
    Result<Page<TemplateRecord>> list_templates(const PageRequest& page) override;

    // challenges.cpp
    Result<std::optional<std::string>> add_challenges(const ChallengeBatch& batch,
                                                      AuditRecord audit) override;
    Result<std::optional<Challenge>> find_challenge(std::string_view id) override;
    Result<std::optional<Challenge>> find_challenge_by_lookup(std::string_view lookup) override;
    Result<void> revoke_challenge(std::string_view id, AuditRecord audit) override;

    // decisions.cpp
    Result<DecisionOutcome> commit_decision(const DecisionCommit& commit) override;

    // notify.cpp
    Result<NotifyOutcome> commit_notify(const NotifyCommit& commit) override;

    // transactions.cpp
    Result<std::optional<Decision>> find_standing_decision(
        std::string_view transaction_id, std::string_view csr_sha256,
        std::string_view signing_sha256) override;
    Result<std::optional<Decision>> find_decision_by_request(std::string_view caller,
                                                             std::string_view request_id) override;
    Result<std::optional<Transaction>> find_transaction(std::string_view transaction_id) override;
    Result<std::vector<Transaction>> find_transaction_history(
        std::string_view transaction_id) override;
    Result<Page<Transaction>> list_transactions(const PageRequest& page) override;

    // certificates.cpp
    Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) override;
    Result<std::optional<IssuedCertificate>> find_key_of_other_device(
        std::string_view spki_sha256, std::string_view device_id) override;
    Result<Page<IssuedCertificate>> list_certificates(const PageRequest& page) override;

    // outbox.cpp
    Result<Page<StateMessage>> list_state_messages(const PageRequest& page) override;
    Result<std::vector<StateMessage>> due_state_messages(WallTime now, std::size_t limit) override;
    Result<void> mark_delivered(const std::vector<std::string>& ids, WallTime now) override;
    Result<void> mark_failed(std::string_view id, WallTime next_attempt,
                             std::string_view error) override;

    // audit.cpp
    Result<void> append_audit(AuditRecord record) override;
    Result<Page<AuditRecord>> list_audit(const PageRequest& page) override;

    // sqlite_store.cpp
    Result<void> check() override;

  private:
    using WriteJob = std::function<Result<void>(Writes&)>;

    SqliteStore() = default;
    // One transaction of the writer; returns when it is durable.
    Result<void> write(const WriteJob& job);
    Result<bool> put_record(RecordWrites Writes::*record, std::string_view key,
                            const std::function<void(Statement&)>& bind, const AuditRecord& audit);
    Result<void> delete_record(RecordWrites Writes::*record, std::string_view key,
                               const AuditRecord& audit, const char* what);

    // Destroyed in the reverse order: the writer has gone when its statements go.
    std::optional<Writes> writes_;  // writer's thread only
    std::unique_ptr<sqlite::GroupCommit> writer_;
    std::unique_ptr<ReaderPool> readers_;
};

// Shared by the topics; called by the writer inside a job.
Result<void> append(AuditWrites& writes, AuditRecord record);
Result<void> append(OutboxWrites& writes, const std::vector<StateMessage>& messages);
Result<std::optional<Challenge>> find_challenge(ChallengeWrites& writes, std::string_view id);
Result<void> insert_challenge(ChallengeWrites& writes, const Challenge& challenge);
Result<void> insert(CertificateWrites& writes, const IssuedCertificate& certificate);

}  // namespace ndes::crp
