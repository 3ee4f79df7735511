#include "scep-server/enroll/single_flight.h"

#include <atomic>
#include <future>
#include <stdexcept>

#include "tests/catch.h"

using ndes::scep::SingleFlight;
using namespace std::chrono_literals;

TEST_CASE("of concurrent callers with one key one works and all get a value") {
    constexpr int kCallers = 20;
    SingleFlight<std::string, int> flights;
    std::atomic<int> arrived{0};
    std::atomic<int> at_work{0};
    std::atomic<int> worked{0};
    std::atomic<int> shared{0};
    std::atomic<int> faults{0};
    const auto work = [&] {
        if (++at_work != 1) ++faults;
        while (arrived < kCallers)
            std::this_thread::yield();
        --at_work;
        return ++worked;
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i)
        callers.emplace_back([&] {
            ++arrived;
            const auto landed = flights.run("key", work, 10s);
            if (!landed.value || *landed.value > worked) ++faults;
            if (landed.shared) ++shared;
        });
    for (std::thread& caller : callers)
        caller.join();
    // Whoever came after the first had landed worked anew; everyone else shared.
    CHECK(faults == 0);
    CHECK(worked + shared == kCallers);
}

TEST_CASE("other keys do not wait, and patience ends") {
    SingleFlight<std::string, int> flights;
    std::promise<void> started;
    std::promise<void> go;
    std::thread slow([&] {
        static_cast<void>(flights.run(
            "slow",
            [&] {
                started.set_value();
                go.get_future().wait();
                return 1;
            },
            10s));
    });
    started.get_future().wait();
    CHECK(*flights
               .run(
                   "other", [] { return 2; }, 10s)
               .value == 2);
    const auto impatient = flights.run(
        "slow", [] { return 3; }, 1ms);
    CHECK(impatient.shared);
    CHECK_FALSE(impatient.value);
    go.set_value();
    slow.join();
    CHECK(*flights
               .run(
                   "slow", [] { return 4; }, 10s)
               .value == 4);
}

TEST_CASE("a throw passes through and leaves the key free") {
    SingleFlight<std::string, int> flights;
    CHECK_THROWS_AS(flights.run(
                        "key", []() -> int { throw std::runtime_error("no"); }, 1s),
                    std::runtime_error);
    CHECK(*flights
               .run(
                   "key", [] { return 1; }, 1s)
               .value == 1);
}
