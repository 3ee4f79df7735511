// crpctl reasons: the catalogue of refusals, with cause and fix.
#include <cstdio>
#include <memory>
#include <string>

#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/validation/reasons.h"

namespace ndes::crp::cli {

namespace {

void print_table() {
    for (const Reason& reason : all_reasons()) {
        std::printf("%.*s (phase %d)\n  cause: %.*s\n  fix:   %.*s\n",
                    static_cast<int>(reason.word.size()), reason.word.data(), reason.phase,
                    static_cast<int>(reason.cause.size()), reason.cause.data(),
                    static_cast<int>(reason.fix.size()), reason.fix.data());
    }
}

void print_json() {
    Json all = Json::array();
    for (const Reason& reason : all_reasons()) {
        all.push_back({{"reason", reason.word},
                       {"phase", reason.phase},
                       {"cause", reason.cause},
                       {"fix", reason.fix},
                       {"countsAgainstChallenge", reason.counts_as_refusal},
                       {"intune", reason.intune.empty() ? Json(nullptr) : Json(reason.intune)}});
    }
    std::printf("%s\n", all.dump(2).c_str());
}

}  // namespace

void add_reasons_command(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("reasons", "print each reason of refusal, cause and fix");
    const auto format = std::make_shared<std::string>("table");
    noun->add_option("--format", *format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    noun->callback([format, &exit_code] {
        *format == "json" ? print_json() : print_table();
        exit_code = kExitOk;
    });
}

}  // namespace ndes::crp::cli
