// CrpdSettings: crpd's configuration as crpctl reads it. What systemd hands to crpd alone
// (LoadCredential=) is there while crpd runs, as copies made at its start; so each such path stands
// for the file that the unit takes it from, which is what the next start depends on. One thread.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "common/error.h"
#include "crp-service/config.h"

namespace ndes::crp::cli {

// Where the unit takes `credential` from: of LoadCredential=FOLDER:…/FOLDER, with that folder
// beside the configuration, …/FOLDER_NAME is …/FOLDER/NAME, whether that exists or not. Any other
// path, and one below $CREDENTIALS_DIRECTORY, is itself.
std::filesystem::path source_of_credential(const std::filesystem::path& credential,
                                           const std::filesystem::path& config_folder);

// read_config() with the sources of its credentials.
Result<CrpdConfig> read_crpd_settings(const std::filesystem::path& file);

// The sources of those that are credentials, for whom the files' owner does not matter. Empty when
// the file cannot be read.
std::set<std::string> credential_sources(const std::filesystem::path& file);

}  // namespace ndes::crp::cli
