// KeyProbe: finds every key that a program's reader can ask for, by letting it read made-up files:
// an empty one, then one for each value that a key found so far can have. So nobody keeps a second
// list of the keys. Touches no file. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/config/config_file.h"
#include "crp-service/cli/config/config_files.h"

namespace ndes::crp::cli {

struct ProbedKey {
    ConfigKey key;
    bool required = false;  // whatever else the file says, once its table is there
};

// By name ("caller[].name"); tables and lists of tables are keys, too.
std::map<std::string, ProbedKey> probe_keys(const ConfigFileKind& kind);

}  // namespace ndes::crp::cli
