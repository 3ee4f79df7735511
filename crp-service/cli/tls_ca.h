// The CA of the mutual TLS between our own programs, which crpctl init makes: DIR/tls-ca/ca.pem and
// ca.key beside the folders of the daemons' settings; root's alone. One thread.
#pragma once

#include <filesystem>

#include "common/crypto/certificate.h"

namespace ndes::crp::cli {

inline constexpr const char* kTlsCaFolder = "/etc/ndes-crp/tls-ca";

// /etc/ndes-crp/crpd/crpd.toml: /etc/ndes-crp/tls-ca
std::filesystem::path tls_ca_beside(const std::filesystem::path& daemon_config);

// False, too, where there is no such CA.
bool is_of_tls_ca(const Certificate& certificate, const std::filesystem::path& folder);

}  // namespace ndes::crp::cli
