// ClockFloor: the newest time that this crpd has recorded or seen. While the clock is far behind
// it, what has expired would be good again: challenges, callers, certificates. Any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "common/clock.h"

namespace ndes::crp {

class ClockFloor {
  public:
    static constexpr std::chrono::minutes kTolerance{5};

    // `newest`: Store::last_recorded_time() before this process recorded anything. `clock` outlives
    // this object.
    ClockFloor(const Clock& clock, std::optional<WallTime> newest)
        : clock_(clock), newest_(newest.value_or(clock.now())), seen_at_(clock.steady_now()) {}

    WallTime newest() const {
        const std::lock_guard lock(mutex_);
        return newest_;
    }

    // Looks at the clock: how far it is behind; zero: not at all. A leap ahead counts when it has
    // lasted for kTolerance: a clock that started wrong is put right within moments.
    std::chrono::milliseconds behind() {
        const std::lock_guard lock(mutex_);
        const WallTime now = clock_.now();
        const SteadyTime steady = clock_.steady_now();
        const bool leapt = now - newest_ > steady - seen_at_ + kTolerance;
        if (!leapt) leapt_at_.reset();
        if (now < newest_) return newest_ - now;
        if (leapt && steady - leapt_at_.value_or(steady) < kTolerance) {
            leapt_at_ = leapt_at_.value_or(steady);
            return std::chrono::milliseconds(0);
        }
        leapt_at_.reset();
        newest_ = now;
        seen_at_ = steady;
        return std::chrono::milliseconds(0);
    }

  private:
    const Clock& clock_;
    mutable std::mutex mutex_;  // guards what follows, held for moments
    WallTime newest_;
    SteadyTime seen_at_;  // when `newest_` was seen
    std::optional<SteadyTime> leapt_at_;
};

}  // namespace ndes::crp
