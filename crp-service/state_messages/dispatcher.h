// Dispatcher: the one thread that empties the outbox into one sink: oldest first, in order within
// a transaction, at least once. Nothing is lost while the sink or the store fails: it tries again,
// less and less often, and puts aside as a dead letter what stays undeliverable for too long.
// Of several crpd on one database only the one that holds the sink's lease delivers.
// notify() and counters() may be called from any thread; start() and stop() from one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/state_messages/sink.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

struct DispatcherOptions {
    std::chrono::milliseconds poll_interval{1'000};   // longest wait between looks at the outbox
    std::chrono::milliseconds retry_least{5'000};     // after the first failure; doubles with each
    std::chrono::milliseconds retry_most{3'600'000};  // of one message
    std::chrono::milliseconds pause_most{300'000};    // of a sink that is down
    std::chrono::milliseconds give_up_after{7 * 86'400'000LL};  // since recorded: a dead letter
    int give_up_attempts = 0;                                   // likewise; 0: age alone counts
    std::size_t batch = 256;                  // messages handed to the sink at once, 1..1000
    std::chrono::milliseconds lease{60'000};  // longer than a batch takes
};

struct DispatcherCounters {
    std::uint64_t delivered = 0;  // since the start
    std::uint64_t failed = 0;     // attempts that failed, since the start
    std::uint64_t dead = 0;       // put aside, since the start
    std::size_t pending = 0;      // due at the last look and not delivered by it; at most a batch
    bool is_down = false;         // the sink or the store failed last
};

class Dispatcher {
  public:
    struct Parts {
        Store& store;
        StateMessageSink& sink;
        const Clock& clock;
        Random& random;
        Log& log;
    };
    // What Parts refers to outlives the dispatcher. `name`: of the sink, as the store knows it;
    // `node`: of this process among those on one database.
    Dispatcher(Parts parts, std::string name, std::string node, DispatcherOptions options);
    ~Dispatcher();  // as stop()

    void start();
    // Finishes the batch under way; what is left stays in the outbox for the next start.
    void stop();
    // There may be something new in the outbox.
    void notify();
    DispatcherCounters counters() const;
    const std::string& name() const { return name_; }

    // One look at the outbox; how many messages left it. The thread calls it; a test may call it
    // instead of start().
    std::size_t run_once();

  private:
    using Messages = std::vector<StateMessage>;

    void work();
    Result<bool> hold_lease(WallTime now);
    std::size_t hand_over(const Messages& due);
    void take_failure(const StateMessage& message, const Error& error);
    void take_outage(const Messages& due, std::size_t failed_at, const Error& error);
    bool is_hopeless(const StateMessage& message) const;
    void bury(const StateMessage& message, const Error& error);
    void note_failure(const StateMessage& message, const Error& error, WallTime next_attempt);
    void pause(const Error& error, const char* what);
    std::chrono::milliseconds back_off(int failures_before, std::chrono::milliseconds most);

    const Parts parts_;
    const std::string name_;
    const std::string node_;
    const DispatcherOptions options_;

    // The dispatching thread's. While sink or store is down nobody is asked before paused_until_.
    WallTime paused_until_{};
    WallTime lease_until_{};
    int pauses_ = 0;  // in a row

    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> dead_{0};
    std::atomic<std::size_t> pending_{0};
    std::atomic<bool> is_down_{false};

    std::mutex mutex_;  // guards the two flags; never held during a delivery
    std::condition_variable wake_;
    bool stopping_ = false;
    bool notified_ = false;
    std::thread thread_;
};

}  // namespace ndes::crp
