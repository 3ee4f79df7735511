#include "scep-server/enroll/notify_dispatcher.h"

#include <set>

#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;
using namespace std::chrono_literals;
using test::FakePolicy;

namespace {

struct Bench {
    Bench() {
        test::write_text(folder / "key", std::string(64, '5'));
        std::filesystem::permissions(folder / "key", std::filesystem::perms::owner_read);
        auto loaded = ChallengeSeal::load(folder / "key", system_random());
        REQUIRE(loaded);
        seal = std::make_unique<ChallengeSeal>(std::move(*loaded));
        auto opened = Journal::open(folder / "j.db", true, clock);
        REQUIRE(opened);
        journal = std::move(*opened);
    }

    void record(const std::string& transaction, const std::string& request,
                const std::string& challenge, std::int32_t disposition = 2) {
        PendingNotify notify;
        notify.transaction_id = transaction;
        notify.request_id = request;
        notify.challenge_sealed = *seal->seal(challenge, {transaction, request});
        notify.disposition = disposition;
        REQUIRE(journal->record_notify(notify));
    }

    std::unique_ptr<NotifyDispatcher> start(std::size_t threads = 4) {
        return std::make_unique<NotifyDispatcher>(
            NotifyOptions{1s, 60s, threads, 2ms, 5},
            NotifyParts{*journal, [this](const std::string&) { return &policy; }, *seal, log, clock,
                        system_random()});
    }

    // The acknowledgement is written after the call; it has 10 s to come.
    bool journal_runs_empty() const {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (journal->notifies().census()->waiting != 0) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::yield();
        }
        return true;
    }

    // Until so many are dead letters; 10 s.
    bool buries(std::size_t count) const {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (journal->notifies().census()->dead != count) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::yield();
        }
        return true;
    }

    test::TemporaryFolder folder;
    test::FakeClock clock;
    test::RecordingLog log;
    FakePolicy policy;
    std::unique_ptr<ChallengeSeal> seal;
    std::unique_ptr<Journal> journal;
};

}  // namespace

TEST_CASE("what an earlier run left is told at the start, with its challenge") {
    Bench bench;
    bench.record("tx", "request", "the challenge", 2);
    {
        const auto dispatcher = bench.start();
        const auto told = bench.policy.wait_for_notifies(1);
        REQUIRE(told.size() == 1);
        CHECK(told[0].challenge == "the challenge");
        CHECK(told[0].transaction_id == "tx");
        CHECK(told[0].request_id == "request");
        CHECK(told[0].disposition == 2);
        dispatcher->stop();
    }
    CHECK(bench.journal->notifies().census()->waiting == 0);
    CHECK(bench.log.text().find("the challenge") == std::string::npos);
}

TEST_CASE("each outcome is told once while the module takes it") {
    Bench bench;
    const auto dispatcher = bench.start();
    for (int i = 0; i < 100; ++i) {
        bench.record("tx" + std::to_string(i), "r", "");
        dispatcher->wake();
    }
    const auto told = bench.policy.wait_for_notifies(100);
    CHECK(bench.journal_runs_empty());
    dispatcher->stop();
    std::set<std::string> transactions;
    for (const auto& one : told)
        transactions.insert(one.transaction_id);
    CHECK(transactions.size() == 100);
    CHECK(bench.policy.wait_for_notifies(100).size() == 100);
}

TEST_CASE("a transaction's outcomes keep their order") {
    Bench bench;
    for (int i = 0; i < 10; ++i)
        for (const char* transaction : {"a", "b", "c"})
            bench.record(transaction, std::to_string(i), "");
    const auto dispatcher = bench.start(4);
    const auto told = bench.policy.wait_for_notifies(30);
    REQUIRE(told.size() == 30);
    std::map<std::string, int> next;
    for (const auto& one : told)
        CHECK(one.request_id == std::to_string(next[one.transaction_id]++));
}

TEST_CASE("a refusal is repeated after its back-off, and only then") {
    Bench bench;
    std::atomic<int> failures{3};
    bench.policy.on_notify = [&](const FakePolicy::Notified&) -> Result<void> {
        if (failures-- > 0) return fail(ErrorCode::unavailable, "CRP is away");
        return {};
    };
    bench.record("tx", "r", "c");
    const auto dispatcher = bench.start();
    std::size_t calls = 0;
    while (failures > 0) {
        ++calls;
        REQUIRE(bench.policy.wait_for_notifies(calls).size() == calls);
        // Not due yet: nothing happens, however often it looks.
        dispatcher->wake();
        dispatcher->wake();
        CHECK(bench.policy.wait_for_notifies(calls).size() == calls);
        // The wait doubles: 1, 2, 4 s; wait for the row to carry it before the clock is moved.
        while (!bench.journal->notifies().due(1)->empty())
            std::this_thread::yield();
        bench.clock.advance(8s);
    }
    REQUIRE(bench.policy.wait_for_notifies(4).size() == 4);
    CHECK(bench.journal_runs_empty());
    CHECK(bench.log.text().find("CRP is away") != std::string::npos);
}

TEST_CASE("a challenge that does not open is not told as if there were none") {
    Bench bench;
    bench.record("tx", "r", "c");
    PendingNotify foreign;
    foreign.transaction_id = "foreign";
    foreign.request_id = "r";
    foreign.challenge_sealed = *bench.seal->seal("c", {"other", "r"});
    foreign.disposition = 2;
    REQUIRE(bench.journal->record_notify(foreign));
    const auto dispatcher = bench.start();
    REQUIRE(bench.policy.wait_for_notifies(1).size() == 1);
    while (!bench.journal->notifies().due(1)->empty())
        std::this_thread::yield();
    dispatcher->stop();
    CHECK(bench.policy.wait_for_notifies(1).size() == 1);
    CHECK(bench.journal->notifies().census()->waiting == 1);
    CHECK(bench.log.text().find("journal.key_file") != std::string::npos);
}

TEST_CASE("what is refused for good is a dead letter at once, and holds nothing back") {
    Bench bench;
    std::atomic<bool> refuses{true};
    bench.policy.on_notify = [&](const FakePolicy::Notified& told) -> Result<void> {
        if (refuses && told.request_id == "first")
            return fail(ErrorCode::bad_request, "never", "0x80190199");
        return {};
    };
    bench.record("tx", "first", "c");
    bench.record("tx", "second", "c");
    const auto dispatcher = bench.start();
    REQUIRE(bench.buries(1));
    CHECK(bench.journal_runs_empty());
    CHECK(bench.policy.wait_for_notifies(2).back().request_id == "second");
    const auto dead = bench.journal->notifies().list(0, 10, NotifyKind::dead);
    REQUIRE(dead->size() == 1);
    CHECK(dead->front().request_id == "first");
    CHECK(dead->front().last_error == "never (0x80190199)");
    CHECK(dead->front().attempts == 1);
    CHECK(bench.log.text().find("will not be taken and is told no longer: never") !=
          std::string::npos);
    CHECK(bench.log.text().find("sealed") == std::string::npos);

    // An operator has seen to it.
    refuses = false;
    REQUIRE(bench.journal->notifies().retry(dead->front().id));
    dispatcher->wake();
    CHECK(bench.policy.wait_for_notifies(3).back().request_id == "first");
    CHECK(bench.journal_runs_empty());
    CHECK(bench.buries(0));
}

TEST_CASE("a CRP that is away for days loses nothing; what fails otherwise ends as a dead letter") {
    const auto code = GENERATE(ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::internal);
    Bench bench;
    std::atomic<bool> away{true};
    bench.policy.on_notify = [&, code](const FakePolicy::Notified&) -> Result<void> {
        if (away) return fail(code, "not told");
        return {};
    };
    for (int i = 0; i < 10; ++i)
        bench.record("tx" + std::to_string(i), "r", "c");
    const auto dispatcher = bench.start();
    const bool given_up = code == ErrorCode::internal;
    for (std::size_t round = 1; round <= (given_up ? 5u : 40u); ++round) {
        REQUIRE(bench.policy.wait_for_notifies(10 * round).size() == 10 * round);
        while (!bench.journal->notifies().due(1)->empty())
            std::this_thread::yield();
        if (round == 40) away = false;  // all wait for their time
        bench.clock.advance(std::chrono::hours(1));
        dispatcher->wake();
    }
    if (given_up) {
        CHECK(bench.buries(10));
        return;
    }
    CHECK(bench.journal_runs_empty());
    CHECK(bench.buries(0));
}
