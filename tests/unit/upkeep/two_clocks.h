// A clock whose wall time can be set without the steady time, as an operator or a dead battery do.
#pragma once

#include "common/clock.h"

namespace ndes::test {

class TwoClocks final : public Clock {
  public:
    explicit TwoClocks(WallTime now) : wall_(now) {}
    WallTime now() const override { return wall_; }
    SteadyTime steady_now() const override { return steady_; }
    void pass(std::chrono::milliseconds time) {
        wall_ += time;
        steady_ += time;
    }
    void step(std::chrono::milliseconds by) { wall_ += by; }

  private:
    WallTime wall_;
    SteadyTime steady_{std::chrono::hours(1)};
};

}  // namespace ndes::test
