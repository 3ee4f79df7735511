// The [state_messages] table of crpd's configuration. One thread, at start and reload.
#pragma once

#include <filesystem>

#include "common/config/config_file.h"
#include "crp-service/state_messages/sinks.h"

namespace ndes::crp {

// Notes faults in `table`. Relative lists of paths are taken from `folder`. SinkOptions::node stays
// empty: the configuration does not know it.
SinkOptions read_sinks(ConfigTable table, const std::filesystem::path& folder);

}  // namespace ndes::crp
