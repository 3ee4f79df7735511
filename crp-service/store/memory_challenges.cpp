// MemoryStore: challenges and the answers kept for their Idempotency-Keys.
#include <algorithm>
#include <set>
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/memory_pages.h"
#include "crp-service/store/memory_store.h"

namespace ndes::crp {

// The answer recorded for this key, if it is still kept.
Result<std::optional<std::string>> MemoryStore::recall(const ChallengeBatch& batch) {
    std::erase_if(answers_, [&](const auto& entry) {
        return entry.second.at + kIdempotencyWindow <= batch.now;
    });
    const auto found = answers_.find({batch.owner, batch.idempotency_key});
    if (batch.idempotency_key.empty() || found == answers_.end()) return std::nullopt;
    if (found->second.body_sha256 != batch.body_sha256) {
        return fail(ErrorCode::conflict, "Idempotency-Key was used before with another body");
    }
    return found->second.answer;
}

Result<std::optional<std::string>> MemoryStore::add_challenges(const ChallengeBatch& batch,
                                                               AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    auto answer = recall(batch);
    if (!answer || *answer) return answer;
    std::set<std::string> ids;
    std::set<std::string> lookups;
    for (const auto& [id, challenge] : challenges_) {
        if (!challenge.lookup.empty()) lookups.insert(challenge.lookup);
    }
    for (const Challenge& challenge : batch.challenges) {
        const bool new_id = !challenges_.contains(challenge.id) && ids.insert(challenge.id).second;
        const bool new_lookup = challenge.lookup.empty() || lookups.insert(challenge.lookup).second;
        if (!new_id || !new_lookup) return fail(ErrorCode::conflict, "challenge is already in use");
    }
    for (const Challenge& challenge : batch.challenges) {
        challenges_.emplace(challenge.id, challenge);
        challenge_order_.emplace(++last_, challenge.id);
    }
    if (!batch.idempotency_key.empty()) {
        answers_[{batch.owner, batch.idempotency_key}] = {batch.body_sha256, batch.answer,
                                                          batch.now};
    }
    record(std::move(audit));
    return std::nullopt;
}

Result<std::optional<std::string>> MemoryStore::find_answer(std::string_view owner,
                                                            std::string_view idempotency_key,
                                                            std::string_view body_sha256) {
    const std::lock_guard guard(mutex_);
    const auto found = answers_.find({std::string(owner), std::string(idempotency_key)});
    if (found == answers_.end()) return std::nullopt;
    if (found->second.body_sha256 != body_sha256) {
        return fail(ErrorCode::conflict, "Idempotency-Key was used before with another body");
    }
    return found->second.answer;
}

Result<std::optional<Challenge>> MemoryStore::find_challenge(std::string_view id) {
    const std::lock_guard guard(mutex_);
    const auto found = challenges_.find(id);
    if (found == challenges_.end()) return std::nullopt;
    return found->second;
}

Result<std::optional<Challenge>> MemoryStore::find_challenge_by_lookup(std::string_view lookup) {
    const std::lock_guard guard(mutex_);
    if (lookup.empty()) return std::nullopt;
    for (const auto& [id, challenge] : challenges_) {
        if (challenge.lookup == lookup) return challenge;
    }
    return std::nullopt;
}

Result<void> MemoryStore::revoke_challenge(std::string_view id, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    const auto found = challenges_.find(id);
    if (found == challenges_.end()) return fail(ErrorCode::not_found, "no such challenge");
    if (!may_revoke(found->second.state)) {
        return fail(ErrorCode::conflict,
                    std::string("challenge is ") + to_string(found->second.state));
    }
    found->second.state = ChallengeState::revoked;
    record(std::move(audit));
    return {};
}

bool MemoryStore::meet(const Challenge& challenge) {
    const auto [place, is_new] = challenges_.emplace(challenge.id, challenge);
    if (is_new) challenge_order_.emplace(++last_, challenge.id);
    return is_new || is_same_challenge(place->second, challenge);
}

Result<Page<Challenge>> MemoryStore::list_challenges(const PageRequest& page,
                                                     const ChallengeFilter& filter) {
    const std::lock_guard guard(mutex_);
    BySequence<Challenge> all;
    for (const auto& [number, id] : challenge_order_)
        all.emplace(number, challenges_.find(id)->second);
    return newest_first(all, page, [&](const Challenge& one) {
        return (page.owner.empty() || one.owner == page.owner) &&
               (filter.device_id.empty() || one.device_id == filter.device_id) &&
               (!filter.state || state_at(one, filter.now) == *filter.state);
    });
}

Result<std::vector<KeyUse>> MemoryStore::count_outstanding_challenges(WallTime now) {
    const std::lock_guard guard(mutex_);
    std::map<std::pair<std::string, std::string>, KeyUse> uses;
    for (const auto& [id, one] : challenges_) {
        const bool open = one.state == ChallengeState::issued || awaits_outcome(one.state);
        if (!open || one.expires_at <= now) continue;
        KeyUse& use = uses[{to_string(one.kind), one.key_id}];
        use.kind = one.kind;
        use.key_id = one.key_id;
        ++use.count;
        use.last_expiry = std::max(use.last_expiry, one.expires_at);
    }
    std::vector<KeyUse> result;
    for (auto& [key, use] : uses)
        result.push_back(std::move(use));
    return result;
}

}  // namespace ndes::crp
