// crpctl state: state messages and their way to the sinks.
#include <memory>
#include <string>
#include <vector>

#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kStateMessagesPath = "/api/v1/state-messages";

struct ReplayOrder {
    std::string sink;
    std::vector<std::string> ids;
    bool all_dead = false;
    std::int64_t after = -1;
};

Result<void> replay(RestClient& client, const ReplayOrder& order, const Output& output) {
    Json body = {{"sink", order.sink}};
    if (order.all_dead) {
        body["allDead"] = true;
    } else if (order.after >= 0) {
        body["afterSequence"] = order.after;
    } else {
        body["ids"] = order.ids;
    }
    auto answer = client.call("POST", std::string(kStateMessagesPath) + "/replay", body.dump());
    if (!answer) return pass_on(answer);
    auto json = parse_json(*answer, answer->size() + 1);
    if (json) print_object(output, *json);
    return {};
}

void add_replay(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("replay", "send messages to a sink again");
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, false);
    const auto yes = add_yes_option(*verb);
    const auto order = std::make_shared<ReplayOrder>();
    verb->add_option("--sink", order->sink, "name of the sink, e.g. inbox")->required();
    CLI::Option_group* what = verb->add_option_group("what", "which messages");
    what->add_option("--id", order->ids, "a message's ID; may be given again")
        ->allow_extra_args(false);
    what->add_flag("--all-dead", order->all_dead, "all that the sink gave up");
    what->add_option("--after", order->after, "all recorded after this sequence number")
        ->check(CLI::NonNegativeNumber);
    what->require_option(1);
    verb->callback([=, &exit_code] {
        if (!confirmed(*yes, "sending messages to " + order->sink + " again")) {
            exit_code = kExitRefused;
            return;
        }
        exit_code = with_client(
            *target, [&](RestClient& client) { return replay(client, *order, *output); });
    });
}

}  // namespace

void add_state_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("state", "state messages");
    noun->require_subcommand(1);
    const std::vector<Column> columns = {{"SEQUENCE", "sequence"}, {"STATE", "state"},
                                         {"REASON", "reason"},     {"DEVICE", "deviceId"},
                                         {"USER", "userId"},       {"TRANSACTION", "transactionId"},
                                         {"CREATED", "createdAt"}, {"ID", "id"}};
    add_list_verb(*noun, {"list", "list them, oldest first", kStateMessagesPath, columns},
                  exit_code);
    add_list_verb(*noun,
                  {"dead",
                   "those that a sink gave up",
                   std::string(kStateMessagesPath) + "/dead-letters",
                   columns,
                   {{"--sink", "sink", "of this sink"}}},
                  exit_code);
    add_replay(*noun, exit_code);
}

}  // namespace ndes::crp::cli
