// Rejections: logs and audits refused and malformed calls, at a bounded rate per source, so that
// nobody can fill log or database by being refused. Any thread.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "crp-service/http/problem.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class Rejections {
  public:
    // The references outlive this object.
    Rejections(Store& store, Log& log, const Clock& clock)
        : store_(store), log_(log), clock_(clock) {}

    // Writes one log line and the audit record "call-rejected". `caller`: name, or "" for a
    // stranger; all strangers share one allowance. What goes over the allowance is counted and
    // told with the next record.
    // `audits` false: the log alone, since the clock is not to be believed.
    void record(const Problem& problem, const http::Request& request, const http::Peer& peer,
                std::string_view caller, std::string_view instance, bool audits = true);

    static constexpr int kStrangersPerMinute = 30;
    static constexpr int kPerCallerPerMinute = 300;

  private:
    struct Allowance {
        SteadyTime window_start{};
        int used = 0;
        long suppressed = 0;
    };
    // True when one more may be recorded now; `suppressed` is then how many were not before it.
    bool take(std::string_view caller, long& suppressed);

    Store& store_;
    Log& log_;
    const Clock& clock_;
    std::mutex mutex_;  // guards allowances_ for the length of take(); counts would be lost without
    std::map<std::string, Allowance, std::less<>> allowances_;  // as many as callers, and one
};

}  // namespace ndes::crp
