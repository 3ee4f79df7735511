// Where the programs of this installation, or of this build, are. Reads /proc and looks for files.
#pragma once

#include <optional>
#include <string>

#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

// `name` beside this crpctl, as a build has it; else below /usr/sbin or /usr/bin; else the bare
// name.
std::string program_file(const std::string& name);

// ndes_policy_crp.so beside this crpctl or where packages put it; none when it is not found.
std::optional<std::string> module_file(const InitAnswers&);

}  // namespace ndes::crp::cli
