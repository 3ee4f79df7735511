// The [[caller]] tables: who may call, known by which certificate. Knows how to read and check, not
// how to act. One thread, at start and reload.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config_file.h"
#include "crp-service/adapters/adapter.h"
#include "crp-service/http/caller.h"

namespace ndes::crp {

// Faults are noted at their table. Relative files are taken from `folder`.
std::vector<CallerRule> read_callers(ConfigTable& root, const std::filesystem::path& folder,
                                     const Adapters& adapters);

// `spki_sha256` and `san` of a table whose certificates are known by them.
std::vector<std::string> read_pins(ConfigTable& table);
std::optional<SubjectAltName> read_san(ConfigTable& table);

}  // namespace ndes::crp
