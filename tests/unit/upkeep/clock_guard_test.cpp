#include "crp-service/upkeep/clock_guard.h"

#include "tests/catch.h"
#include "tests/unit/upkeep/two_clocks.h"

using namespace std::chrono_literals;
using ndes::WallTime;
using ndes::crp::ClockGuard;

namespace {

constexpr auto kDay = std::chrono::milliseconds(24h);
const WallTime kStart = *ndes::from_rfc3339("2026-11-20T12:00:00Z");

bool believes(ClockGuard& guard, const ndes::Clock& clock) { return !guard.doubt(clock.now()); }

}  // namespace

TEST_CASE("a clock that goes on as time passes is believed, also after days without a record") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, kStart - 6 * kDay, 7 * kDay);
    CHECK(believes(guard, clock));
    clock.pass(100 * kDay);
    CHECK(believes(guard, clock));
}

TEST_CASE("an empty store has nothing to hold against the clock") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, std::nullopt, 7 * kDay);
    CHECK(believes(guard, clock));
}

TEST_CASE("a clock that is far ahead of the newest record at the start is not believed") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, kStart - 7 * kDay - 1ms, 7 * kDay);
    const auto doubt = guard.doubt(clock.now());
    REQUIRE(doubt);
    CHECK(doubt->find("leapt ahead") != std::string::npos);
    CHECK(doubt->find("2026-11-20T12:00:00.000Z") != std::string::npos);
    clock.step(-1ms);
    CHECK(believes(guard, clock));
}

TEST_CASE("a leap while running is not believed, until it is undone") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, kStart, 7 * kDay);
    clock.step(7 * kDay + 1s);
    CHECK_FALSE(believes(guard, clock));
    clock.pass(30 * kDay);
    CHECK_FALSE(believes(guard, clock));
    clock.step(-7 * kDay - 1s);
    CHECK(believes(guard, clock));
}

TEST_CASE("a clock that was set back is not believed until it is put right") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, kStart, 7 * kDay);
    clock.step(-5min);  // several crpd, each with a clock of its own
    CHECK(believes(guard, clock));
    clock.step(-1ms);
    const auto doubt = guard.doubt(clock.now());
    REQUIRE(doubt);
    CHECK(doubt->find("set back") != std::string::npos);
    clock.pass(100 * kDay);
    CHECK_FALSE(believes(guard, clock));
    clock.step(1ms);
    CHECK(believes(guard, clock));
}

TEST_CASE("a clock that is behind the newest record at the start is not believed") {
    ndes::test::TwoClocks clock(kStart);
    ClockGuard guard(clock, kStart + 5min + 1ms, 7 * kDay);
    CHECK_FALSE(believes(guard, clock));
    clock.step(1ms);
    CHECK(believes(guard, clock));
}
