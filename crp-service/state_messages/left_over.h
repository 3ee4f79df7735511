// What waits for sinks that are not configured: told at the start, for nobody will deliver it.
#pragma once

#include "common/logging/log.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// After Store::set_sinks().
void log_left_over_messages(Store& store, Log& log);

}  // namespace ndes::crp
