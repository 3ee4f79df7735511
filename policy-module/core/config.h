// ModuleConfig: the module's own settings (ndes_policy_crp.sample.toml), read strictly.
// Knows no ABI, HTTP library or verb. Pure; one thread, at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/config/config_file.h"
#include "common/error.h"

namespace ndes::policy {

// Where the CRP is: https://HOST[:PORT]/PATH.
struct CrpAddress {
    std::string host;  // lower case name or IPv4 address
    std::uint16_t port = 443;
    std::string base_path;  // "/CMCertificateRegistration": begins with '/', does not end with one
};

// Only https; no user, query, fragment, percent-encoding or IPv6 literal. The path ends with one
// of the two names of the service. bad_request says which part is wrong.
Result<CrpAddress> parse_crp_url(std::string_view url);

struct ModuleConfig {
    CrpAddress crp;
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::filesystem::path server_ca_file;
    std::chrono::milliseconds attempt_timeout{5'000};  // 100 ms..60 s, one call
    std::chrono::milliseconds total_timeout{12'000};   // at least attempt_timeout, one verb
    int attempts = 3;                                  // 1..10
};

// Environment NDESPOLICY_SECTION__KEY overrides (NDESPOLICY_CRP__URL). configuration error with
// all faults together, each with line and column.
Result<ModuleConfig> load_module_config(const std::filesystem::path& path);
Result<ModuleConfig> read_module_config(ConfigFile& file);

}  // namespace ndes::policy
