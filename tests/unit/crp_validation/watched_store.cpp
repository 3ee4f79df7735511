#include "tests/unit/crp_validation/watched_store.h"

#include <utility>

namespace ndes::test {

Result<std::optional<crp::User>> WatchedStore::find_user(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_user(id);
}

Result<std::optional<crp::Device>> WatchedStore::find_device(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_device(id);
}

Result<bool> WatchedStore::put_user(const crp::User& user, crp::AuditRecord audit,
                                    const crp::Precondition& premise) {
    return inner.put_user(user, std::move(audit), premise);
}

Result<bool> WatchedStore::put_device(const crp::Device& device, crp::AuditRecord audit,
                                      const crp::Precondition& premise) {
    return inner.put_device(device, std::move(audit), premise);
}

Result<void> WatchedStore::delete_user(std::string_view id, crp::AuditRecord audit,
                                       const crp::Precondition& premise) {
    return inner.delete_user(id, std::move(audit), premise);
}

Result<void> WatchedStore::delete_device(std::string_view id, crp::AuditRecord audit,
                                         const crp::Precondition& premise) {
    return inner.delete_device(id, std::move(audit), premise);
}

Result<crp::Page<crp::User>> WatchedStore::list_users(const crp::PageRequest& page) {
    return inner.list_users(page);
}

Result<crp::Page<crp::Device>> WatchedStore::list_devices(const crp::PageRequest& page) {
    return inner.list_devices(page);
}

Result<std::optional<crp::Policy>> WatchedStore::find_policy(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_policy(id);
}

Result<std::optional<crp::TemplateRecord>> WatchedStore::find_template(std::string_view name) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_template(name);
}

Result<bool> WatchedStore::put_policy(const crp::Policy& policy, crp::AuditRecord audit,
                                      const crp::Precondition& premise) {
    return inner.put_policy(policy, std::move(audit), premise);
}

Result<bool> WatchedStore::put_template(const crp::TemplateRecord& record, crp::AuditRecord audit,
                                        const crp::Precondition& premise) {
    return inner.put_template(record, std::move(audit), premise);
}

Result<void> WatchedStore::delete_policy(std::string_view id, crp::AuditRecord audit,
                                         const crp::Precondition& premise) {
    return inner.delete_policy(id, std::move(audit), premise);
}

Result<void> WatchedStore::delete_template(std::string_view name, crp::AuditRecord audit,
                                           const crp::Precondition& premise) {
    return inner.delete_template(name, std::move(audit), premise);
}

Result<crp::Page<crp::Policy>> WatchedStore::list_policies(const crp::PageRequest& page) {
    return inner.list_policies(page);
}

Result<crp::Page<crp::TemplateRecord>> WatchedStore::list_templates(const crp::PageRequest& page) {
    return inner.list_templates(page);
}

Result<std::optional<std::string>> WatchedStore::add_challenges(const crp::ChallengeBatch& batch,
                                                                crp::AuditRecord audit) {
    return inner.add_challenges(batch, std::move(audit));
}

Result<std::optional<std::string>> WatchedStore::find_answer(std::string_view owner,
                                                             std::string_view idempotency_key,
                                                             std::string_view body_sha256) {
    return inner.find_answer(owner, idempotency_key, body_sha256);
}

Result<std::optional<crp::Challenge>> WatchedStore::find_challenge(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_challenge(id);
}

Result<std::optional<crp::Challenge>> WatchedStore::find_challenge_by_lookup(
    std::string_view lookup) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_challenge_by_lookup(lookup);
}

Result<void> WatchedStore::revoke_challenge(std::string_view id, crp::AuditRecord audit) {
    return inner.revoke_challenge(id, std::move(audit));
}

Result<crp::Page<crp::Challenge>> WatchedStore::list_challenges(
    const crp::PageRequest& page, const crp::ChallengeFilter& filter) {
    return inner.list_challenges(page, filter);
}

Result<std::vector<crp::KeyUse>> WatchedStore::count_outstanding_challenges(WallTime now) {
    return inner.count_outstanding_challenges(now);
}

Result<crp::DecisionOutcome> WatchedStore::commit_decision(const crp::DecisionCommit& commit) {
    ++commits;
    if (auto change = std::exchange(before_commit, nullptr)) change();
    if (fail_commits) return Failure(*fail_commits);
    return inner.commit_decision(commit);
}

Result<crp::NotifyOutcome> WatchedStore::commit_notify(const crp::NotifyCommit& commit) {
    ++commits;
    if (auto change = std::exchange(before_commit, nullptr)) change();
    if (fail_commits) return Failure(*fail_commits);
    return inner.commit_notify(commit);
}

Result<std::optional<crp::Transaction>> WatchedStore::find_standing(
    std::string_view transaction_id, std::string_view csr_sha256, std::string_view signing_sha256) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_standing(transaction_id, csr_sha256, signing_sha256);
}

Result<std::optional<crp::Decision>> WatchedStore::find_verified(std::string_view transaction_id,
                                                                 std::string_view spki_sha256) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_verified(transaction_id, spki_sha256);
}

Result<std::optional<crp::Decision>> WatchedStore::find_decision_by_request(
    std::string_view caller, std::string_view request_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_decision_by_request(caller, request_id);
}

Result<std::optional<crp::Transaction>> WatchedStore::find_transaction(
    std::string_view transaction_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_transaction(transaction_id);
}

Result<std::vector<crp::Transaction>> WatchedStore::find_transaction_history(
    std::string_view transaction_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_transaction_history(transaction_id);
}

Result<crp::Page<crp::Transaction>> WatchedStore::list_transactions(
    const crp::PageRequest& page, const crp::TransactionFilter& filter) {
    return inner.list_transactions(page, filter);
}

Result<std::optional<crp::IssuedCertificate>> WatchedStore::find_certificate(
    std::string_view sha256) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    if (certificate) return certificate;
    return inner.find_certificate(sha256);
}

Result<std::optional<crp::KeyHolder>> WatchedStore::find_key_of_other_device(
    std::string_view spki_sha256, std::string_view device_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_key_of_other_device(spki_sha256, device_id);
}

Result<crp::Page<crp::IssuedCertificate>> WatchedStore::list_certificates(
    const crp::PageRequest& page, const crp::CertificateFilter& filter) {
    return inner.list_certificates(page, filter);
}

Result<bool> WatchedStore::revoke_certificate(const crp::Revocation& revocation) {
    return inner.revoke_certificate(revocation);
}

void WatchedStore::set_sinks(std::vector<std::string> names) { inner.set_sinks(std::move(names)); }

Result<crp::Page<crp::StateMessage>> WatchedStore::list_state_messages(
    const crp::PageRequest& page) {
    return inner.list_state_messages(page);
}

Result<std::vector<crp::StateMessage>> WatchedStore::due_state_messages(std::string_view sink,
                                                                        WallTime now,
                                                                        std::size_t limit) {
    return inner.due_state_messages(sink, now, limit);
}

Result<void> WatchedStore::mark_delivered(std::string_view sink,
                                          const std::vector<std::string>& ids) {
    return inner.mark_delivered(sink, ids);
}

Result<void> WatchedStore::mark_failed(std::string_view sink, std::string_view id,
                                       WallTime next_attempt, std::string_view error) {
    return inner.mark_failed(sink, id, next_attempt, error);
}

Result<void> WatchedStore::mark_dead(std::string_view sink, std::string_view id, WallTime now,
                                     std::string_view error) {
    return inner.mark_dead(sink, id, now, error);
}

Result<crp::Page<crp::StateMessage>> WatchedStore::list_dead_letters(std::string_view sink,
                                                                     const crp::PageRequest& page) {
    return inner.list_dead_letters(sink, page);
}

Result<std::int64_t> WatchedStore::replay(std::string_view sink, const crp::Replay& what,
                                          crp::AuditRecord audit) {
    return inner.replay(sink, what, std::move(audit));
}

Result<std::vector<crp::SinkBacklog>> WatchedStore::count_deliveries() {
    return inner.count_deliveries();
}

Result<bool> WatchedStore::claim_sink(std::string_view sink, std::string_view node, WallTime now,
                                      WallTime until) {
    return inner.claim_sink(sink, node, now, until);
}

Result<void> WatchedStore::append_audit(crp::AuditRecord record) {
    return inner.append_audit(std::move(record));
}

Result<crp::Page<crp::AuditRecord>> WatchedStore::list_audit(const crp::PageRequest& page) {
    return inner.list_audit(page);
}

Result<std::vector<crp::AuditCheckpoint>> WatchedStore::audit_tails() {
    return inner.audit_tails();
}

Result<void> WatchedStore::append_checkpoint(const crp::AuditCheckpoint& checkpoint) {
    return inner.append_checkpoint(checkpoint);
}

Result<std::vector<crp::AuditCheckpoint>> WatchedStore::list_checkpoints(
    std::string_view after_node, std::int64_t after_sequence) {
    return inner.list_checkpoints(after_node, after_sequence);
}

Result<std::optional<WallTime>> WatchedStore::last_recorded_time() {
    return inner.last_recorded_time();
}

Result<crp::Purged> WatchedStore::purge(const crp::RetentionLimits& limits, std::size_t batch) {
    return inner.purge(limits, batch);
}

Result<std::vector<crp::Decision>> WatchedStore::mark_unconfirmed(WallTime before,
                                                                  std::size_t batch,
                                                                  const crp::AuditRecord& audit) {
    return inner.mark_unconfirmed(before, batch, audit);
}

Result<std::optional<WallTime>> WatchedStore::last_restore() { return restored; }

Result<void> WatchedStore::check() { return inner.check(); }

}  // namespace ndes::test
