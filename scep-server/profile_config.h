// Reading of the tables that a profile may have: [scep], [mscep], [ra], [issuer] and [policy] at
// the top level, and the same below [[profile]], where what is absent is taken from the top level.
// Only config.cpp includes this. One thread, at start.
#pragma once

#include <chrono>
#include <vector>

#include "scep-server/config.h"

namespace ndes::scep {

// Bounds and defaults of durations are told in days.
inline constexpr std::chrono::milliseconds kDay = std::chrono::days{1};

// All profiles: the top level's first. Faults are noted in `root`.
std::vector<ProfileConfig> read_profiles(ConfigTable root);

}  // namespace ndes::scep
