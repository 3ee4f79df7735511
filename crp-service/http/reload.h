// Reload: puts a changed caller list, TLS files, challenge keys and sinks' files in force without a
// restart or a dropped request. Validates everything first; on any fault the old stays in force,
// and says so. One thread, the main one.
#pragma once

#include <filesystem>

#include "common/clock.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/config.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/self_check.h"
#include "crp-service/metrics/crp_metrics.h"
#include "crp-service/state_messages/sinks.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

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
        Sinks* sinks;  // null: none is configured
        CrpMetrics* metrics;
    };
    // What Parts refers to outlives this object.
    explicit Reloader(Parts parts) : parts_(std::move(parts)) {}

    // Reopens the log, reads the configuration, swaps. True when the new is in force. Listen
    // addresses, limits, store, log settings and which sinks there are need a restart.
    bool reload();

  private:
    Result<void> put_in_force();
    Parts parts_;
};

}  // namespace ndes::crp
