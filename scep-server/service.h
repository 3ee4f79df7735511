// Service: all parts of ndesd, built in the order in which an enrolment passes through them and
// checked before the first request is accepted.
// Knows no signal and no command line. One thread starts, reloads and stops it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "scep-server/config.h"

namespace ndes::scep {

class Service {
  public:
    // Loads and checks keys, certificates, journal and policy module, then listens. The first
    // thing that is wrong ends it, with an error that names the file or the setting; nothing has
    // been served then. The references outlive the service.
    static Result<std::unique_ptr<Service>> start(const Config& config, Log& log,
                                                  const Clock& clock, Random& random);

    virtual ~Service() = default;  // as stop()

    // Opens the log again and takes the RA's and TLS' files anew: each is checked first and
    // swapped whole; one that is wrong is logged and what was in use stays.
    virtual void reload() = 0;

    // What time brings: expiry of pending requests, passwords and certificates; at least once a
    // minute.
    virtual void tend() = 0;

    // For the service manager, at least as often as its watchdog wants: STATUS ("Online", "Failed"
    // or "Undefined", and what of ours ends soon), and WATCHDOG unless a restart alone can help.
    virtual std::string manager_state() const = 0;

    // Accepts no more, answers what is at work (drain_timeout), tells no further Notify.
    virtual void stop() = 0;

    virtual std::uint16_t port() const = 0;         // of the device listener
    virtual std::uint16_t health_port() const = 0;  // of the health listener
    virtual std::uint16_t admin_port() const = 0;   // of the admin site; 0 without one
};

// What reload() takes anew, for a FileWatcher: folders and the files in them as they are now.
std::vector<std::filesystem::path> files_to_watch(const Config& config);

// The files that the configuration names, checked as start() does, without journal, module and
// listeners: for `--check-config`.
Result<void> check_files(const Config& config, Log& log, const Clock& clock, Random& random);

}  // namespace ndes::scep
