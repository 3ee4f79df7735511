// Collects the answers of crpctl init: options come before the answers file, that before what is
// typed, that before defaults. Every answer is checked as it comes. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

struct InitInput {
    std::map<std::string, std::string> options;  // by question's key; only those that were given
    std::filesystem::path answers_file;          // empty: none
    bool interactive = false;                    // somebody can be asked at the terminal
};

// bad_request with every wrong answer, every one that is not asked for, and every question without
// answer or default; configuration for an answers file that cannot be read.
Result<InitAnswers> collect_answers(const InitInput& input);

// A question with yes as its default. False at the end of input, too.
bool ask_yes(const std::string& question);

}  // namespace ndes::crp::cli
