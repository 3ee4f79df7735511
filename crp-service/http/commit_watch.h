// CommitWatch: whether what callers ask to be recorded gets recorded. The self-check's own small
// write can succeed where a real commit finds no room. Any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "common/clock.h"

namespace ndes::crp {

class CommitWatch {
  public:
    // Without any call that writes, a failure is believed for so long.
    static constexpr std::chrono::minutes kBelieved{5};

    void failed(SteadyTime now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        failed_at_ = now;
    }
    void succeeded() {
        const std::lock_guard<std::mutex> lock(mutex_);
        failed_at_.reset();
    }
    // A call that writes failed for the store's sake within kBelieved, and none has written since.
    bool is_failing(SteadyTime now) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return failed_at_ && now - *failed_at_ < kBelieved;
    }

  private:
    mutable std::mutex mutex_;  // guards failed_at_ for a look; a torn time without
    std::optional<SteadyTime> failed_at_;
};

}  // namespace ndes::crp
