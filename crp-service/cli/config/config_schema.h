// JSON Schema (2020-12) of a configuration file, made of the keys its reader asks for and of the
// comments in its sample file. It is for editors: a file that it accepts may still be refused by
// the program, which knows what depends on what. Pure; one thread.
#pragma once

#include <string_view>

#include "common/strict_json.h"
#include "crp-service/cli/config/config_files.h"

namespace ndes::crp::cli {

// `sample`: the sample file's text; each key's comment becomes its description.
Json config_schema(const ConfigFileKind& kind, std::string_view sample);

}  // namespace ndes::crp::cli
