// crpctl challenge: orders challenges as an MDM does, shows and revokes them.
#include <cstdio>
#include <memory>
#include <string>

#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kChallengesPath = "/api/v1/challenges";

struct Order {
    std::string device;
    std::string user;
    std::string policy;
    int ttl_seconds = 0;  // 0: the policy's
};

Result<void> order_challenge(RestClient& client, const Order& order, const Output& output) {
    Json body = {{"deviceId", order.device}, {"policyId", order.policy}};
    if (!order.user.empty()) body["userId"] = order.user;
    if (order.ttl_seconds > 0) body["ttlSeconds"] = order.ttl_seconds;
    auto answer = client.call("POST", kChallengesPath, body.dump());
    if (!answer) return pass_on(answer);
    auto json = parse_json(*answer, answer->size());
    if (!json) return fail(ErrorCode::internal, "crpd's answer is not JSON", json.error().text);
    print_object(output, *json);
    return {};
}

void add_new(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("new", "order one for a device and a policy");
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, false);
    const auto order = std::make_shared<Order>();
    verb->add_option("--device", order->device, "device ID")->required();
    verb->add_option("--policy", order->policy, "policy ID")->required();
    verb->add_option("--user", order->user, "user ID; none: a challenge without user");
    verb->add_option("--ttl", order->ttl_seconds, "seconds; none: the policy's")
        ->check(CLI::Range(60, 2'592'000));
    verb->callback([=, &exit_code] {
        exit_code = with_client(
            *target, [&](RestClient& client) { return order_challenge(client, *order, *output); });
    });
}

void add_challenge_revoke(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("revoke", "withdraw one that is not used yet");
    const auto target = add_rest_options(*verb);
    const auto yes = add_yes_option(*verb);
    const auto output = std::make_shared<Output>();
    const auto id = std::make_shared<std::string>();
    verb->add_option("CHALLENGE-ID", *id, "as `challenge new` told it")->required();
    verb->add_flag("--quiet", output->quiet, "errors only");
    verb->callback([=, &exit_code] {
        if (!confirmed(*yes, "revoking challenge " + *id)) {
            exit_code = kExitRefused;
            return;
        }
        exit_code = with_client(*target, [&](RestClient& client) -> Result<void> {
            auto answer = client.call("DELETE", item_path(kChallengesPath, *id));
            if (!answer) return pass_on(answer);
            say(*output, "revoked " + *id);
            return {};
        });
    });
}

}  // namespace

void add_challenge_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("challenge", "challenges");
    noun->require_subcommand(1);
    add_new(*noun, exit_code);
    add_list_verb(*noun,
                  {"list",
                   "list them, newest first; never the challenge itself",
                   kChallengesPath,
                   {{"ID", "challengeId"},
                    {"KIND", "kind"},
                    {"STATE", "state"},
                    {"DEVICE", "deviceId"},
                    {"USER", "userId"},
                    {"POLICY", "policyId"},
                    {"REFUSALS", "refusals"},
                    {"EXPIRES", "expiresAt"}},
                   {{"--device", "deviceId", "of this device"},
                    {"--state", "state",
                     "issued, reserved, completed, expired, revoked, locked, "
                     "unconfirmed or failed"}}},
                  exit_code);
    add_show_verb(*noun, "show one; never the challenge itself", "CHALLENGE-ID", kChallengesPath,
                  exit_code);
    add_challenge_revoke(*noun, exit_code);
}

}  // namespace ndes::crp::cli
