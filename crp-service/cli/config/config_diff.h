// Differences between the settings of a file and their defaults, or those of another file.
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/config/config_file.h"

namespace ndes::crp::cli {

struct ConfigDifference {
    std::string name;
    std::string value;   // "-": not set
    std::string other;   // the default, or the other file's; "-": there is none
    std::string origin;  // of the value; "-" when it is not set
};

// Settings that somebody set to something else than the default; "10s" is no other than "10000ms".
std::vector<ConfigDifference> differences_from_defaults(const std::vector<ConfigSetting>& settings);

// Settings whose value in force is another one in each, or that one has alone.
std::vector<ConfigDifference> differences(const std::vector<ConfigSetting>& settings,
                                          const std::vector<ConfigSetting>& other);

}  // namespace ndes::crp::cli
