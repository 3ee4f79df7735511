// Dispatcher: the one thread that empties the outbox into a sink: oldest first, in order within a
// transaction, at least once. Nothing is lost while the sink or the store fails: it tries again.
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
    std::chrono::milliseconds poll_interval{1'000};  // longest wait between looks at the outbox
    std::chrono::milliseconds retry_least{1'000};    // after the first failure; doubles with each
    std::chrono::milliseconds retry_most{300'000};
    std::size_t batch = 256;  // messages handed to the sink at once, 1..1000
};

struct DispatcherCounters {
    std::uint64_t delivered = 0;  // since the start
    std::uint64_t failed = 0;     // attempts that failed, since the start
    std::size_t pending = 0;      // due at the last look and not delivered by it; at most a batch
};

// The outbox knows the sink by this name.
inline constexpr const char* kInboxName = "inbox";

class Dispatcher {
  public:
    // The references outlive the dispatcher.
    Dispatcher(Store& store, StateMessageSink& sink, const Clock& clock, Random& random, Log& log,
               DispatcherOptions options);
    ~Dispatcher();  // as stop()

    void start();
    // Finishes the batch under way; what is left stays in the outbox for the next start.
    void stop();
    // There may be something new in the outbox.
    void notify();
    DispatcherCounters counters() const;

    // One look at the outbox; how many messages were delivered. The thread calls it; a test may
    // call it instead of start().
    std::size_t run_once();

  private:
    void work();
    std::vector<std::string> hand_over(const std::vector<StateMessage>& due);
    void note_failure(const StateMessage& message, const Error& error, WallTime next_attempt);
    void pause(const Error& error, const char* what);
    std::chrono::milliseconds back_off(int failures_before);

    Store& store_;
    StateMessageSink& sink_;
    const Clock& clock_;
    Random& random_;
    Log& log_;
    const DispatcherOptions options_;

    // While the sink or the store is down nobody is asked before this time. Dispatching thread.
    WallTime paused_until_{};
    int pauses_ = 0;  // in a row

    std::atomic<std::uint64_t> delivered_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::size_t> pending_{0};

    std::mutex mutex_;  // guards the two flags; never held during a delivery
    std::condition_variable wake_;
    bool stopping_ = false;
    bool notified_ = false;
    std::thread thread_;
};

}  // namespace ndes::crp
