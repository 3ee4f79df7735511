// Opens a policy module up to, and not including, its Initialize: one step, one check, one message
// each. Knows no verb's meaning. One thread, at start.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "policy-module/include/ndes_policy.h"

namespace ndes::scep {

// The steps, in order; a message names one by these words.
inline constexpr std::string_view kStepFile = "1 (file)";
inline constexpr std::string_view kStepOpen = "2 (open)";
inline constexpr std::string_view kStepSymbol = "3 (symbol)";
inline constexpr std::string_view kStepTable = "4 (table)";
inline constexpr std::string_view kStepVersion = "5 (version)";
inline constexpr std::string_view kStepSize = "6 (size)";
inline constexpr std::string_view kStepVerbs = "7 (verbs)";
inline constexpr std::string_view kStepInitialize = "8 (Initialize)";

// A configuration error: `policy module "FILE", step N (name): what`.
Failure refuse_module(const std::filesystem::path& file, std::string_view step,
                      std::string_view what);

// Told of each step that has been passed.
using StepPassed = std::function<void(std::string_view step)>;

// Steps 1 to 7. The table, and with it the library, stays for the life of the process: a library
// that may have started threads is never unloaded.
Result<const ndes_policy_table*> open_policy_module(const std::filesystem::path& file,
                                                    const StepPassed& passed = {});

}  // namespace ndes::scep
