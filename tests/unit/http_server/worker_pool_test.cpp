#include "common/http_server/detail/worker_pool.h"

#include <atomic>

#include "common/http_server/detail/connection_limits.h"
#include "tests/catch.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::http {
namespace {

class Call final : public Task {
  public:
    explicit Call(std::function<void()> body) : body_(std::move(body)) {}
    void run() noexcept override { body_(); }

  private:
    std::function<void()> body_;
};

std::shared_ptr<Task> call(std::function<void()> body) {
    return std::make_shared<Call>(std::move(body));
}

}  // namespace

TEST_CASE("every task accepted runs, also under many submitters") {
    WorkerPool pool(3, 1'000'000);
    std::atomic<int> done{0};
    constexpr int kEach = 5'000;
    std::vector<std::thread> submitters;
    for (int i = 0; i < 3; ++i) {
        submitters.emplace_back([&] {
            for (int n = 0; n < kEach; ++n)
                pool.submit(call([&] { ++done; }));
        });
    }
    for (auto& submitter : submitters)
        submitter.join();
    CHECK(test::eventually([&] { return done == 3 * kEach; }));
}

TEST_CASE("workers run side by side: one slow task does not hold up another") {
    WorkerPool pool(2, 10);
    test::Gate gate;
    REQUIRE(pool.submit(call([&] { gate.pass(); })));
    REQUIRE(pool.submit(call([&] { gate.pass(); })));
    CHECK(gate.wait_for(2));
    gate.open();
}

TEST_CASE("the queue is bounded; stop drops what waits and ends what runs") {
    WorkerPool pool(1, 2);
    test::Gate gate;
    std::atomic<int> ran{0};
    REQUIRE(pool.submit(call([&] { gate.pass(); })));
    REQUIRE(gate.wait_for(1));
    CHECK(pool.submit(call([&] { ++ran; })));
    CHECK(pool.submit(call([&] { ++ran; })));
    CHECK_FALSE(pool.submit(call([&] { ++ran; })));
    std::thread stopper([&] { pool.stop(); });
    CHECK(test::eventually([&] { return !pool.submit(call([] {})); }));
    gate.open();
    stopper.join();
    CHECK(ran <= 2);
    CHECK_FALSE(pool.submit(call([] {})));
}

TEST_CASE("connections are limited in all and per client") {
    ConnectionLimits limits(3, 2);
    auto a1 = limits.admit("a");
    auto a2 = limits.admit("a");
    REQUIRE(a1);
    REQUIRE(a2);
    CHECK_FALSE(limits.admit("a"));
    auto b1 = limits.admit("b");
    REQUIRE(b1);
    CHECK_FALSE(limits.admit("c"));
    CHECK(limits.open() == 3);
    a1.reset();
    CHECK(limits.admit("a"));  // given back at once
    CHECK(limits.open() == 2);
    CHECK_FALSE(limits.wait_until_none(std::chrono::milliseconds(1)));
    a2.reset();
    b1.reset();
    CHECK(limits.wait_until_none(std::chrono::milliseconds(0)));
}

}  // namespace ndes::http
