#include "crp-service/upkeep/clock_guard.h"

#include <algorithm>

namespace ndes::crp {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Several crpd on one database, each with a clock of its own.
constexpr std::chrono::minutes kTolerance{5};

}  // namespace

ClockGuard::ClockGuard(const Clock& clock, std::optional<WallTime> newest, milliseconds most_leap)
    : clock_(clock),
      most_leap_(most_leap),
      believed_(newest.value_or(clock.now())),
      at_(clock.steady_now()) {}

std::optional<std::string> ClockGuard::doubt(WallTime now) {
    const SteadyTime steady = clock_.steady_now();
    const WallTime expected = believed_ + duration_cast<milliseconds>(steady - at_);
    if (expected - now > kTolerance) {
        return "the clock was set back: it is " + to_rfc3339(now) + ", and " +
               to_rfc3339(expected) +
               " was recorded or has passed; if it is right, stop crpd and run crpctl db "
               "confirm-clock";
    }
    if (now - expected > most_leap_) {
        return "the clock leapt ahead: it is " + to_rfc3339(now) + ", and " + to_rfc3339(expected) +
               " was to be expected from the newest record and the time since; if it is right, "
               "restart crpd to confirm it";
    }
    believed_ = std::max(expected, now);  // many small steps back are one large one
    at_ = steady;
    return std::nullopt;
}

}  // namespace ndes::crp
