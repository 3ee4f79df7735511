// The three commands that come after crpctl init, for a shell: start, a challenge, an enrolment.
// Pure; any thread.
#pragma once

#include <string>

#include "crp-service/cli/init/init_answers.h"
#include "crp-service/cli/init/init_layout.h"

namespace ndes::crp::cli {

// Lines; those that begin with '#' say what the next one does.
std::string next_commands(const InitAnswers& answers, const InitLayout& layout);

}  // namespace ndes::crp::cli
