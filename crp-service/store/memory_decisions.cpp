// MemoryStore: decisions, what became of them, and the outbox.
#include <algorithm>
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/memory_pages.h"
#include "crp-service/store/memory_store.h"
#include "crp-service/store/notify_rules.h"

namespace ndes::crp {
namespace {

bool is_question(const Decision& decision, std::string_view transaction_id,
                 std::string_view csr_sha256, std::string_view signing_sha256) {
    return decision.transaction_id == transaction_id && decision.csr_sha256 == csr_sha256 &&
           decision.signing_sha256 == signing_sha256;
}

}  // namespace

bool MemoryStore::is_revoked(const std::string& challenge_id) const {
    const auto found = challenges_.find(challenge_id);
    return found != challenges_.end() && found->second.state == ChallengeState::revoked;
}

Transaction* MemoryStore::standing(std::string_view transaction_id, std::string_view csr_sha256,
                                   std::string_view signing_sha256) {
    for (auto& [sequence, one] : transactions_) {
        if (one.decision.verified && !is_revoked(one.decision.challenge_id) &&
            is_question(one.decision, transaction_id, csr_sha256, signing_sha256)) {
            return &one;
        }
    }
    return nullptr;
}

Transaction* MemoryStore::same_request(const Decision& decision) {
    if (decision.request_id.empty()) return nullptr;
    for (auto& [sequence, one] : transactions_) {
        if (one.decision.caller == decision.caller &&
            one.decision.request_id == decision.request_id &&
            is_question(one.decision, decision.transaction_id, decision.csr_sha256,
                        decision.signing_sha256)) {
            return &one;
        }
    }
    return nullptr;
}

Transaction* MemoryStore::by_id(std::string_view decision_id) {
    for (auto& [sequence, one] : transactions_) {
        if (one.decision.id == decision_id) return &one;
    }
    return nullptr;
}

Result<std::optional<Transaction>> MemoryStore::find_standing(std::string_view transaction_id,
                                                              std::string_view csr_sha256,
                                                              std::string_view signing_sha256) {
    const std::lock_guard guard(mutex_);
    const Transaction* found = standing(transaction_id, csr_sha256, signing_sha256);
    if (found == nullptr) return std::nullopt;
    return *found;
}

Result<std::optional<Decision>> MemoryStore::find_verified(std::string_view transaction_id,
                                                           std::string_view spki_sha256) {
    const std::lock_guard guard(mutex_);
    std::optional<Decision> of_any_key;
    for (auto it = transactions_.rbegin(); it != transactions_.rend(); ++it) {
        const Decision& decision = it->second.decision;
        if (!decision.verified || decision.transaction_id != transaction_id) continue;
        if (decision.spki_sha256 == spki_sha256) return decision;
        if (!of_any_key) of_any_key = decision;
    }
    return of_any_key;
}

Result<std::optional<Decision>> MemoryStore::find_decision_by_request(std::string_view caller,
                                                                      std::string_view request_id) {
    const std::lock_guard guard(mutex_);
    if (request_id.empty()) return std::nullopt;
    for (const auto& [sequence, one] : transactions_) {
        if (one.decision.caller == caller && one.decision.request_id == request_id) {
            return one.decision;
        }
    }
    return std::nullopt;
}

void MemoryStore::count_refusal(const Decision& decision) {
    const auto found = challenges_.find(decision.challenge_id);
    if (found == challenges_.end() || found->second.state != ChallengeState::issued) return;
    Challenge& challenge = found->second;
    if (++challenge.refusals >= kRefusalsUntilLocked) challenge.state = ChallengeState::locked;
}

Result<DecisionOutcome> MemoryStore::commit_decision(const DecisionCommit& commit) {
    const std::lock_guard guard(mutex_);
    const Decision& decision = commit.decision;
    Transaction* earlier = same_request(decision);
    if (earlier == nullptr && decision.verified) {
        earlier = standing(decision.transaction_id, decision.csr_sha256, decision.signing_sha256);
    }
    if (earlier != nullptr) {
        return DecisionOutcome{DecisionOutcome::Kind::repeated, earlier->decision, std::nullopt,
                               false, false};
    }
    bool counts = commit.counts_as_refusal;
    if (by_id(decision.id) != nullptr) return fail(ErrorCode::conflict, "decision ID is in use");
    if (auto fresh = check_fresh(commit.messages); !fresh) return pass_on(fresh);
    if (commit.first_seen) {
        const bool is_its_own = meet(*commit.first_seen);
        if (!is_its_own && decision.verified) {
            return DecisionOutcome{DecisionOutcome::Kind::lost, std::nullopt, std::nullopt, true,
                                   false};
        }
        if (!is_its_own) counts = false;
    }
    if (decision.verified && key_of_other_device(decision.spki_sha256, decision.device_id)) {
        return DecisionOutcome{DecisionOutcome::Kind::lost, std::nullopt, std::nullopt, false,
                               true};
    }
    if (decision.verified && !decision.challenge_id.empty()) {
        const auto found = challenges_.find(decision.challenge_id);
        if (found == challenges_.end()) return fail(ErrorCode::not_found, "no such challenge");
        Challenge& challenge = found->second;
        if (!may_reserve(challenge, decision)) {
            return DecisionOutcome{DecisionOutcome::Kind::lost, std::nullopt,
                                   state_at(challenge, decision.decided_at), false, false};
        }
        challenge.state = ChallengeState::reserved;
        challenge.transaction_id = decision.transaction_id;
        challenge.csr_sha256 = decision.csr_sha256;
    }
    if (!decision.verified && counts) count_refusal(decision);
    Transaction transaction{decision, TransactionState::refused, {}, 0, std::nullopt};
    if (decision.verified) transaction.state = TransactionState::verified;
    transactions_.emplace(++last_, std::move(transaction));
    record(commit.messages);
    record(commit.audit);
    return DecisionOutcome{};
}

Result<NotifyOutcome> MemoryStore::commit_notify(const NotifyCommit& commit) {
    const std::lock_guard guard(mutex_);
    Transaction* transaction = by_id(commit.decision_id);
    if (transaction == nullptr || !transaction->decision.verified ||
        transaction->decision.transaction_id != commit.transaction_id) {
        return fail(ErrorCode::not_found, "no such verified decision");
    }
    auto judged = judge_notify(*transaction, commit);
    if (!judged || *judged == NotifyOutcome::repeated) return judged;
    for (const auto& [sequence, one] : certificates_) {
        if (commit.certificate && one.sha256 == commit.certificate->sha256) {
            return fail(ErrorCode::conflict, "the certificate is recorded for another decision");
        }
    }
    if (auto fresh = check_fresh(commit.messages); !fresh) return pass_on(fresh);
    transaction->state = commit.outcome;
    transaction->hresult = commit.hresult;
    transaction->notified_at = commit.now;
    if (commit.certificate) {
        transaction->certificate_sha256 = commit.certificate->sha256;
        certificates_.emplace(++last_, *commit.certificate);
    }
    const auto found = challenges_.find(transaction->decision.challenge_id);
    if (found != challenges_.end() && awaits_outcome(found->second.state)) {
        found->second.state = challenge_state_after(commit.outcome);
    }
    record(commit.messages);
    record(commit.audit);
    return NotifyOutcome::recorded;
}

Result<std::optional<Transaction>> MemoryStore::find_transaction(std::string_view transaction_id) {
    auto history = find_transaction_history(transaction_id);
    if (!history) return pass_on(history);
    if (history->empty()) return std::nullopt;
    return history->front();
}

Result<std::vector<Transaction>> MemoryStore::find_transaction_history(
    std::string_view transaction_id) {
    const std::lock_guard guard(mutex_);
    std::vector<Transaction> found;
    for (auto it = transactions_.rbegin(); it != transactions_.rend(); ++it) {
        if (std::ssize(found) == kMaxHistory) break;
        const Transaction& one = it->second;
        if (one.decision.transaction_id == transaction_id) found.push_back(one);
    }
    return found;
}

Result<Page<Transaction>> MemoryStore::list_transactions(const PageRequest& page,
                                                         const TransactionFilter& filter) {
    const std::lock_guard guard(mutex_);
    return newest_first(transactions_, page, [&](const Transaction& one) {
        const Decision& decision = one.decision;
        return (page.owner.empty() || decision.owner == page.owner) &&
               (filter.device_id.empty() || decision.device_id == filter.device_id) &&
               (filter.reason.empty() || decision.reason == filter.reason) &&
               (!filter.state || one.state == *filter.state) &&
               (!filter.since || decision.decided_at >= *filter.since);
    });
}

Result<std::optional<IssuedCertificate>> MemoryStore::find_certificate(std::string_view sha256) {
    const std::lock_guard guard(mutex_);
    for (const auto& [sequence, one] : certificates_) {
        if (one.sha256 == sha256) return one;
    }
    return std::nullopt;
}

std::optional<KeyHolder> MemoryStore::key_of_other_device(std::string_view spki_sha256,
                                                          std::string_view device_id) const {
    for (const auto& [sequence, one] : certificates_) {
        if (one.spki_sha256 == spki_sha256 && one.device_id != device_id) {
            return KeyHolder{one.device_id, one.transaction_id, one.sha256};
        }
    }
    for (const auto& [sequence, one] : transactions_) {
        const bool in_flight = one.state == TransactionState::verified ||
                               one.state == TransactionState::pending ||
                               one.state == TransactionState::unconfirmed;
        const Decision& decision = one.decision;
        if (in_flight && decision.spki_sha256 == spki_sha256 && decision.device_id != device_id) {
            return KeyHolder{decision.device_id, decision.transaction_id, {}};
        }
    }
    return std::nullopt;
}

Result<std::optional<KeyHolder>> MemoryStore::find_key_of_other_device(std::string_view spki_sha256,
                                                                       std::string_view device_id) {
    const std::lock_guard guard(mutex_);
    return key_of_other_device(spki_sha256, device_id);
}

Result<Page<IssuedCertificate>> MemoryStore::list_certificates(const PageRequest& page,
                                                               const CertificateFilter& filter) {
    const std::lock_guard guard(mutex_);
    return newest_first(certificates_, page, [&](const IssuedCertificate& one) {
        return (page.owner.empty() || one.owner == page.owner) &&
               (filter.device_id.empty() || one.device_id == filter.device_id) &&
               (!filter.expires_before || one.not_after < *filter.expires_before);
    });
}

Result<bool> MemoryStore::revoke_certificate(const Revocation& revocation) {
    const std::lock_guard guard(mutex_);
    for (auto& [sequence, one] : certificates_) {
        if (one.sha256 != revocation.certificate_sha256) continue;
        if (one.revoked) return false;
        if (auto fresh = check_fresh(revocation.messages); !fresh) return pass_on(fresh);
        one.revoked = true;
        one.revoked_at = revocation.now;
        one.revocation_reason = revocation.reason;
        record(revocation.messages);
        record(revocation.audit);
        return true;
    }
    return fail(ErrorCode::not_found, "no such certificate");
}

}  // namespace ndes::crp
