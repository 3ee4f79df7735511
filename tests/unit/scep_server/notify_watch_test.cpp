// Outcomes that do not get through: alarms, each told once, and the limit at which nothing more is
// enrolled.
#include "scep-server/enroll/notify_watch.h"

#include "scep-server/journal/journal.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;

namespace {

struct Bench {
    Bench() {
        auto opened = Journal::open(folder / "j.db", true, clock);
        REQUIRE(opened);
        journal = std::move(*opened);
    }
    std::int64_t record(const std::string& transaction) {
        PendingNotify notify;
        notify.transaction_id = transaction;
        notify.disposition = 2;
        REQUIRE(journal->record_notify(notify));
        return journal->notifies().list(0, 1000, NotifyKind::all)->back().id;
    }
    std::size_t told(const std::string& text) const {
        const std::string all = log.text();
        std::size_t count = 0;
        for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
            ++count;
        return count;
    }

    test::TemporaryFolder folder;
    test::FakeClock clock;
    test::RecordingLog log;
    std::unique_ptr<Journal> journal;
};

}  // namespace

TEST_CASE("an outcome that waits for too long is told once, and its end once") {
    Bench bench;
    NotifyWatch watch({100, std::chrono::minutes(15)}, bench.journal->notifies(), bench.log,
                      bench.clock);
    const std::int64_t id = bench.record("a");
    bench.clock.advance(std::chrono::minutes(14));
    CHECK_FALSE(watch.look()->late);
    bench.clock.advance(std::chrono::minutes(1));
    for (int i = 0; i < 3; ++i)
        CHECK(watch.look()->late);
    CHECK(bench.told("1 outcomes wait to be told, the oldest since 2026-11-20T12:00:00.000Z") == 1);
    REQUIRE(bench.journal->notifies().acknowledged(id));
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(watch.look()->late);
    CHECK(bench.told("no outcome waits for long any more") == 1);
}

TEST_CASE("dead letters raise the alarm until there are none") {
    Bench bench;
    NotifyWatch watch({}, bench.journal->notifies(), bench.log, bench.clock);
    const std::int64_t id = bench.record("a");
    REQUIRE(bench.journal->notifies().bury(id, "never"));
    CHECK(watch.look()->census.dead == 1);
    CHECK(watch.look());
    CHECK(bench.told("1 outcomes will not be taken") == 1);
    REQUIRE(bench.journal->notifies().discard(id));
    CHECK(watch.look());
    CHECK(bench.told("there are no dead letters any more") == 1);
}

TEST_CASE("at the limit there is no room, dead letters counted, until some are gone") {
    Bench bench;
    NotifyWatch watch({3, std::chrono::hours(1)}, bench.journal->notifies(), bench.log,
                      bench.clock);
    CHECK(watch.has_room());
    bench.record("a");
    bench.record("b");
    const std::int64_t last = bench.record("c");
    REQUIRE(bench.journal->notifies().bury(last, "never"));
    CHECK(watch.has_room());  // counted a moment ago
    bench.clock.advance(std::chrono::seconds(1));
    CHECK_FALSE(watch.has_room());
    CHECK_FALSE(watch.has_room());
    CHECK(bench.told("No further request is enrolled") == 1);
    REQUIRE(bench.journal->notifies().discard(last));
    bench.clock.advance(std::chrono::seconds(1));
    CHECK(watch.has_room());
    CHECK(bench.told("there is room for outcomes again") == 1);
}
