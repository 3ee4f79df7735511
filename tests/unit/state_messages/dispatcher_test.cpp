#include "crp-service/state_messages/dispatcher.h"

#include <future>
#include <map>
#include <set>

#include "crp-service/state_messages/inbox_sink.h"
#include "crp-service/store/memory_store.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/recording_log.h"
#include "tests/unit/common/fakes.h"

using namespace std::chrono_literals;
using ndes::ErrorCode;
using ndes::Result;
using ndes::crp::Dispatcher;
using ndes::crp::DispatcherOptions;
using ndes::crp::MemoryStore;
using ndes::crp::StateMessage;

namespace {

// Remembers what arrived; refuses what it is told to.
class FakeSink final : public ndes::crp::StateMessageSink {
  public:
    std::vector<Result<void>> deliver(std::span<const StateMessage> messages) override {
        const std::lock_guard guard(mutex_);
        std::vector<Result<void>> results;
        for (const StateMessage& message : messages) {
            if (results.size() == most) break;
            const bool refused = refused_ids.contains(message.id);
            if (down || refused) {
                auto failure = ndes::fail(down ? ErrorCode::storage : refusal, "refused");
                failure.value().retry_after = retry_after;
                results.push_back(std::move(failure));
                continue;
            }
            arrived.push_back(message.id);
            results.emplace_back();
        }
        ++calls;
        if (arrived.size() == promised_ && !promise_kept_) {
            promise_kept_ = true;
            promise_.set_value();
        }
        return results;
    }
    std::future<void> when_arrived(std::size_t count) {
        promised_ = count;
        return promise_.get_future();
    }

    std::vector<std::string> arrived;
    std::set<std::string> refused_ids;
    ErrorCode refusal = ErrorCode::bad_request;
    std::optional<std::chrono::seconds> retry_after;
    std::size_t most = 1000;  // messages tried of one batch
    bool down = false;
    int calls = 0;

  private:
    std::mutex mutex_;
    std::promise<void> promise_;
    std::size_t promised_ = 0;
    bool promise_kept_ = false;
};

void record(MemoryStore& store, const std::string& id, const std::string& transaction) {
    ndes::crp::DecisionCommit commit;
    commit.decision.id = "decision-" + id;
    commit.decision.transaction_id = transaction;
    StateMessage message;
    message.id = id;
    message.transaction_id = transaction;
    message.created_at = ndes::from_rfc3339("2026-11-20T12:00:00Z").value();
    commit.messages = {message};
    REQUIRE(store.commit_decision(commit));
}

struct Fixture {
    MemoryStore store;
    FakeSink sink;
    ndes::test::FakeClock clock{"2026-11-20T12:00:00Z"};
    ndes::test::SeededRandom random{1};
    ndes::test::RecordingLog log;
    DispatcherOptions options{
        .poll_interval = 1s, .retry_least = 1s, .retry_most = 60s, .pause_most = 60s};
    Dispatcher dispatcher{{store, sink, clock, random, log}, "fake", "node-1", options};

    Fixture() { store.set_sinks({"fake"}); }

    StateMessage message(std::size_t at) { return store.list_state_messages({})->items[at]; }

    std::size_t run_until_idle() {
        std::size_t delivered = 0;
        while (const std::size_t count = dispatcher.run_once())
            delivered += count;
        return delivered;
    }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("messages are delivered oldest first, in order within a transaction, once") {
    Fixture fixture;
    record(fixture.store, "1", "a");
    record(fixture.store, "2", "b");
    record(fixture.store, "3", "a");
    CHECK(fixture.run_until_idle() == 3);
    CHECK(fixture.sink.arrived == Ids{"1", "2", "3"});
    CHECK(fixture.dispatcher.run_once() == 0);
    CHECK(fixture.sink.arrived.size() == 3);
    const auto counters = fixture.dispatcher.counters();
    CHECK(counters.delivered == 3);
    CHECK(counters.failed == 0);
    CHECK(counters.pending == 0);
    CHECK(fixture.log.texts() == Ids(3, "Successfully sent state message"));
    CHECK(fixture.log.lines()[0].transaction_id == "a");
}

TEST_CASE("a batch is bounded") {
    Fixture fixture;
    fixture.options.batch = 2;
    Dispatcher dispatcher({fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log},
                          "fake", "node-1", fixture.options);
    for (int i = 0; i < 5; ++i)
        record(fixture.store, std::to_string(i), std::to_string(i));
    CHECK(dispatcher.run_once() == 2);
    CHECK(dispatcher.run_once() == 2);
    CHECK(dispatcher.run_once() == 1);
}

TEST_CASE("while the sink is down nothing is lost and it is asked less and less often") {
    Fixture fixture;
    fixture.sink.down = true;
    for (int i = 0; i < 10; ++i)
        record(fixture.store, std::to_string(i), std::to_string(i));
    CHECK(fixture.dispatcher.run_once() == 0);
    CHECK(fixture.sink.calls == 1);
    CHECK(fixture.dispatcher.counters().pending == 10);
    CHECK(fixture.dispatcher.counters().failed == 10);
    CHECK(fixture.dispatcher.run_once() == 0);  // at once again: not asked
    CHECK(fixture.sink.calls == 1);
    // Only the first message carries the failure; it is the sink's, not the messages'.
    CHECK(fixture.message(0).deliveries[0].attempts == 1);
    CHECK(fixture.message(0).deliveries[0].last_error == "refused");
    CHECK(fixture.message(1).deliveries[0].attempts == 0);
    CHECK(fixture.dispatcher.counters().is_down);

    // An hour of outage: about 60 s between attempts in the end.
    for (int second = 0; second < 3600; ++second) {
        fixture.clock.advance(1s);
        fixture.dispatcher.run_once();
    }
    CHECK(fixture.sink.calls > 60);
    CHECK(fixture.sink.calls < 140);

    fixture.sink.down = false;
    fixture.clock.advance(60s);
    CHECK(fixture.run_until_idle() == 10);
    CHECK(fixture.sink.arrived == Ids{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

TEST_CASE("one message that cannot be delivered holds back its own transaction alone") {
    Fixture fixture;
    fixture.sink.refused_ids = {"1"};
    record(fixture.store, "1", "a");
    record(fixture.store, "2", "a");
    record(fixture.store, "3", "b");
    CHECK(fixture.run_until_idle() == 1);
    CHECK(fixture.sink.arrived == Ids{"3"});
    CHECK(fixture.dispatcher.counters().failed == 1);
    CHECK(fixture.log.all().find("Failed to send state message. refused") != std::string::npos);

    record(fixture.store, "4", "c");
    CHECK(fixture.run_until_idle() == 1);  // no pause for the others

    fixture.sink.refused_ids.clear();
    CHECK(fixture.run_until_idle() == 0);  // not before its time
    fixture.clock.advance(1s);
    CHECK(fixture.run_until_idle() == 2);
    CHECK(fixture.sink.arrived == Ids{"3", "4", "1", "2"});
}

TEST_CASE("waits double up to the longest, with a share of chance") {
    Fixture fixture;
    fixture.sink.refused_ids = {"1"};
    record(fixture.store, "1", "a");
    std::vector<std::chrono::milliseconds> waits;
    for (int attempt = 0; attempt < 12; ++attempt) {
        fixture.dispatcher.run_once();
        const auto delivery = fixture.message(0).deliveries[0];
        REQUIRE(delivery.attempts == attempt + 1);
        waits.push_back(*delivery.next_attempt_at - fixture.clock.now());
        fixture.clock.advance(waits.back());
    }
    std::set<std::int64_t> different;
    for (std::size_t i = 0; i < waits.size(); ++i) {
        const auto longest = std::min<std::chrono::milliseconds>(1s * (1 << i), 60s);
        CAPTURE(i, waits[i].count());
        CHECK(waits[i] >= longest / 2);
        CHECK(waits[i] <= longest);
        different.insert(waits[i].count());
    }
    CHECK(different.size() > 6);
}

TEST_CASE("the thread delivers what it is told of, and stops with the rest in the outbox") {
    Fixture fixture;
    fixture.options.poll_interval = 1h;
    Dispatcher dispatcher({fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log},
                          "fake", "node-1", fixture.options);
    auto all = fixture.sink.when_arrived(100);
    dispatcher.start();
    for (int i = 0; i < 100; ++i) {
        record(fixture.store, std::to_string(i), std::to_string(i % 10));
        dispatcher.notify();
    }
    REQUIRE(all.wait_for(60s) == std::future_status::ready);
    dispatcher.stop();
    record(fixture.store, "late", "late");
    dispatcher.notify();
    CHECK(fixture.sink.arrived.size() == 100);
    CHECK(fixture.store.due_state_messages("fake", fixture.clock.now(), 10)->size() == 1);
    // In order within each transaction.
    std::map<int, int> last;
    for (const std::string& id : fixture.sink.arrived) {
        const int number = std::stoi(id);
        const auto [entry, first] = last.try_emplace(number % 10, number);
        if (first) continue;
        CHECK(entry->second < number);
        entry->second = number;
    }
}

TEST_CASE("an inbox that comes late gets exactly one file for each message") {
    const ndes::test::TemporaryFolder folder;
    Fixture fixture;
    ndes::crp::InboxSink inbox(folder / "inbox", nullptr, fixture.clock, fixture.log);
    Dispatcher dispatcher({fixture.store, inbox, fixture.clock, fixture.random, fixture.log},
                          "fake", "node-1", fixture.options);
    for (int i = 0; i < 600; ++i)
        record(fixture.store, std::to_string(i), std::to_string(i % 300));
    CHECK(dispatcher.run_once() == 0);
    CHECK(fixture.log.all().find("cannot open the inbox") != std::string::npos);
    std::filesystem::create_directory(folder / "inbox");
    fixture.clock.advance(1s);
    std::size_t delivered = 0;
    while (const std::size_t count = dispatcher.run_once())
        delivered += count;
    CHECK(delivered == 600);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "inbox")) {
        files += entry.path().extension() == ".SMX";
    }
    CHECK(files == 600);
}

TEST_CASE("a sink that is down holds up no other") {
    Fixture fixture;
    fixture.store.set_sinks({"fake", "other"});
    FakeSink other_sink;
    Dispatcher other({fixture.store, other_sink, fixture.clock, fixture.random, fixture.log},
                     "other", "node-1", fixture.options);
    fixture.sink.down = true;
    for (int i = 0; i < 10; ++i)
        record(fixture.store, std::to_string(i), "a");
    for (int i = 0; i < 20; ++i) {
        fixture.dispatcher.run_once();
        other.run_once();
        fixture.clock.advance(1s);
    }
    CHECK(other_sink.arrived == Ids{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
    CHECK(fixture.sink.arrived.empty());
    fixture.sink.down = false;
    fixture.clock.advance(60s);
    CHECK(fixture.run_until_idle() == 10);
    CHECK(fixture.sink.arrived == other_sink.arrived);
}

TEST_CASE("what the receiver never wants is a dead letter at once, and can be sent again") {
    Fixture fixture;
    fixture.sink.refusal = ErrorCode::not_found;
    fixture.sink.refused_ids = {"1"};
    record(fixture.store, "1", "a");
    record(fixture.store, "2", "a");
    fixture.run_until_idle();
    CHECK(fixture.sink.arrived == Ids{"2"});
    CHECK(fixture.dispatcher.counters().dead == 1);
    const auto dead = fixture.store.list_dead_letters("fake", {});
    REQUIRE(dead);
    REQUIRE(dead->items.size() == 1);
    CHECK(dead->items[0].id == "1");
    CHECK(dead->items[0].deliveries[0].last_error == "refused");
    CHECK(fixture.log.all().find("it is a dead letter now") != std::string::npos);

    fixture.sink.refused_ids.clear();
    ndes::crp::Replay replay;
    replay.all_dead = true;
    CHECK(fixture.store.replay("fake", replay, {}).value() == 1);
    fixture.run_until_idle();
    CHECK(fixture.sink.arrived == Ids{"2", "1"});
    CHECK(fixture.store.list_dead_letters("fake", {})->items.empty());
}

TEST_CASE("age and the number of refusals make dead letters") {
    Fixture fixture;
    fixture.sink.refused_ids = {"1"};
    record(fixture.store, "1", "a");
    SECTION("refusals") {
        fixture.options.give_up_attempts = 3;
        Dispatcher dispatcher(
            {fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log}, "fake",
            "node-1", fixture.options);
        for (int i = 0; i < 10; ++i) {
            dispatcher.run_once();
            fixture.clock.advance(60s);
        }
        CHECK(fixture.sink.calls == 3);
        CHECK(dispatcher.counters().dead == 1);
    }
    SECTION("age, while the sink refuses") {
        fixture.run_until_idle();
        fixture.clock.advance(fixture.options.give_up_after);
        CHECK(fixture.dispatcher.run_once() == 1);
        CHECK(fixture.dispatcher.counters().dead == 1);
    }
    SECTION("age, while the sink is down, of every message that old") {
        fixture.sink.down = true;
        record(fixture.store, "2", "b");
        fixture.run_until_idle();
        CHECK(fixture.dispatcher.counters().dead == 0);
        fixture.clock.advance(fixture.options.give_up_after);
        CHECK(fixture.dispatcher.run_once() == 2);
        CHECK(fixture.dispatcher.counters().dead == 2);
    }
}

TEST_CASE("of two processes one delivers, and the other takes over when it is gone") {
    Fixture fixture;
    Dispatcher second({fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log},
                      "fake", "node-2", fixture.options);
    record(fixture.store, "1", "a");
    CHECK(fixture.dispatcher.run_once() == 1);
    record(fixture.store, "2", "a");
    for (int i = 0; i < 50; ++i) {  // the first stays alive and holds on
        CHECK(second.run_once() == 0);
        fixture.clock.advance(10s);
        fixture.dispatcher.run_once();
    }
    CHECK(fixture.sink.arrived == Ids{"1", "2"});
    record(fixture.store, "3", "a");  // the first is dead from here on
    fixture.clock.advance(fixture.options.lease + 1s);
    CHECK(second.run_once() == 1);
    CHECK(fixture.dispatcher.run_once() == 0);
    record(fixture.store, "4", "a");
    CHECK(fixture.dispatcher.run_once() == 0);
    CHECK(second.run_once() == 1);
    CHECK(fixture.sink.arrived == Ids{"1", "2", "3", "4"});
}

TEST_CASE("the receiver's own wish when to come back is honoured") {
    Fixture fixture;
    fixture.sink.down = true;
    fixture.sink.retry_after = 600s;
    record(fixture.store, "1", "a");
    fixture.dispatcher.run_once();
    fixture.clock.advance(599s);
    fixture.dispatcher.run_once();
    CHECK(fixture.sink.calls == 1);
    fixture.clock.advance(1s);
    fixture.dispatcher.run_once();
    CHECK(fixture.sink.calls == 2);
}

TEST_CASE("messages that a sink did not come to stay as they are") {
    Fixture fixture;
    fixture.sink.most = 3;
    for (int i = 0; i < 10; ++i)
        record(fixture.store, std::to_string(i), std::to_string(i));
    CHECK(fixture.dispatcher.run_once() == 3);
    CHECK(fixture.message(3).deliveries[0].attempts == 0);
    CHECK(fixture.run_until_idle() == 7);
}

TEST_CASE("a sink that refuses every message of several rests") {
    Fixture fixture;
    fixture.sink.refused_ids = {"0", "1", "2"};
    for (int i = 0; i < 3; ++i)
        record(fixture.store, std::to_string(i), std::to_string(i));
    CHECK(fixture.dispatcher.run_once() == 0);
    record(fixture.store, "3", "3");
    CHECK(fixture.dispatcher.run_once() == 0);
    CHECK(fixture.sink.calls == 1);
    fixture.clock.advance(1s);
    CHECK(fixture.dispatcher.run_once() == 1);
}
