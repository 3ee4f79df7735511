// The questions of crpctl init, one table. Each is an option (--public-url), a key of the answers
// file (public_url) and, some of them, a question at the terminal. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

// Their order counts: what a question depends on comes before it.
struct InitQuestion {
    const char* key;
    const char* text;
    bool asked;  // at a terminal; else its default counts there, if it has one
    bool (*applies)(const InitAnswers& answers);
    // None: it has to be answered.
    std::optional<std::string> (*fallback)(const InitAnswers& answers);
    // bad_request that says what the answer must be.
    Result<void> (*check)(const InitAnswers& answers, const std::string& text);
    std::vector<std::string> words = {};  // one of these, when there are any
};

const std::vector<InitQuestion>& init_questions();

// --public-url
std::string option_of(const InitQuestion& question);

// The question's own check and its words; `text` is not empty unless that is the default.
Result<void> check_answer(const InitQuestion& question, const InitAnswers& answers,
                          const std::string& text);

}  // namespace ndes::crp::cli
