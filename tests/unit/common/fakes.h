// Settable time and repeatable octets for the tests of common.
#pragma once

#include <cstdint>
#include <random>

#include "common/clock.h"
#include "common/random.h"

namespace ndes::test {

class FakeClock final : public Clock {
  public:
    explicit FakeClock(std::string_view rfc3339) : now_(from_rfc3339(rfc3339).value()) {}
    WallTime now() const override { return now_; }
    SteadyTime steady_now() const override { return SteadyTime(now_.time_since_epoch()); }
    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    WallTime now_;
};

// The same octets in every run; the seed is fixed so that a failure repeats.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    Bytes bytes(std::size_t count) override {
        Bytes octets(count);
        for (std::uint8_t& octet : octets)
            octet = static_cast<std::uint8_t>(engine_());
        return octets;
    }
    // 0 to bound - 1.
    std::size_t below(std::size_t bound) { return engine_() % bound; }

  private:
    std::mt19937_64 engine_;
};

}  // namespace ndes::test
