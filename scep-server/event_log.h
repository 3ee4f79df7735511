// EventLog: a Log that also keeps the events of the original in a file of their own, one a line,
// as Windows' event viewer would show them.
// Knows events by the fields that note_event adds, and hands everything on. Any thread.
#pragma once

#include <memory>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "scep-server/config.h"

namespace ndes::scep {

// `inner` itself without events.file. Lines are JSON ({"time","event","name","level","source",
// "text","message","transaction_id","request_id","device_address"}) or CMTrace, component
// NetworkDeviceEnrollmentService; appended, opened again by reopen(). configuration, naming the
// file, if it cannot be opened. A full disk loses lines, never stops the caller.
Result<std::unique_ptr<Log>> add_event_file(std::unique_ptr<Log> inner, const EventsConfig& config,
                                            const Clock& clock);

}  // namespace ndes::scep
