// ModuleClient: as whom ndes_policy_crp.so calls its CRPs and for how long, read from its settings
// file for programs that watch or renew that certificate: ndesd, which runs the module and waits
// for it, and crpctl. The module judges
// its settings itself (policy-module/core/config.h); here only the names that are needed count.
// Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "common/clock.h"
#include "common/error.h"
#include "common/expiry/certificate_store.h"
#include "common/expiry/expiring.h"

namespace ndes {

struct ModuleClient {
    std::filesystem::path certificate_file;  // empty: `store` is set
    std::filesystem::path key_file;
    CertificateRule store;
    std::filesystem::path server_ca_file;
    std::chrono::milliseconds total_timeout{12'000};  // of one verb; the module's own default
};

// Nothing for the settings of another module: a file that is not TOML, or has no [crp] with one of
// the two places of a certificate.
std::optional<ModuleClient> find_module_client(const std::filesystem::path& module_config);

// Its certificate and key now. As choose_certificate, or load_certificates.
Result<CertificateChoice> choose_module_client(const ModuleClient& client, WallTime now);

// Adds certificate, key and trust list: "module-client", "module-server-ca".
void add_module_client(ExpiringList& list, const ModuleClient& client, WallTime now);

}  // namespace ndes
