// CallSlots: at most so many calls to one CRP at a time. A slot is held until the HTTP library has
// done with the call, also when the caller has left at its deadline. Any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "common/clock.h"

namespace ndes::policy {

class CallSlots : public std::enable_shared_from_this<CallSlots> {
  public:
    explicit CallSlots(int count) : free_(count) {}

    // Held by whoever is not done yet; the last one to let go frees it.
    using Slot = std::shared_ptr<void>;

    // Null when none became free in time.
    Slot take(SteadyTime deadline) {
        {
            std::unique_lock lock(mutex_);
            if (!freed_.wait_until(lock, deadline, [this] { return free_ > 0; })) return nullptr;
            --free_;
        }
        // The slots live as long as the last one taken, also when their client has gone.
        return Slot(this, [self = shared_from_this()](void*) { self->give_back(); });
    }

  private:
    void give_back() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        freed_.notify_one();
    }

    std::mutex mutex_;  // guards free_; held for a number
    std::condition_variable freed_;
    int free_;
};

}  // namespace ndes::policy
