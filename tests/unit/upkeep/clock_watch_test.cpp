#include "crp-service/upkeep/clock_watch.h"

#include "crp-service/store/memory_store.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"
#include "tests/unit/upkeep/two_clocks.h"

using namespace std::chrono_literals;
using namespace ndes::test;

namespace {

struct Fixture {
    ndes::crp::MemoryStore store;
    RecordingLog log;
    TwoClocks clock{*ndes::from_rfc3339("2026-11-20T12:00:00Z")};
    ndes::crp::ClockWatch watch{store, log, clock};

    std::string steps() {
        std::string all;
        const auto page = store.list_audit({});
        for (const auto& one : page->items)
            all += one.event + " " + one.facts.at(0).second + ";";
        return all;
    }
};

}  // namespace

TEST_CASE("at the start a clock behind the newest record is told, one ahead of it is not") {
    Fixture fixture;
    fixture.watch.look_back(std::nullopt);
    fixture.watch.look_back(fixture.clock.now() - 24h);
    fixture.watch.look_back(fixture.clock.now() + 1s);
    CHECK(fixture.steps().empty());
    fixture.watch.look_back(fixture.clock.now() + 1h);
    CHECK(fixture.steps() == "clock-step -3600000ms;");
    CHECK(fixture.log.all().find("The clock was set by -3600000ms") == 0);
}

TEST_CASE("a step while running is told once, the passing of time is not") {
    Fixture fixture;
    fixture.clock.pass(24h);
    fixture.watch.look();
    CHECK(fixture.steps().empty());
    fixture.clock.step(-10s);
    fixture.watch.look();
    fixture.watch.look();
    fixture.clock.step(5s);
    fixture.watch.look();
    CHECK(fixture.steps() == "clock-step -10000ms;clock-step 5000ms;");
}
