#include "crp-service/store/memory_store.h"

#include <algorithm>
#include <utility>

#include "crp-service/store/cursor.h"
#include "crp-service/store/record_rules.h"

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
        const std::string& owner = it->second.owner;
        if (page.owner.empty() || owner.empty() || owner == page.owner) items.push_back(it->second);
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

// A record's first owner stays.
template <class T>
Result<bool> MemoryStore::put(ById<T>& records, const std::string& key, const T& record_given,
                              AuditRecord audit, const Precondition& premise) {
    const std::lock_guard guard(mutex_);
    const auto found = records.find(key);
    const bool is_new = found == records.end();
    auto holds = check_premise(
        premise, is_new ? std::nullopt : std::optional<std::string>(found->second.revision));
    if (!holds) return pass_on(holds);
    T written = record_given;
    if (!is_new) written.owner = found->second.owner;
    written.revision = record(std::move(audit));
    records.insert_or_assign(key, std::move(written));
    return is_new;
}

template <class T>
Result<void> MemoryStore::remove(ById<T>& records, std::string_view key, AuditRecord audit,
                                 const Precondition& premise, const char* what) {
    const std::lock_guard guard(mutex_);
    const auto found = records.find(key);
    const bool there = found != records.end();
    auto holds = check_premise(
        premise, there ? std::optional<std::string>(found->second.revision) : std::nullopt);
    if (!holds) return holds;
    if (!there) return fail(ErrorCode::not_found, std::string("no such ") + what);
    records.erase(found);
    record(std::move(audit));
    return {};
}

Result<bool> MemoryStore::put_user(const User& user, AuditRecord audit,
                                   const Precondition& premise) {
    return put(users_, user.id, user, std::move(audit), premise);
}

Result<void> MemoryStore::delete_user(std::string_view id, AuditRecord audit,
                                      const Precondition& premise) {
    return remove(users_, id, std::move(audit), premise, "user");
}

Result<bool> MemoryStore::put_device(const Device& device, AuditRecord audit,
                                     const Precondition& premise) {
    return put(devices_, device.id, device, std::move(audit), premise);
}

Result<void> MemoryStore::delete_device(std::string_view id, AuditRecord audit,
                                        const Precondition& premise) {
    return remove(devices_, id, std::move(audit), premise, "device");
}

Result<bool> MemoryStore::put_policy(const Policy& policy, AuditRecord audit,
                                     const Precondition& premise) {
    return put(policies_, policy.id, policy, std::move(audit), premise);
}

Result<void> MemoryStore::delete_policy(std::string_view id, AuditRecord audit,
                                        const Precondition& premise) {
    return remove(policies_, id, std::move(audit), premise, "policy");
}

Result<bool> MemoryStore::put_template(const TemplateRecord& one, AuditRecord audit,
                                       const Precondition& premise) {
    return put(templates_, one.name, one, std::move(audit), premise);
}

Result<void> MemoryStore::delete_template(std::string_view name, AuditRecord audit,
                                          const Precondition& premise) {
    return remove(templates_, name, std::move(audit), premise, "template");
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

std::string MemoryStore::record(AuditRecord audit) {
    seal_audit_record(audit, tail_);
    tail_ = {audit.sequence, audit.hash};
    audit_.push_back(std::move(audit));
    return std::to_string(tail_.sequence);
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

Result<std::vector<AuditCheckpoint>> MemoryStore::audit_tails() {
    const std::lock_guard guard(mutex_);
    std::vector<AuditCheckpoint> tails;
    if (!audit_.empty()) {
        tails.push_back({{}, tail_.sequence, tail_.hash, audit_.back().time, {}, {}});
    }
    return tails;
}

Result<void> MemoryStore::append_checkpoint(const AuditCheckpoint& checkpoint) {
    const std::lock_guard guard(mutex_);
    for (const AuditCheckpoint& one : checkpoints_) {
        if (one.node == checkpoint.node && one.sequence == checkpoint.sequence) {
            return fail(ErrorCode::conflict, "this place of the audit has a checkpoint");
        }
    }
    checkpoints_.push_back(checkpoint);
    return {};
}

Result<std::vector<AuditCheckpoint>> MemoryStore::list_checkpoints(std::string_view after_node,
                                                                   std::int64_t after_sequence) {
    const std::lock_guard guard(mutex_);
    const auto place = [](const AuditCheckpoint& one) {
        return std::pair<std::string_view, std::int64_t>(one.node, one.sequence);
    };
    std::vector<AuditCheckpoint> found;
    for (const AuditCheckpoint& one : checkpoints_) {
        if (place(one) > std::pair(after_node, after_sequence)) found.push_back(one);
    }
    std::ranges::sort(found, {}, place);
    if (found.size() > kMaxPage) found.resize(kMaxPage);
    return found;
}

Result<std::optional<WallTime>> MemoryStore::last_recorded_time() {
    const std::lock_guard guard(mutex_);
    std::optional<WallTime> newest;
    std::int64_t looked_at = 0;
    for (auto one = audit_.rbegin(); one != audit_.rend() && looked_at < kRecentRecords; ++one) {
        newest = std::max(newest.value_or(one->time), one->time);
        if (one->event == kClockConfirmed) break;
        ++looked_at;
    }
    return newest;
}

Result<void> MemoryStore::check() { return {}; }

}  // namespace ndes::crp
