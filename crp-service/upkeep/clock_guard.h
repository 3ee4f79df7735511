// ClockGuard: whether the wall clock may be believed when records are to be thrown away by it.
// Compares it with the newest time recorded and with the clock that only goes forward.
// One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/clock.h"

namespace ndes::crp {

class ClockGuard {
  public:
    // `newest`: Store::last_recorded_time() before this process recorded anything; nothing: the
    // store is empty. `clock` outlives this object.
    ClockGuard(const Clock& clock, std::optional<WallTime> newest,
               std::chrono::milliseconds most_leap);

    // Why `now` is not to be believed, in the operator's words; nothing: it is. What was recorded
    // meanwhile is no evidence: its times came from the same clock.
    std::optional<std::string> doubt(WallTime now);

  private:
    const Clock& clock_;
    const std::chrono::milliseconds most_leap_;
    WallTime believed_;  // a wall time that was believed, and
    SteadyTime at_;      // when that was
};

}  // namespace ndes::crp
