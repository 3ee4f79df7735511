// A receiver over TLS that is away, fails, hangs and answers half before it works again: nothing is
// lost, the order within a transaction holds, and the backlog drains quickly.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "crp-service/state_messages/dispatcher.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_tls_server.h"
#include "tests/unit/common/fakes.h"
#include "tests/unit/state_messages/webhook_bench.h"

using namespace std::chrono_literals;
using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

enum class Mood { away, failing, hanging, half, well };

// Keeps each event the first time it comes.
class Receiver {
  public:
    Receiver() : server_(tls_fixture().server_context, [this](auto& at) { serve(at); }) {}

    std::uint16_t port() const { return server_.port(); }
    void become(Mood mood) {
        const std::lock_guard lock(mutex_);
        mood_ = mood;
        seen_in_mood_ = 0;
    }
    // False after 30 seconds.
    bool wait_for(const std::function<bool()>& condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 30s, condition);
    }
    bool wait_until_asked() {
        return wait_for([this] { return seen_in_mood_ > 0; });
    }
    bool wait_for_events(std::size_t count) {
        return wait_for([this, count] { return events_.size() >= count; });
    }
    std::vector<Json> events() {
        const std::lock_guard lock(mutex_);
        return events_;
    }

  private:
    void serve(ScriptedConnection& at) {
        if (mood() == Mood::away) return note();
        if (!at.handshake()) return;
        while (const auto request = at.read_request()) {
            switch (mood()) {
                case Mood::away: return note();
                case Mood::failing: at.send(http_answer(500, "", "")); break;
                case Mood::hanging: note(); return at.wait_for_end();
                case Mood::half:
                    keep(*request);  // it did take the message, and will see it again
                    at.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal");
                    return note();
                case Mood::well:
                    keep(*request);
                    at.send(http_answer(200, "", ""));
                    break;
            }
            note();
        }
    }
    Mood mood() {
        const std::lock_guard lock(mutex_);
        return mood_;
    }
    void note() {
        const std::lock_guard lock(mutex_);
        ++seen_in_mood_;
        changed_.notify_all();
    }
    void keep(const std::string& request) {
        const auto event = parse_json(request.substr(request.find("\r\n\r\n") + 4));
        const std::lock_guard lock(mutex_);
        if (event && ids_.insert(event->at("id").get<std::string>()).second) {
            events_.push_back(*event);
        }
        changed_.notify_all();
    }

    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    Mood mood_ = Mood::away;
    int seen_in_mood_ = 0;
    std::set<std::string> ids_;
    std::vector<Json> events_;
    ScriptedTlsServer server_;  // last: its threads use the rest
};

}  // namespace

TEST_CASE("a receiver that comes back gets everything once, in order, quickly") {
    constexpr int kMessages = 2'000;
    constexpr int kTransactions = 500;
    Receiver receiver;
    WebhookBench bench(receiver.port());
    bench.options.deadline = 500ms;
    WebhookSink sink(bench.options, bench.material(), system_clock());
    MemoryStore store;
    store.set_sinks({"mdm"});
    for (int i = 0; i < kMessages; ++i) {
        StateMessage message =
            sample_message(std::to_string(i), "tx-" + std::to_string(i % kTransactions));
        message.created_at = system_clock().now();
        record_message(store, std::move(message));
    }
    RecordingLog log;
    DispatcherOptions options;
    options.poll_interval = 10ms;
    options.retry_least = 10ms;
    options.retry_most = 100ms;
    options.pause_most = 100ms;
    Dispatcher dispatcher({store, sink, system_clock(), system_random(), log}, "mdm", "node-1",
                          options);
    dispatcher.start();
    for (Mood mood : {Mood::away, Mood::failing, Mood::hanging, Mood::half}) {
        receiver.become(mood);
        CAPTURE(static_cast<int>(mood));
        REQUIRE(receiver.wait_until_asked());
    }
    const std::size_t before = receiver.events().size();
    CHECK(before < 100);
    receiver.become(Mood::well);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(receiver.wait_for_events(kMessages));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const double rate = static_cast<double>(kMessages - before) / took.count();
    WARN("drained " << rate << " messages/s");
    CHECK(rate >= 200);

    std::map<std::string, int> last;
    for (const Json& event : receiver.events()) {
        const int number = std::stoi(event.at("id").get<std::string>());
        const auto [at, first] = last.try_emplace(event.at("subject").get<std::string>(), number);
        if (first) continue;
        CHECK(at->second < number);
        at->second = number;
    }
    CHECK(last.size() == kTransactions);
    CHECK(dispatcher.counters().dead == 0);
    dispatcher.stop();
}
