// Clock: where every part of the product gets the time from, so that tests can set it.
// Nothing else in the product reads a clock (scripts/check_layers.sh). Any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/error.h"

namespace ndes {

// Wall time in UTC, to the millisecond: the precision stored, compared and printed.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
    // Never goes back; for deadlines and durations only.
    virtual SteadyTime steady_now() const = 0;
};

// The machine's clocks. Lives for the whole process.
const Clock& system_clock();

// RFC 3339 in UTC with milliseconds: "2026-11-20T13:35:00.123Z".
std::string to_rfc3339(WallTime time);

// Accepts any offset and 0 to 9 fraction digits; bad_request otherwise. Result is UTC.
Result<WallTime> from_rfc3339(std::string_view text);

inline std::int64_t to_unix_ms(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_unix_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace ndes
