// NotifyDispatcher: tells the policy module every outcome in the journal, at least once, in order
// per transaction, with back-off; also what an earlier run left behind. What the module will never
// take, and what fails again and again for another reason than a CRP that is away, becomes a dead
// letter: it waits for an operator (crpctl notify) and holds nothing back.
// Knows no SCEP message and no HTTP. wake and stop from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

struct NotifyOptions {
    std::chrono::milliseconds retry_least{1000};  // after the first failure; then doubled
    std::chrono::milliseconds retry_most{5 * 60 * 1000};
    std::size_t threads = 8;                       // each waits for the CRP and for fsync
    std::chrono::milliseconds look_interval{500};  // for what has become due again
    int tries = 20;  // of one that fails though the CRP can be asked; then it is a dead letter
};

// All outlive the dispatcher.
struct NotifyParts {
    Journal& journal;
    // Whom to tell; null for a profile that is configured no longer.
    std::function<Policy*(const std::string& profile)> policy_of;
    const ChallengeSeal& seal;
    Log& log;
    const Clock& clock;
    Random& random;
};

class NotifyDispatcher {
  public:
    // Starts its threads, which begin with what is in the journal.
    NotifyDispatcher(NotifyOptions options, NotifyParts parts);
    ~NotifyDispatcher();  // as stop()
    NotifyDispatcher(const NotifyDispatcher&) = delete;
    NotifyDispatcher& operator=(const NotifyDispatcher&) = delete;

    // Something has been recorded: look at once.
    void wake();

    // Begins no further call and returns when those under way have ended; the rest stays in the
    // journal for the next start.
    void stop();

  private:
    void work();
    std::optional<PendingNotify> next();
    void refill(std::unique_lock<std::mutex>& lock);
    void deliver(const PendingNotify& notify);
    Result<void> tell(const PendingNotify& notify);
    Result<void> record_failure(const PendingNotify& notify, const Error& error);
    Result<void> bury(const PendingNotify& notify, const std::string& why);
    void finish(const PendingNotify& notify);
    void pause();

    NotifyOptions options_;
    NotifyParts parts_;

    // Guards all below, for list operations only, never while the journal is read or the module
    // called; without it a Notify could be told twice at once or out of order.
    std::mutex mutex_;
    std::condition_variable changed_;         // for threads without work
    std::condition_variable stop_requested_;  // for threads that hold off after a fault
    bool stopping_ = false;
    bool look_ = true;      // the journal may hold something that is not queued
    bool looking_ = false;  // one thread is reading it
    std::deque<PendingNotify> queue_;
    std::set<std::string> taken_;                // transactions queued or being told
    std::set<std::int64_t> done_while_looking_;  // acknowledged after the journal was read
    std::vector<std::thread> threads_;
};

}  // namespace ndes::scep
