// SqliteStore: the Store on SQLite. Reads go to the pool of read-only connections; each write is
// one job of GroupCommit's writer. Its functions stand in one .cpp per topic.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
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

    std::unique_ptr<ReadScope> read_scope() override { return readers_->scope(); }

    // devices_and_users.cpp
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

    // policies_and_templates.cpp
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

    // challenges.cpp
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

    // decisions.cpp
    Result<DecisionOutcome> commit_decision(const DecisionCommit& commit) override;

    // notify.cpp
    Result<NotifyOutcome> commit_notify(const NotifyCommit& commit) override;

    // transactions.cpp
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

    // certificates.cpp
    Result<std::optional<IssuedCertificate>> find_certificate(std::string_view sha256) override;
    Result<std::optional<KeyHolder>> find_key_of_other_device(std::string_view spki_sha256,
                                                              std::string_view device_id) override;
    Result<Page<IssuedCertificate>> list_certificates(const PageRequest& page,
                                                      const CertificateFilter& filter) override;
    Result<bool> revoke_certificate(const Revocation& revocation) override;

    // outbox.cpp
    void set_sinks(std::vector<std::string> names) override;
    Result<Page<StateMessage>> list_state_messages(const PageRequest& page) override;

    // deliveries.cpp
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
    // One process holds the file: nobody else could claim.
    Result<bool> claim_sink(std::string_view, std::string_view, WallTime, WallTime) override {
        return true;
    }

    // audit.cpp
    Result<void> append_audit(AuditRecord record) override;
    Result<Page<AuditRecord>> list_audit(const PageRequest& page) override;
    Result<std::vector<AuditCheckpoint>> audit_tails() override;
    Result<void> append_checkpoint(const AuditCheckpoint& checkpoint) override;
    Result<std::vector<AuditCheckpoint>> list_checkpoints(std::string_view after_node,
                                                          std::int64_t after_sequence) override;
    Result<std::optional<WallTime>> last_recorded_time() override;

    // upkeep.cpp
    Result<Purged> purge(const RetentionLimits& limits, std::size_t batch) override;
    Result<std::vector<Decision>> mark_unconfirmed(WallTime before, std::size_t batch,
                                                   const AuditRecord& audit) override;

    // sqlite_store.cpp
    Result<std::optional<WallTime>> last_restore() override;
    Result<void> check() override;

  private:
    using WriteJob = std::function<Result<void>(Writes&)>;

    SqliteStore() = default;
    // One transaction of the writer; returns when it is durable.
    Result<void> write(const WriteJob& job);
    // `bind` gives the put statement its values, the last of them the revision.
    using BindRecord = std::function<void(Statement& put, const std::string& revision)>;
    Result<bool> put_record(RecordWrites Writes::*record, std::string_view key,
                            const BindRecord& bind, AuditRecord audit, const Precondition& premise);
    Result<void> delete_record(RecordWrites Writes::*record, std::string_view key,
                               AuditRecord audit, const Precondition& premise, const char* what);
    using SinkNames = std::shared_ptr<const std::vector<std::string>>;
    SinkNames sinks() const;

    // Destroyed in the reverse order: the writer has gone when its statements go.
    std::optional<Writes> writes_;  // writer's thread only
    std::unique_ptr<sqlite::GroupCommit> writer_;
    std::unique_ptr<ReaderPool> readers_;

    mutable std::mutex sinks_mutex_;  // guards sinks_ for one copy
    SinkNames sinks_ = std::make_shared<const std::vector<std::string>>();
};

// Shared by the topics; called by the writer inside a job.
// Completes `record` as the next one of the chain.
Result<void> append(AuditWrites& writes, AuditRecord& record);
// The messages, each to wait for every sink.
Result<void> append(OutboxWrites& writes, const std::vector<StateMessage>& messages,
                    const std::vector<std::string>& sinks);
Result<std::optional<Challenge>> find_challenge(ChallengeWrites& writes, std::string_view id);
// Records a challenge made elsewhere unless its ID is there. False: it is another one's.
Result<bool> meet(ChallengeWrites& writes, const Challenge& challenge);
Result<void> insert(CertificateWrites& writes, const IssuedCertificate& certificate);

}  // namespace ndes::crp
