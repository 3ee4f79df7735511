// SelfCheck: is this service fit to decide? Store, clock, challenge keys, certificates, outbox;
// shown by the health listener and told to CRP.log as the original does. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/http/clock_floor.h"
#include "crp-service/http/commit_watch.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/watched_files.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// The original's numbers.
enum class ServiceStatus { online = 0, failed = 1, undefined = 4 };
const char* to_string(ServiceStatus status);  // "Online", "Failed", "Undefined"

struct CheckResult {
    enum class Level { ok, warning, failed };
    std::string name;  // "store", "keys", "tls-certificate", "outbox", "disk", "commits", "clock",
                       // "challenge", "certificates"
    Level level = Level::ok;
    std::string text;
};

struct HealthReport {
    ServiceStatus status = ServiceStatus::undefined;
    std::vector<CheckResult> checks;
    WallTime checked_at{};
};

class SelfCheck {
  public:
    static constexpr std::chrono::seconds kInterval{5};       // between two runs of what is cheap
    static constexpr std::chrono::minutes kFullInterval{10};  // of everything, as the original
    static constexpr std::chrono::minutes kLogInterval{10};   // likewise
    static constexpr std::chrono::seconds kOnDemandInterval{10};  // between two runs on demand
    static constexpr std::chrono::seconds kStaleAfter{30};        // an older result is no result
    static constexpr std::chrono::seconds kHopelessAfter{60};     // see store_is_hopeless
    static constexpr std::chrono::hours kWarnBeforeExpiry{14 * 24};
    static constexpr std::chrono::minutes kLongestOutboxAge{5};

    struct Parts {
        Store& store;
        const CurrentParts& current;
        const Clock& clock;
        Random& random;
        Log& log;
        bool outbox_is_emptied;  // false: nobody takes state messages, so old ones are no fault
        const CommitWatch* commits = nullptr;      // null: not looked at
        std::filesystem::path database_file = {};  // empty: the store is no file of this machine
        ClockFloor* clock_floor = nullptr;         // null: not looked at
    };
    // Free octets of the database's file system: below the first no decision may be recorded any
    // more, below the second, or a twentieth of the whole, it is time to make room.
    static constexpr std::uint64_t kLeastFree = std::uint64_t{8} << 20;
    static constexpr std::uint64_t kWarnFree = std::uint64_t{100} << 20;

    // What Parts refers to outlives this object.
    SelfCheck(Parts parts, WatchedFiles files);

    // Makes the cheap checks, and all of them when kFullInterval has passed or `full` is given;
    // logs the status when it changed and every ten minutes.
    void run(bool full = false);

    // Makes all checks now, unless somebody asked for that within kOnDemandInterval.
    void run_on_demand();

    // The last run's result; undefined before the first and when that is stale. A commit that fails
    // shows at once, not only after the next run.
    HealthReport report() const;

    // After a reload.
    void watch(WatchedFiles files);
    WatchedFiles watched() const;

    // True when the store has failed for a minute: after a failed write to disk only a restart
    // helps, so the watchdog should not be fed any more.
    bool store_is_hopeless() const;

  private:
    using Checks = std::vector<CheckResult>;
    Checks cheap_checks();
    Checks dear_checks();
    CheckResult check_store();
    CheckResult check_keys();
    CheckResult check_challenge();
    CheckResult check_server_certificate();
    CheckResult check_certificates();
    CheckResult check_outbox();
    CheckResult check_disk() const;
    CheckResult check_commits() const;
    CheckResult check_clock() const;
    void tell(const HealthReport& report);

    const Parts parts_;
    std::optional<SteadyTime> census_at_;  // with missing_keys_: of run()'s thread alone
    std::string missing_keys_;             // counting challenges is dear: once in kLogInterval

    std::mutex running_;  // one run at a time; guards what follows
    Checks dear_;         // of the last full run
    std::optional<SteadyTime> full_run_at_;
    std::optional<SteadyTime> told_at_;
    std::optional<SteadyTime> asked_at_;

    mutable std::mutex mutex_;  // guards the rest, for copies only; a torn report without
    WatchedFiles files_;
    HealthReport report_;
    std::optional<SteadyTime> run_at_;
    std::optional<SteadyTime> store_failed_since_;
};

}  // namespace ndes::crp
