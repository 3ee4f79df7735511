// MemoryStore: the outbox of state messages.
#include <algorithm>
#include <set>
#include <utility>

#include "crp-service/store/backlog.h"
#include "crp-service/store/cursor.h"
#include "crp-service/store/memory_store.h"

namespace ndes::crp {
namespace {

Delivery* delivery_to(StateMessage& message, std::string_view sink) {
    const auto found = std::ranges::find(message.deliveries, sink, &Delivery::sink);
    return found == message.deliveries.end() ? nullptr : &*found;
}

// The message as this sink sees it.
StateMessage only_for(const StateMessage& message, const Delivery& delivery) {
    StateMessage copy = message;
    copy.deliveries = {delivery};
    return copy;
}

void wait_again(StateMessage& message, std::string_view sink) {
    Delivery* delivery = delivery_to(message, sink);
    if (delivery == nullptr) delivery = &message.deliveries.emplace_back();
    *delivery = {std::string(sink), 0, std::nullopt, std::nullopt, {}};
    std::ranges::sort(message.deliveries, {}, &Delivery::sink);
}

}  // namespace

Result<void> MemoryStore::check_fresh(const std::vector<StateMessage>& messages) const {
    for (const StateMessage& message : messages) {
        const auto same = [&](const auto& one) { return one.second.id == message.id; };
        if (std::ranges::any_of(messages_, same)) {
            return fail(ErrorCode::storage, "state message ID is in use");
        }
    }
    return {};
}

void MemoryStore::record(std::vector<StateMessage> messages) {
    for (StateMessage& message : messages) {
        message.sequence = ++last_;
        message.deliveries.clear();
        for (const std::string& sink : sinks_)
            wait_again(message, sink);
        messages_.emplace(message.sequence, std::move(message));
    }
}

StateMessage* MemoryStore::message_of(std::string_view id) {
    for (auto& [sequence, one] : messages_) {
        if (one.id == id) return &one;
    }
    return nullptr;
}

Delivery* MemoryStore::waiting(std::string_view sink, std::string_view id) {
    StateMessage* message = message_of(id);
    Delivery* delivery = message == nullptr ? nullptr : delivery_to(*message, sink);
    return delivery == nullptr || delivery->dead_at ? nullptr : delivery;
}

void MemoryStore::set_sinks(std::vector<std::string> names) {
    const std::lock_guard guard(mutex_);
    sinks_ = std::move(names);
}

Result<Page<StateMessage>> MemoryStore::list_state_messages(const PageRequest& page) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = sequence_of(page.after, kOldest);
    if (!after) return pass_on(after);
    const std::lock_guard guard(mutex_);
    std::vector<StateMessage> items;
    for (auto it = messages_.upper_bound(*after); it != messages_.end(); ++it) {
        if (items.size() > page.limit) break;
        if (page.owner.empty() || it->second.owner == page.owner) items.push_back(it->second);
    }
    return cut_page(std::move(items), page.limit,
                    [](const StateMessage& one) { return one.sequence; });
}

Result<std::vector<StateMessage>> MemoryStore::due_state_messages(std::string_view sink,
                                                                  WallTime now, std::size_t limit) {
    const std::lock_guard guard(mutex_);
    std::vector<StateMessage> due;
    std::set<std::string_view> seen;  // transactions whose oldest waiting one was met
    for (auto& [sequence, one] : messages_) {
        if (due.size() == limit) break;
        const Delivery* delivery = delivery_to(one, sink);
        if (delivery == nullptr || delivery->dead_at) continue;
        if (!seen.insert(one.transaction_id).second) continue;
        if (!delivery->next_attempt_at || *delivery->next_attempt_at <= now) {
            due.push_back(only_for(one, *delivery));
        }
    }
    return due;
}

Result<void> MemoryStore::mark_delivered(std::string_view sink,
                                         const std::vector<std::string>& ids) {
    const std::lock_guard guard(mutex_);
    for (const std::string& id : ids) {
        if (waiting(sink, id) == nullptr) continue;
        std::erase_if(message_of(id)->deliveries,
                      [&](const Delivery& one) { return one.sink == sink; });
    }
    return {};
}

Result<void> MemoryStore::mark_failed(std::string_view sink, std::string_view id,
                                      WallTime next_attempt, std::string_view error) {
    const std::lock_guard guard(mutex_);
    Delivery* delivery = waiting(sink, id);
    if (delivery == nullptr) return fail(ErrorCode::not_found, "no such waiting state message");
    ++delivery->attempts;
    delivery->next_attempt_at = next_attempt;
    delivery->last_error = error;
    return {};
}

Result<void> MemoryStore::mark_dead(std::string_view sink, std::string_view id, WallTime now,
                                    std::string_view error) {
    const std::lock_guard guard(mutex_);
    Delivery* delivery = waiting(sink, id);
    if (delivery == nullptr) return fail(ErrorCode::not_found, "no such waiting state message");
    ++delivery->attempts;
    delivery->dead_at = now;
    delivery->next_attempt_at.reset();
    delivery->last_error = error;
    return {};
}

Result<Page<StateMessage>> MemoryStore::list_dead_letters(std::string_view sink,
                                                          const PageRequest& page) {
    if (auto valid = check_limit(page); !valid) return pass_on(valid);
    auto after = sequence_of(page.after, kOldest);
    if (!after) return pass_on(after);
    const std::lock_guard guard(mutex_);
    std::vector<StateMessage> items;
    for (auto it = messages_.upper_bound(*after); it != messages_.end(); ++it) {
        if (items.size() > page.limit) break;
        const Delivery* delivery = delivery_to(it->second, sink);
        if (delivery != nullptr && delivery->dead_at) {
            items.push_back(only_for(it->second, *delivery));
        }
    }
    return cut_page(std::move(items), page.limit,
                    [](const StateMessage& one) { return one.sequence; });
}

Result<std::int64_t> MemoryStore::replay(std::string_view sink, const Replay& what,
                                         AuditRecord audit) {
    const std::lock_guard guard(mutex_);
    for (const std::string& id : what.ids) {
        if (message_of(id) == nullptr) return fail(ErrorCode::not_found, "no state message " + id);
    }
    std::int64_t count = 0;
    for (auto& [sequence, one] : messages_) {
        const Delivery* delivery = delivery_to(one, sink);
        const bool dead = delivery != nullptr && delivery->dead_at;
        const bool wanted = std::ranges::find(what.ids, one.id) != what.ids.end() ||
                            (what.all_dead && dead) || (what.after && sequence > *what.after);
        if (!wanted) continue;
        wait_again(one, sink);
        ++count;
    }
    record(std::move(audit));
    return count;
}

Result<std::vector<SinkBacklog>> MemoryStore::count_deliveries() {
    const std::lock_guard guard(mutex_);
    std::map<std::string, SinkBacklog> by_sink;
    for (const auto& [sequence, one] : messages_) {
        for (const Delivery& delivery : one.deliveries) {
            SinkBacklog& backlog = by_sink[delivery.sink];
            backlog.sink = delivery.sink;
            ++(delivery.dead_at ? backlog.dead : backlog.waiting);
            if (!delivery.dead_at && !backlog.oldest_waiting) {
                backlog.oldest_waiting = one.created_at;
            }
        }
    }
    std::vector<SinkBacklog> result;
    for (auto& [name, backlog] : by_sink)
        result.push_back(std::move(backlog));
    complete_backlogs(result, sinks_);
    return result;
}

Result<bool> MemoryStore::claim_sink(std::string_view sink, std::string_view node, WallTime now,
                                     WallTime until) {
    const std::lock_guard guard(mutex_);
    Lease& lease = leases_[std::string(sink)];
    if (!lease.node.empty() && lease.node != node && lease.until > now) return false;
    lease = {std::string(node), until};
    return true;
}

}  // namespace ndes::crp
