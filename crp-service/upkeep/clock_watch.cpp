#include "crp-service/upkeep/clock_watch.h"

#include <string>
#include <utility>

namespace ndes::crp {
namespace {

constexpr std::chrono::milliseconds kLeastStep{2'000};

}  // namespace

ClockWatch::ClockWatch(Store& store, Log& log, const Clock& clock)
    : store_(store), log_(log), clock_(clock), wall_(clock.now()), steady_(clock.steady_now()) {}

void ClockWatch::look_back(std::optional<WallTime> newest) {
    if (newest && *newest - wall_ >= kLeastStep) tell(wall_ - *newest);
}

void ClockWatch::look() {
    const WallTime wall = clock_.now();
    const SteadyTime steady = clock_.steady_now();
    const auto step =
        (wall - wall_) - std::chrono::duration_cast<std::chrono::milliseconds>(steady - steady_);
    wall_ = wall;
    steady_ = steady;
    if (std::chrono::abs(step) >= kLeastStep) tell(step);
}

void ClockWatch::tell(std::chrono::milliseconds step) {
    const std::string by = std::to_string(step.count()) + "ms";
    log_.note(Severity::warning, "The clock was set by " + by, {{"event", "clock-step"}});
    AuditRecord record;
    record.time = wall_;
    record.event = "clock-step";
    record.outcome = "permit";
    record.facts = {{"step", by}};
    if (auto recorded = store_.append_audit(std::move(record)); !recorded) {
        log_.note(Severity::error, "The clock's step could not be audited",
                  {{"event", "clock-step"}, {"detail", recorded.error().text}});
    }
}

}  // namespace ndes::crp
