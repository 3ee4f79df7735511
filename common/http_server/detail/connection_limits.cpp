#include "common/http_server/detail/connection_limits.h"

#include <utility>

namespace ndes::http {

ConnectionLimits::Slot::Slot(ConnectionLimits& limits, std::string key)
    : limits_(&limits), key_(std::move(key)) {}

ConnectionLimits::Slot::Slot(Slot&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), key_(std::move(other.key_)) {}

ConnectionLimits::Slot::~Slot() {
    if (limits_ != nullptr) limits_->release(key_);
}

std::optional<ConnectionLimits::Slot> ConnectionLimits::admit(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto entry = open_per_key_.find(key);
    const std::size_t open_of_key = entry == open_per_key_.end() ? 0 : entry->second;
    if (open_ >= most_ || open_of_key >= most_per_key_) return std::nullopt;
    open_per_key_[key] = open_of_key + 1;
    ++open_;
    return std::optional<Slot>(std::in_place, *this, key);
}

std::size_t ConnectionLimits::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

bool ConnectionLimits::wait_until_none(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return none_open_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

void ConnectionLimits::release(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto entry = open_per_key_.find(key);
    if (--entry->second == 0) open_per_key_.erase(entry);
    if (--open_ == 0) none_open_.notify_all();
}

}  // namespace ndes::http
