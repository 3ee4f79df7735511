// crpctl reasons: the catalogue of refusals, with cause and fix; one of them, or all; for people,
// programs, and as the source of the man page ndes-reasons(7).
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/validation/reasons.h"
#include "crp-service/validation/reasons_man_page.h"

namespace ndes::crp::cli {

namespace {

using Chosen = std::vector<const Reason*>;

void print_text(const Chosen& reasons) {
    for (const Reason* reason : reasons) {
        std::printf("%s (phase %d)\n  cause: %s\n  fix:   %s\n", std::string(reason->word).c_str(),
                    reason->phase, std::string(reason->cause).c_str(),
                    std::string(reason->fix).c_str());
        if (reason->counts_as_refusal) std::printf("  counts against the challenge's five\n");
    }
}

Json to_json(const Reason& reason) {
    return {{"reason", reason.word},
            {"phase", reason.phase},
            {"cause", reason.cause},
            {"fix", reason.fix},
            {"countsAgainstChallenge", reason.counts_as_refusal},
            {"intune", reason.intune.empty() ? Json(nullptr) : Json(reason.intune)}};
}

int print_chosen(const std::string& word, const std::string& format) {
    if (format == "scdoc") {
        std::printf("%s", reasons_man_page().c_str());
        return kExitOk;
    }
    const Reason* const one = find_reason(word);
    if (!word.empty() && one == nullptr) {
        return report({ErrorCode::not_found, "there is no reason \"" + word + "\"", "", {}});
    }
    Chosen chosen;
    for (const Reason& reason : all_reasons()) {
        if (word.empty() || &reason == one) chosen.push_back(&reason);
    }
    if (format == "table") {
        print_text(chosen);
        return kExitOk;
    }
    Json all = Json::array();
    for (const Reason* reason : chosen)
        all.push_back(to_json(*reason));
    std::printf("%s\n", (word.empty() ? all : all.front()).dump(2).c_str());
    return kExitOk;
}

}  // namespace

void add_reasons_command(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("reasons", "print each reason of refusal, cause and fix");
    const auto word = std::make_shared<std::string>();
    const auto format = std::make_shared<std::string>("table");
    noun->add_option("WORD", *word, "this reason alone");
    noun->add_option("--format", *format, "table, json, or scdoc: the source of the man page")
        ->check(CLI::IsMember({"table", "json", "scdoc"}))
        ->capture_default_str();
    noun->callback([word, format, &exit_code] { exit_code = print_chosen(*word, *format); });
}

}  // namespace ndes::crp::cli
