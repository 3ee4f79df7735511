// ClockFloor: the newest time that this crpd has recorded or seen. While the clock is far behind
// it, what has expired would be good again: challenges, callers, certificates. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "common/clock.h"

namespace ndes::crp {

class ClockFloor {
  public:
    static constexpr std::chrono::minutes kTolerance{5};

    // `newest`: Store::last_recorded_time() before this process recorded anything. `clock` outlives
    // this object.
    ClockFloor(const Clock& clock, std::optional<WallTime> newest)
        : clock_(clock), newest_(newest.value_or(clock.now())) {}

    WallTime newest() const { return newest_; }

    // Looks at the clock: how far it is behind; zero: not at all.
    std::chrono::milliseconds behind() {
        const WallTime now = clock_.now();
        WallTime newest = newest_;
        while (newest < now && !newest_.compare_exchange_weak(newest, now)) {
        }
        return newest > now ? newest - now : std::chrono::milliseconds(0);
    }

  private:
    const Clock& clock_;
    std::atomic<WallTime> newest_;
};

}  // namespace ndes::crp
