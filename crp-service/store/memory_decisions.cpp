// MemoryStore: decisions, what became of them, and the outbox.
#include <algorithm>
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/cursor.h"
#include "crp-service/store/memory_store.h"
#include "crp-service/store/notify_rules.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxHistory = 100;

bool is_question(const Decision& decision, std::string_view transaction_id,
                 std::string_view csr_sha256, std::string_view signing_sha256) {
    return decision.transaction_id == transaction_id && decision.csr_sha256 == csr_sha256 &&
           decision.signing_sha256 == signing_sha256;
}

// Pages of entries whose sequence is their index + 1, newest first.
template <class T, class OwnerOf>
Result<Page<T>> newest_first(const std::vector<T>& entries, const PageRequest& page,
                             OwnerOf owner_of) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto before = sequence_of(page.after, kNewest);
    if (!before) return pass_on(before);
    std::vector<std::pair<std::int64_t, T>> found;
    for (auto sequence = static_cast<std::int64_t>(entries.size()); sequence > 0; --sequence) {
        const T& entry = entries[static_cast<std::size_t>(sequence - 1)];
        if (sequence >= *before || found.size() > page.limit) continue;
        if (page.owner.empty() || owner_of(entry) == page.owner)
            found.emplace_back(sequence, entry);
    }
    auto cut = cut_page(std::move(found), page.limit, [](const auto& one) { return one.first; });
    Page<T> result{{}, std::move(cut.next)};
    for (auto& [sequence, entry] : cut.items)
        result.items.push_back(std::move(entry));
    return result;
}

}  // namespace

bool MemoryStore::is_revoked(const std::string& challenge_id) const {
    const auto found = challenges_.find(challenge_id);
    return found != challenges_.end() && found->second.state == ChallengeState::revoked;
}

Transaction* MemoryStore::standing(std::string_view transaction_id, std::string_view csr_sha256,
                                   std::string_view signing_sha256) {
    for (Transaction& one : transactions_) {
        if (one.decision.verified && !is_revoked(one.decision.challenge_id) &&
            is_question(one.decision, transaction_id, csr_sha256, signing_sha256)) {
            return &one;
        }
    }
    return nullptr;
}

Transaction* MemoryStore::same_request(const Decision& decision) {
    if (decision.request_id.empty()) return nullptr;
    for (Transaction& one : transactions_) {
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
    for (Transaction& one : transactions_) {
        if (one.decision.id == decision_id) return &one;
    }
    return nullptr;
}

Result<std::optional<Decision>> MemoryStore::find_standing_decision(
    std::string_view transaction_id, std::string_view csr_sha256, std::string_view signing_sha256) {
    const std::lock_guard guard(mutex_);
    const Transaction* found = standing(transaction_id, csr_sha256, signing_sha256);
    if (found == nullptr) return std::nullopt;
    return found->decision;
}

Result<std::optional<Decision>> MemoryStore::find_decision_by_request(std::string_view caller,
                                                                      std::string_view request_id) {
    const std::lock_guard guard(mutex_);
    if (request_id.empty()) return std::nullopt;
    for (const Transaction& one : transactions_) {
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
        return DecisionOutcome{DecisionOutcome::Kind::repeated, earlier->decision, std::nullopt};
    }
    if (by_id(decision.id) != nullptr) return fail(ErrorCode::conflict, "decision ID is in use");
    if (auto fresh = check_fresh(commit.messages); !fresh) return pass_on(fresh);
    if (commit.first_seen) challenges_.emplace(commit.first_seen->id, *commit.first_seen);
    if (decision.verified && !decision.challenge_id.empty()) {
        const auto found = challenges_.find(decision.challenge_id);
        if (found == challenges_.end()) return fail(ErrorCode::not_found, "no such challenge");
        Challenge& challenge = found->second;
        if (!may_reserve(challenge, decision)) {
            return DecisionOutcome{DecisionOutcome::Kind::lost, std::nullopt,
                                   state_at(challenge, decision.decided_at)};
        }
        challenge.state = ChallengeState::reserved;
        challenge.transaction_id = decision.transaction_id;
        challenge.csr_sha256 = decision.csr_sha256;
    }
    if (!decision.verified && commit.counts_as_refusal) count_refusal(decision);
    Transaction transaction{decision, TransactionState::refused, {}, 0, std::nullopt};
    if (decision.verified) transaction.state = TransactionState::verified;
    transactions_.push_back(std::move(transaction));
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
    for (const IssuedCertificate& one : certificates_) {
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
        certificates_.push_back(*commit.certificate);
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
        if (found.size() == kMaxHistory) break;
        if (it->decision.transaction_id == transaction_id) found.push_back(*it);
    }
    return found;
}

Result<Page<Transaction>> MemoryStore::list_transactions(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return newest_first(transactions_, page,
                        [](const Transaction& one) { return one.decision.owner; });
}

Result<std::optional<IssuedCertificate>> MemoryStore::find_certificate(std::string_view sha256) {
    const std::lock_guard guard(mutex_);
    for (const IssuedCertificate& one : certificates_) {
        if (one.sha256 == sha256) return one;
    }
    return std::nullopt;
}

Result<std::optional<IssuedCertificate>> MemoryStore::find_key_of_other_device(
    std::string_view spki_sha256, std::string_view device_id) {
    const std::lock_guard guard(mutex_);
    for (const IssuedCertificate& one : certificates_) {
        if (one.spki_sha256 == spki_sha256 && one.device_id != device_id) return one;
    }
    return std::nullopt;
}

Result<Page<IssuedCertificate>> MemoryStore::list_certificates(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return newest_first(certificates_, page,
                        [](const IssuedCertificate& one) { return one.owner; });
}

}  // namespace ndes::crp
