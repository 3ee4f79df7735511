// The settings of adapters: [adapters.NAME], and `adapter` and [[caller.credential]] of the callers
// of one. Knows how to read and check, not how to act. One thread, at start and reload.
#pragma once

#include <filesystem>
#include <vector>

#include "common/config/config_file.h"
#include "crp-service/adapters/adapter.h"
#include "crp-service/http/caller.h"

namespace ndes::crp {

// Those with enabled = true.
Adapters read_adapters(ConfigTable table);

// The keys that make `caller` the caller of an adapter. Relative files are taken from `folder`.
void read_adapter_caller(ConfigTable& table, const std::filesystem::path& folder,
                         const Adapters& adapters, CallerRule& caller);

// What has to hold of all callers together: no identifier of one adapter stands twice, and each
// adapter has a caller. Faults are noted at `root`.
void check_adapter_callers(ConfigTable& root, const std::vector<CallerRule>& callers,
                           const Adapters& adapters);

}  // namespace ndes::crp
