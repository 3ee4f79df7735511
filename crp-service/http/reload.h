// Reload: puts a changed caller list, TLS files, challenge keys and sinks' files in force without a
// restart or a dropped request. Validates everything first; on any fault the old stays in force,
// and says so. One thread, the main one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "common/process/file_watcher.h"
#include "common/random.h"
#include "crp-service/config.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/self_check.h"
#include "crp-service/metrics/crp_metrics.h"
#include "crp-service/state_messages/sinks.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// What a change of starts a reload: the configuration with its conf.d, and the files it names that
// a reload reads.
std::vector<std::filesystem::path> files_to_watch(const std::filesystem::path& config_file,
                                                  const CrpdConfig& config);

class Reloader {
  public:
    struct Parts {
        std::filesystem::path config_file;
        Store& store;
        const Clock& clock;
        Random& random;
        Log& log;
        CurrentParts& current;
        http::HttpServer& server;
        SelfCheck& self_check;
        FileWatcher& watcher;
        Sinks* sinks;  // null: none is configured
        CrpMetrics* metrics;
        std::string start_hash;  // of the configuration that this process started with
    };
    // What Parts refers to outlives this object.
    explicit Reloader(Parts parts) : parts_(std::move(parts)) {}

    // Reads the configuration, swaps. True when the new is in force. Listen addresses, limits,
    // store, log settings and which sinks there are need a restart.
    enum class Cause {
        asked,          // by a signal: the log is reopened, too
        files_changed,  // a fault that was told at the last try is not told again
    };
    bool reload(Cause cause);

  private:
    Result<std::string> put_in_force();  // the new configuration's hash
    void tell(const Result<std::string>& done, Cause cause);

    Parts parts_;
    std::string last_fault_;  // of the try before; "" if that went well
};

}  // namespace ndes::crp
