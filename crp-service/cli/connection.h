// Connection: how crpctl reaches crpd: options, then environment, then crpctl.toml.
// Knows no HTTP. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "common/config/config_file.h"
#include "common/error.h"

namespace ndes::crp::cli {

// Whom to call, and where environment and crpctl.toml say how.
struct RestProgram {
    const char* name;
    const char* url_variable;
    const char* url_key;
    const char* url_help;
};
inline constexpr RestProgram kCrpd{"crpd", "CRP_URL", "url", "crpd, e.g. https://localhost:8443"};
// The address of the admin site will do: its path is left off.
inline constexpr RestProgram kNdesdAdmin{"ndesd", "MSCEP_ADMIN_URL", "ndesd_url",
                                         "ndesd's admin listener, e.g. https://localhost:8082"};

// The environment names are those of a lab's lab.env.
struct RestTarget {
    const RestProgram* program = &kCrpd;
    std::string url;                    // --url, CRP_URL: "https://localhost:8443"
    std::filesystem::path server_ca;    // --ca, CRP_CA
    std::filesystem::path certificate;  // --cert, ADMIN_CERT
    std::filesystem::path key;          // --key, ADMIN_KEY
    std::string health_url;             // --health-url, CRP_HEALTH_URL; `crpctl status` alone
};

// Adds --url, --ca, --cert and --key to `command`; the returned target is filled when it is parsed.
std::shared_ptr<RestTarget> add_rest_options(CLI::App& command, const RestProgram& program = kCrpd);

// What crpctl.toml says. Variables CRPCTL_SECTION__KEY reach none of it: it has no sections.
inline constexpr const char* kClientPrefix = "CRPCTL_";
struct ClientSettings {
    std::string url;
    std::string ndesd_url;
    std::string health_url;
    std::filesystem::path ca;
    std::filesystem::path certificate;
    std::filesystem::path key;
};
Result<ClientSettings> read_client_settings(ConfigFile& file);

// The first of $CRPCTL_CONFIG, $XDG_CONFIG_HOME/crpctl.toml (~/.config/crpctl.toml) and
// /etc/ndes-crp/crpctl.toml that exists; empty: none.
std::filesystem::path client_settings_file();

// Fills what neither option nor environment gave from client_settings_file().
// configuration when that file is wrong.
Result<void> complete_from_file(RestTarget& target);

// complete_from_file, then bad_request naming what is still missing for a call of the API.
Result<void> complete(RestTarget& target);

}  // namespace ndes::crp::cli
