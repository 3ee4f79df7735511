// Reload: puts a changed caller list, TLS files and challenge keys in force without a restart or a
// dropped request. Validates everything first; on any fault the old stays in force, and says so.
// One thread, the main one.
#pragma once

#include <filesystem>
#include <string>

#include "common/clock.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/config.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/self_check.h"
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
    };
    // What Parts refers to outlives this object.
    explicit Reloader(Parts parts) : parts_(std::move(parts)) {}

    // Reopens the log, reads the configuration, swaps. True when the new is in force. Listen
    // addresses, limits, store, state messages and log settings need a restart.
    bool reload();

  private:
    Result<std::string> put_in_force();  // the new configuration's hash
    Parts parts_;
};

}  // namespace ndes::crp
