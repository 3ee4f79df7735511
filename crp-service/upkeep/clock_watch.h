// ClockWatch: notices that the wall clock was set, and tells log and audit: then the times of the
// audit do not tell the order of things.
// One thread.
#pragma once

#include <chrono>
#include <optional>

#include "common/clock.h"
#include "common/logging/log.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class ClockWatch {
  public:
    // The references outlive this object.
    ClockWatch(Store& store, Log& log, const Clock& clock);

    // At the start. `newest`: Store::last_recorded_time() before this process recorded anything.
    void look_back(std::optional<WallTime> newest);
    // Since the last look.
    void look();

  private:
    void tell(std::chrono::milliseconds step);

    Store& store_;
    Log& log_;
    const Clock& clock_;
    WallTime wall_;
    SteadyTime steady_;
};

}  // namespace ndes::crp
