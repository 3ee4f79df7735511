// MemoryStore: the outbox of state messages.
#include <algorithm>
#include <set>
#include <utility>

#include "crp-service/store/cursor.h"
#include "crp-service/store/memory_store.h"

namespace ndes::crp {

Result<void> MemoryStore::check_fresh(const std::vector<StateMessage>& messages) const {
    for (const StateMessage& message : messages) {
        const auto same = [&](const StateMessage& one) { return one.id == message.id; };
        if (std::any_of(messages_.begin(), messages_.end(), same)) {
            return fail(ErrorCode::storage, "state message ID is in use");
        }
    }
    return {};
}

void MemoryStore::record(std::vector<StateMessage> messages) {
    for (StateMessage& message : messages) {
        message.sequence = static_cast<std::int64_t>(messages_.size()) + 1;
        messages_.push_back(std::move(message));
    }
}

Result<Page<StateMessage>> MemoryStore::list_state_messages(const PageRequest& page) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = sequence_of(page.after, kOldest);
    if (!after) return pass_on(after);
    const std::lock_guard guard(mutex_);
    std::vector<StateMessage> items;
    for (const StateMessage& one : messages_) {
        if (items.size() > page.limit) break;
        if (one.sequence <= *after) continue;
        if (page.owner.empty() || one.owner == page.owner) items.push_back(one);
    }
    return cut_page(std::move(items), page.limit,
                    [](const StateMessage& one) { return one.sequence; });
}

Result<std::vector<StateMessage>> MemoryStore::due_state_messages(WallTime now, std::size_t limit) {
    const std::lock_guard guard(mutex_);
    std::vector<StateMessage> due;
    std::set<std::string_view> seen;  // transactions whose oldest undelivered one was met
    for (const StateMessage& one : messages_) {
        if (due.size() == limit) break;
        if (one.delivered_at || !seen.insert(one.transaction_id).second) continue;
        if (!one.next_attempt_at || *one.next_attempt_at <= now) due.push_back(one);
    }
    return due;
}

Result<void> MemoryStore::mark_delivered(const std::vector<std::string>& ids, WallTime now) {
    const std::lock_guard guard(mutex_);
    const std::set<std::string_view> wanted(ids.begin(), ids.end());
    for (StateMessage& one : messages_) {
        if (one.delivered_at || !wanted.contains(one.id)) continue;
        one.delivered_at = now;
        ++one.attempts;
        one.next_attempt_at.reset();
        one.last_error.clear();
    }
    return {};
}

Result<void> MemoryStore::mark_failed(std::string_view id, WallTime next_attempt,
                                      std::string_view error) {
    const std::lock_guard guard(mutex_);
    for (StateMessage& one : messages_) {
        if (one.id != id || one.delivered_at) continue;
        ++one.attempts;
        one.next_attempt_at = next_attempt;
        one.last_error = error;
        return {};
    }
    return fail(ErrorCode::not_found, "no such undelivered state message");
}

}  // namespace ndes::crp
