// RetentionJob: removes what is older than it has to be kept, and marks verified requests that
// nobody confirmed, in small batches with pauses between, so that requests hardly wait for it.
// Every batch that changed something is audited. It does nothing while the clock is in doubt, and
// says so in log and audit.
// A thread of its own; run_once() is for it and for tests.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/logging/log.h"
#include "crp-service/store/store.h"
#include "crp-service/upkeep/clock_guard.h"
#include "crp-service/upkeep/retention_config.h"

namespace ndes::crp {

class RetentionJob {
  public:
    // The references outlive this object. Make it before this process records anything: the newest
    // record shows how long the clock's last word was ago.
    static Result<std::unique_ptr<RetentionJob>> make(Store& store, Log& log, const Clock& clock,
                                                      const RetentionConfig& config);
    ~RetentionJob();  // ends after the batch at work

    // The first run begins an interval later.
    void start();

    struct Outcome {
        Purged purged;
        std::int64_t unconfirmed = 0;
        bool refused = false;  // the clock is in doubt
    };
    // All batches that are due now. The store's error ends it; the rest is for the next run.
    Result<Outcome> run_once();

  private:
    RetentionJob(Store& store, Log& log, const Clock& clock, const RetentionConfig& config,
                 std::optional<WallTime> newest);

    void work();
    // Waits, unless the job is to end: then false.
    bool rest(std::chrono::milliseconds time);
    Result<void> mark(WallTime now, Outcome& outcome);
    Result<void> purge(WallTime now, Outcome& outcome);
    Result<void> audit(const char* event, const char* outcome, WallTime now,
                       std::vector<std::pair<std::string, std::string>> facts);
    Result<void> tell_doubt(const std::optional<std::string>& doubt, WallTime now);
    void tell_run(const Result<Outcome>& outcome);

    Store& store_;
    Log& log_;
    const Clock& clock_;
    const RetentionConfig config_;
    ClockGuard guard_;
    bool doubting_ = false;
    bool failing_ = false;

    std::mutex mutex_;  // guards stopping_ for the waits; without it a stop could be missed
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace ndes::crp
