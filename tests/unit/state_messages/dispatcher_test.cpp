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
            const bool refused = refused_ids.contains(message.id);
            if (down || refused) {
                results.push_back(
                    ndes::fail(down ? ErrorCode::storage : ErrorCode::bad_request, "refused"));
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
    commit.messages = {message};
    REQUIRE(store.commit_decision(commit));
}

struct Fixture {
    MemoryStore store;
    FakeSink sink;
    ndes::test::FakeClock clock{"2026-11-20T12:00:00Z"};
    ndes::test::SeededRandom random{1};
    ndes::test::RecordingLog log;
    DispatcherOptions options{.poll_interval = 1s, .retry_least = 1s, .retry_most = 60s};
    Dispatcher dispatcher{store, sink, clock, random, log, options};

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
    Dispatcher dispatcher(fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log,
                          fixture.options);
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
    const auto messages = fixture.store.list_state_messages({})->items;
    CHECK(messages[0].attempts == 1);
    CHECK(messages[0].last_error == "refused");
    CHECK(messages[1].attempts == 0);

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
        const auto message = fixture.store.list_state_messages({})->items[0];
        REQUIRE(message.attempts == attempt + 1);
        waits.push_back(*message.next_attempt_at - fixture.clock.now());
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
    Dispatcher dispatcher(fixture.store, fixture.sink, fixture.clock, fixture.random, fixture.log,
                          fixture.options);
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
    CHECK(fixture.store.due_state_messages(fixture.clock.now(), 10)->size() == 1);
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
    ndes::crp::InboxSink inbox(folder / "inbox", fixture.log);
    Dispatcher dispatcher(fixture.store, inbox, fixture.clock, fixture.random, fixture.log,
                          fixture.options);
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
