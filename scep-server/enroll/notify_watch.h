// NotifyWatch: whether Notify calls get through. Raises an alarm, once each time, when some wait
// for too long, when there are dead letters and when the journal may take no more; then no further
// request is enrolled, since its outcome could not be kept.
// Knows no HTTP. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

#include "common/clock.h"
#include "common/logging/log.h"
#include "scep-server/journal/notify_queue.h"

namespace ndes::scep {

struct NotifyLimits {
    std::size_t most = 100'000;  // waiting and dead letters together; exceeded by what comes within
                                 // a second at most
    std::chrono::milliseconds alarm_after{15 * 60 * 1000};  // that the oldest has been waiting
};

// How it stands; `late` and `full` as above.
struct NotifyStanding {
    NotifyCensus census;
    bool late = false;
    bool full = false;
};

class NotifyWatch {
  public:
    // The references outlive the object.
    NotifyWatch(NotifyLimits limits, NotifyQueue& queue, Log& log, const Clock& clock)
        : limits_(limits), queue_(queue), log_(log), clock_(clock) {}

    // False also when the journal cannot be read. Counts at most once a second.
    bool has_room();

    // Counts and raises or ends alarms. storage when the journal cannot be read.
    Result<NotifyStanding> look();

  private:
    NotifyStanding judge(const NotifyCensus& census) const;
    void alarm(const NotifyStanding& standing);
    void tell(bool& raised, bool now, Severity severity, const std::string& begun,
              const std::string& ended);

    const NotifyLimits limits_;
    NotifyQueue& queue_;
    Log& log_;
    const Clock& clock_;
    // Guards what follows; held while rows are counted, at most once a second (milliseconds even
    // for a full journal). Without it an alarm would be told twice.
    std::mutex mutex_;
    SteadyTime counted_at_{};
    bool counted_ = false;
    bool room_ = false;
    bool late_ = false;
    bool dead_ = false;
    bool full_ = false;
};

}  // namespace ndes::scep
