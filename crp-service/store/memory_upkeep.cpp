// MemoryStore: what time makes of records.
#include <algorithm>
#include <utility>

#include "crp-service/store/memory_store.h"

namespace ndes::crp {
namespace {

// Removes at most `batch` entries that `goes`; how many.
template <class Entries, class Goes>
std::int64_t drop(Entries& entries, std::size_t batch, Goes goes) {
    std::size_t gone = 0;
    for (auto it = entries.begin(); it != entries.end() && gone < batch;) {
        if (goes(it->second)) {
            it = entries.erase(it);
            ++gone;
        } else {
            ++it;
        }
    }
    return static_cast<std::int64_t>(gone);
}

bool leads_to_no_certificate(const Transaction& one) {
    return one.state == TransactionState::refused || one.state == TransactionState::failed ||
           one.state == TransactionState::unconfirmed;
}

}  // namespace

Result<Purged> MemoryStore::purge(const RetentionLimits& limits, std::size_t batch) {
    const std::lock_guard guard(mutex_);
    Purged purged;
    const auto is_renewed = [&](const std::string& sha256) {
        return std::ranges::any_of(
            certificates_, [&](const auto& newer) { return newer.second.renews == sha256; });
    };
    std::vector<IssuedCertificate> expired;
    purged.certificates = drop(certificates_, batch, [&](const IssuedCertificate& one) {
        const bool goes =
            one.not_after < limits.certificates_expired_before && !is_renewed(one.sha256);
        if (goes) expired.push_back(one);
        return goes;
    });
    for (const IssuedCertificate& gone : expired) {
        std::erase_if(transactions_,
                      [&](const auto& one) { return one.second.decision.id == gone.decision_id; });
        const auto found = challenges_.find(gone.challenge_id);
        if (found != challenges_.end() && found->second.state == ChallengeState::completed) {
            challenges_.erase(found);
        }
    }
    purged.decisions = drop(transactions_, batch, [&](const Transaction& one) {
        return leads_to_no_certificate(one) && one.decision.decided_at < limits.decisions_before;
    });
    purged.challenges = drop(challenges_, batch, [&](const Challenge& one) {
        return one.state != ChallengeState::completed && one.state != ChallengeState::reserved &&
               one.expires_at < limits.challenges_expired_before;
    });
    std::erase_if(challenge_order_,
                  [&](const auto& one) { return !challenges_.contains(one.second); });
    const auto is_in_use = [&](const std::string& sink) {
        const auto lease = leases_.find(sink);
        return std::ranges::find(sinks_, sink) != sinks_.end() ||
               (lease != leases_.end() && lease->second.until > limits.messages_before);
    };
    const std::int64_t newest = messages_.empty() ? 0 : messages_.rbegin()->second.sequence;
    bool something_waits = false;
    purged.messages = drop(messages_, batch, [&](const StateMessage& one) {
        const auto waits = [&](const Delivery& delivery) {
            return !delivery.dead_at && is_in_use(delivery.sink);
        };
        something_waits = something_waits || std::ranges::any_of(one.deliveries, waits);
        return !something_waits && one.created_at < limits.messages_before &&
               one.sequence != newest;
    });
    return purged;
}

Result<std::vector<Decision>> MemoryStore::mark_unconfirmed(WallTime before, std::size_t batch,
                                                            const AuditRecord& audit) {
    const std::lock_guard guard(mutex_);
    std::vector<Decision> marked;
    for (auto& [sequence, one] : transactions_) {
        if (marked.size() == batch) break;
        if (one.state != TransactionState::verified || one.decision.decided_at >= before) continue;
        one.state = TransactionState::unconfirmed;
        const auto found = challenges_.find(one.decision.challenge_id);
        if (found != challenges_.end() && found->second.state == ChallengeState::reserved) {
            found->second.state = ChallengeState::unconfirmed;
        }
        AuditRecord told = audit;
        told.transaction_id = one.decision.transaction_id;
        record(std::move(told));
        marked.push_back(one.decision);
    }
    return marked;
}

}  // namespace ndes::crp
