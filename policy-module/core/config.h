// ModuleConfig: the module's own settings (ndes_policy_crp.sample.toml), read strictly.
// Knows no ABI, HTTP library or verb. Pure; one thread, at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config_file.h"
#include "common/crypto/distinguished_name.h"
#include "common/error.h"

namespace ndes::policy {

// Where the CRP is: https://HOST[:PORT]/PATH.
struct CrpAddress {
    std::string host;  // lower case name or IPv4 address
    std::uint16_t port = 443;
    std::string base_path;  // "/CMCertificateRegistration": begins with '/', does not end with one
    bool operator==(const CrpAddress&) const = default;
};

// Only https; no user, query, fragment, percent-encoding or IPv6 literal. The path ends with one
// of the two names of the service. bad_request says which part is wrong.
Result<CrpAddress> parse_crp_url(std::string_view url);

struct ModuleConfig {
    std::vector<CrpAddress> crps;  // 1 to 8, the preferred one first
    // Either the two files or the store.
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::filesystem::path certificate_store;
    std::optional<DistinguishedName> certificate_issuer;  // with the store only; none: any
    std::filesystem::path server_ca_file;
    std::chrono::milliseconds attempt_timeout{5'000};  // 100 ms..60 s, one call
    std::chrono::milliseconds total_timeout{12'000};   // at least attempt_timeout, one verb
    int attempts = 3;                                  // 1..10
    int max_calls = 32;                                // 1..1024, to one CRP at a time
    int circuit_failures = 5;                          // 1..100, in a row
    std::chrono::milliseconds circuit_least{500};      // 100 ms..60 s
    std::chrono::milliseconds circuit_most{1'500};     // at least circuit_least, at most 10 min
};

// Environment NDESPOLICY_SECTION__KEY overrides (NDESPOLICY_CRP__URLS). configuration error with
// all faults together, each with line and column.
Result<ModuleConfig> load_module_config(const std::filesystem::path& path);
Result<ModuleConfig> read_module_config(ConfigFile& file);

}  // namespace ndes::policy
