// The four configuration files that crpctl config knows: of crpd, of ndesd, of the policy module
// and of crpctl itself; each is read by its own program's reader. Knows no output. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config_file.h"
#include "common/error.h"

namespace ndes::crp::cli {

struct ConfigFileKind {
    const char* program;             // "crpd", "ndesd", "module", "crpctl"
    const char* stem;                // of its usual file's name: "ndes_policy_crp"
    const char* environment_prefix;  // of the variables that override it
    // Reads everything and adds nothing; configuration with every fault.
    Result<void> (*read)(ConfigFile& file, const std::filesystem::path& folder);
    // Besides, the certificates and keys that it names: that they can be read and fit.
    Result<void> (*check)(const std::filesystem::path& file);
};

// In the order of an enrolment.
const std::vector<ConfigFileKind>& config_file_kinds();

// By program, else by the file's name ("ndesd-test.toml" is ndesd's); bad_request when neither
// says.
Result<const ConfigFileKind*> kind_of_config(std::string_view program,
                                             const std::filesystem::path& file);

// Opens and reads; `faults` is what read() says, so that what there is can be shown all the same.
struct ReadConfig {
    ConfigFile file;
    Result<void> faults;
};
Result<ReadConfig> read_config_of(const ConfigFileKind& kind, const std::filesystem::path& file);

// A setting's value as it may be shown: passwords within a connection or an address are masked.
std::string shown_value(const ConfigSetting& setting);

}  // namespace ndes::crp::cli
