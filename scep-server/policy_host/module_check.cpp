#include "scep-server/policy_host/module_check.h"

#include <algorithm>
#include <filesystem>

#include "common/logging/cmtrace.h"
#include "scep-server/policy_host/exported_symbols.h"
#include "scep-server/policy_host/module_loader.h"

namespace ndes::scep {
namespace {

using Kind = CheckFinding::Kind;
using Tell = std::function<void(const CheckFinding&)>;

constexpr std::string_view kTransaction = "plugin-check";

std::size_t count_threads() {
    std::error_code ignored;
    const std::filesystem::directory_iterator tasks("/proc/self/task", ignored);
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// Step 2 to 8 as one word: "step 3 (symbol)".
std::string step_of(std::string_view step) { return "step " + std::string(step); }

std::string text_of(const Error& error) {
    return error.detail.empty() ? error.text : error.text + ": " + error.detail;
}

// A promise of ndes_policy.h was broken, as opposed to an error result.
bool is_broken(const Error& error) {
    return error.detail.find(" returned 0x") == std::string::npos;
}

void tell_symbols(const std::filesystem::path& file, const Tell& tell) {
    auto symbols = exported_symbols(file);
    if (!symbols) return tell({Kind::warning, "exported symbols", symbols.error().text});
    std::string others;
    for (const std::string& name : *symbols)
        if (name != NDES_POLICY_ENTRY_POINT)
            others += (others.empty() ? "" : ", ") + loggable(name);
    if (others.empty()) return tell({Kind::ok, "exported symbols", NDES_POLICY_ENTRY_POINT});
    tell({Kind::warning, "exported symbols",
          NDES_POLICY_ENTRY_POINT " and " + others +
              "; link with exports.map, so that no other library is taken for it"});
}

bool open(const std::filesystem::path& file, const Tell& tell) {
    auto table = open_policy_module(file, [&](std::string_view step) {
        tell({Kind::ok, step_of(step), {}});
    });
    if (table) return true;
    // "policy module "FILE", step N (name): what"
    const std::string& text = table.error().text;
    const auto at = text.find("step ");
    const auto colon = text.find(": ", at);
    tell({Kind::failed, text.substr(at, colon - at), text.substr(colon + 2)});
    return false;
}

// One verb whose result has been taken; false when a promise was broken.
template <class T>
bool tell_verb(const char* verb, const Result<T>& result, const std::string& meaning,
               const Tell& tell) {
    if (result) {
        tell({Kind::ok, verb, meaning});
        return true;
    }
    const bool broken = is_broken(result.error());
    tell({broken ? Kind::failed : Kind::ok, verb, text_of(result.error())});
    return !broken;
}

bool call_verbs(Policy& policy, const Bytes& request, const Tell& tell) {
    bool kept = tell_verb("GenerateChallenge", policy.generate_challenge("plugin-check", ""),
                          "a challenge (not shown)", tell);
    PolicyQuestion question;
    question.certificate_request = request;
    question.template_name = "plugin-check";
    question.transaction_id = kTransaction;
    question.request_id = kTransaction;
    question.ca_name = "plugin-check";
    question.device_address = "127.0.0.1";
    const auto answer = policy.verify(question);
    kept &= tell_verb("VerifyRequest", answer,
                      answer ? std::string(answer->verified ? "yes" : "no") + ", reason \"" +
                                   loggable(answer->reason, 64) + "\""
                             : "",
                      tell);
    if (answer && answer->verified)
        tell({Kind::warning, "VerifyRequest",
              "said yes to a request without a challenge, for a template that nobody has"});
    PolicyOutcome outcome;
    outcome.transaction_id = kTransaction;
    outcome.request_id = kTransaction;
    outcome.disposition = NDES_POLICY_DISPOSITION_FAILURE;
    outcome.last_result = NDES_POLICY_E_FAIL;
    kept &= tell_verb("Notify", policy.notify(outcome), "taken", tell);
    kept &= tell_verb("Notify, told twice", policy.notify(outcome), "taken", tell);
    return kept;
}

}  // namespace

bool check_module(const ModuleCheckOptions& options, Log& log, const Tell& tell) {
    if (!open(options.module.module, tell)) return false;
    tell_symbols(options.module.module, tell);
    const std::size_t threads = count_threads();
    auto policy = load_policy_module(options.module, log);
    if (!policy) {
        tell({Kind::failed, step_of(kStepInitialize), policy.error().text});
        return false;
    }
    tell({Kind::ok, step_of(kStepInitialize), loggable((*policy)->name())});
    if (count_threads() > threads)
        tell({Kind::warning, step_of(kStepInitialize),
              "it started threads, which are lost when the host forks afterwards"});
    bool kept = true;
    if (!options.certificate_request.empty())
        kept = call_verbs(**policy, options.certificate_request, tell);
    policy->reset();
    tell({Kind::ok, "Uninitialize", {}});
    return kept;
}

}  // namespace ndes::scep
