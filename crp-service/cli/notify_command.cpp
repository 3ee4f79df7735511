// crpctl notify list|retry|discard: outcomes that ndesd has not told the CRP yet, and those that
// the CRP will not take (dead letters), by ndesd's admin listener.
#include <cstdio>
#include <memory>
#include <string>

#include "common/strict_json.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/output.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kNotifies = "/api/v1/notifies";

int list_notifies(RestTarget& target, bool dead, const Output& output) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        ListPrinter printer(output, {{"ID", "id"},
                                     {"STATE", "state"},
                                     {"OUTCOME", "outcome"},
                                     {"TRANSACTION", "transactionId"},
                                     {"SERIAL", "serial"},
                                     {"RECORDED", "recordedAt"},
                                     {"ATTEMPTS", "attempts"},
                                     {"NEXT", "nextAttemptAt"},
                                     {"LAST ERROR", "lastError"}});
        auto done =
            for_each_item(client, kNotifies, dead ? "&state=dead" : "", 0, [&](const Json& item) {
                printer.add(item);
                return true;
            });
        if (!done) return done;
        printer.finish();
        return {};
    });
}

int change(RestTarget& target, const std::string& id, const char* verb) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        auto answer = client.call("POST", item_path(kNotifies, id) + "/" + verb);
        if (!answer) return pass_on(answer);
        const auto json = parse_json(*answer, answer->size());
        if (!json || !json->is_object())
            return fail(ErrorCode::internal, "ndesd's answer is not understood");
        std::printf("%s %s\n", id.c_str(), cell_text(json->value("state", Json())).c_str());
        return {};
    });
}

int retry_dead(RestTarget& target) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        auto answer = client.call("POST", std::string(kNotifies) + "/retry");
        if (!answer) return pass_on(answer);
        const auto json = parse_json(*answer, answer->size());
        if (!json || !json->is_object())
            return fail(ErrorCode::internal, "ndesd's answer is not understood");
        std::printf("%s dead letters are told again\n",
                    cell_text(json->value("count", Json())).c_str());
        return {};
    });
}

}  // namespace

void add_notify_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("notify", "outcomes that ndesd has not told the CRP yet");
    noun->require_subcommand(1);

    CLI::App* verb =
        noun->add_subcommand("list", "those that wait and the dead letters, oldest first");
    auto target = add_rest_options(*verb, kNdesdAdmin);
    const auto output = add_output_options(*verb, true);
    const auto dead = std::make_shared<bool>(false);
    verb->add_flag("--dead", *dead, "only dead letters: what the CRP will not take");
    verb->callback([=, &exit_code] { exit_code = list_notifies(*target, *dead, *output); });

    verb = noun->add_subcommand("retry", "tell one again at once, or all dead letters");
    target = add_rest_options(*verb, kNdesdAdmin);
    const auto id = std::make_shared<std::string>();
    const auto all = std::make_shared<bool>(false);
    auto* const one = verb->add_option("ID", *id, "as crpctl notify list shows it");
    verb->add_flag("--all-dead", *all, "every dead letter")->excludes(one);
    verb->callback([=, &exit_code] {
        if (*all)
            exit_code = retry_dead(*target);
        else if (id->empty())
            exit_code = report_usage("ID or --all-dead is wanted", "crpctl notify list shows IDs");
        else
            exit_code = change(*target, *id, "retry");
    });

    verb = noun->add_subcommand("discard", "forget a dead letter; the CRP will not learn of it");
    target = add_rest_options(*verb, kNdesdAdmin);
    const auto discarded = std::make_shared<std::string>();
    const auto yes = add_yes_option(*verb);
    verb->add_option("ID", *discarded, "as crpctl notify list shows it")->required();
    verb->callback([=, &exit_code] {
        exit_code = confirmed(*yes, "forgetting outcome " + *discarded)
                        ? change(*target, *discarded, "discard")
                        : kExitRefused;
    });
}

}  // namespace ndes::crp::cli
