// OwnList: what ndesd, its policy module, crpd and crpctl work with and when it ends, read from
// their settings and files: no daemon has to run. Knows no format. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/expiry/expiring.h"

namespace ndes::crp::cli {

struct OwnFile {
    std::string program;  // "ndesd", "module", "crpd", "crpctl"
    Expiring what;
};

struct OwnListOrder {
    std::filesystem::path ndesd_config;   // empty: none
    std::filesystem::path module_config;  // beside those that ndesd's settings name
    std::filesystem::path crpd_config;
    std::filesystem::path client_config;  // crpctl.toml
};

// Sorted by their ends; what cannot be read comes first, keys last. configuration when the settings
// themselves cannot be read.
Result<std::vector<OwnFile>> list_own_files(const OwnListOrder& order, WallTime now);

// True when it has ended or cannot be used.
bool is_broken(const Expiring& one, WallTime now);

}  // namespace ndes::crp::cli
