#include "crp-service/store/memory_store.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "crp-service/store/challenge_rules.h"
#include "crp-service/store/cursor.h"

namespace ndes::crp {
namespace {

template <class T>
std::optional<T> find_in(const std::map<std::string, T, std::less<>>& records,
                         std::string_view id) {
    const auto found = records.find(id);
    if (found == records.end()) return std::nullopt;
    return found->second;
}

template <class T, class IdOf>
Result<Page<T>> page_of(const std::map<std::string, T, std::less<>>& records,
                        const PageRequest& page, IdOf id_of_record) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = id_of(page.after);
    if (!after) return pass_on(after);
    std::vector<T> items;
    for (auto it = records.upper_bound(*after); it != records.end(); ++it) {
        if (items.size() > page.limit) break;
        items.push_back(it->second);
    }
    return cut_page(std::move(items), page.limit, id_of_record);
}

}  // namespace

Result<std::optional<User>> MemoryStore::find_user(std::string_view id) {
    const std::lock_guard guard(mutex_);
    return find_in(users_, id);
}

Result<std::optional<Device>> MemoryStore::find_device(std::string_view id) {
    const std::lock_guard guard(mutex_);
    return find_in(devices_, id);
}

Result<std::optional<Policy>> MemoryStore::find_policy(std::string_view id) {
    const std::lock_guard guard(mutex_);
    return find_in(policies_, id);
}

Result<std::optional<TemplateRecord>> MemoryStore::find_template(std::string_view name) {
    const std::lock_guard guard(mutex_);
    return find_in(templates_, name);
}

Result<bool> MemoryStore::put_user(const User& user, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    record(std::move(audit));
    return users_.insert_or_assign(user.id, user).second;
}

Result<bool> MemoryStore::put_device(const Device& device, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    record(std::move(audit));
    return devices_.insert_or_assign(device.id, device).second;
}

Result<bool> MemoryStore::put_policy(const Policy& policy, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    record(std::move(audit));
    return policies_.insert_or_assign(policy.id, policy).second;
}

Result<bool> MemoryStore::put_template(const TemplateRecord& one, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    record(std::move(audit));
    return templates_.insert_or_assign(one.name, one).second;
}

Result<void> MemoryStore::delete_user(std::string_view id, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    const auto found = users_.find(id);
    if (found == users_.end()) return fail(ErrorCode::not_found, "no such user");
    users_.erase(found);
    record(std::move(audit));
    return {};
}

Result<void> MemoryStore::delete_device(std::string_view id, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    const auto found = devices_.find(id);
    if (found == devices_.end()) return fail(ErrorCode::not_found, "no such device");
    devices_.erase(found);
    record(std::move(audit));
    return {};
}

Result<void> MemoryStore::delete_policy(std::string_view id, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    const auto found = policies_.find(id);
    if (found == policies_.end()) return fail(ErrorCode::not_found, "no such policy");
    policies_.erase(found);
    record(std::move(audit));
    return {};
}

Result<void> MemoryStore::delete_template(std::string_view name, AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    const auto found = templates_.find(name);
    if (found == templates_.end()) return fail(ErrorCode::not_found, "no such template");
    templates_.erase(found);
    record(std::move(audit));
    return {};
}

Result<Page<User>> MemoryStore::list_users(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return page_of(users_, page, [](const User& user) { return user.id; });
}

Result<Page<Device>> MemoryStore::list_devices(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return page_of(devices_, page, [](const Device& device) { return device.id; });
}

Result<Page<Policy>> MemoryStore::list_policies(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return page_of(policies_, page, [](const Policy& policy) { return policy.id; });
}

Result<Page<TemplateRecord>> MemoryStore::list_templates(const PageRequest& page) {
    const std::lock_guard guard(mutex_);
    return page_of(templates_, page, [](const TemplateRecord& one) { return one.name; });
}

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
    }
    if (!batch.idempotency_key.empty()) {
        answers_[{batch.owner, batch.idempotency_key}] = {batch.body_sha256, batch.answer,
                                                          batch.now};
    }
    record(std::move(audit));
    return std::nullopt;
}

Result<std::optional<Challenge>> MemoryStore::find_challenge(std::string_view id) {
    const std::lock_guard guard(mutex_);
    return find_in(challenges_, id);
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

void MemoryStore::record(AuditRecord audit) {
    seal_audit_record(audit, tail_);
    tail_ = {audit.sequence, audit.hash};
    audit_.push_back(std::move(audit));
}

Result<void> MemoryStore::append_audit(AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    record(std::move(audit));
    return {};
}

Result<Page<AuditRecord>> MemoryStore::list_audit(const PageRequest& page) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = sequence_of(page.after, kOldest);
    if (!after) return pass_on(after);
    const std::lock_guard guard(mutex_);
    std::vector<AuditRecord> items;
    for (const AuditRecord& one : audit_) {
        if (items.size() > page.limit) break;
        if (one.sequence <= *after) continue;
        if (page.owner.empty() || one.caller == page.owner) items.push_back(one);
    }
    return cut_page(std::move(items), page.limit,
                    [](const AuditRecord& one) { return one.sequence; });
}

Result<void> MemoryStore::check() { return {}; }

}  // namespace ndes::crp
