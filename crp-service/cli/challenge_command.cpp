// crpctl challenge new: orders a challenge as an MDM does.
#include <cstdio>
#include <memory>
#include <string>

#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

struct Order {
    std::string device;
    std::string user;
    std::string policy;
    int ttl_seconds = 0;  // 0: the policy's
};

int order_challenge(const RestTarget& target, const Order& order) {
    Json body = {{"deviceId", order.device}, {"policyId", order.policy}};
    if (!order.user.empty()) body["userId"] = order.user;
    if (order.ttl_seconds > 0) body["ttlSeconds"] = order.ttl_seconds;
    auto answer = call_rest(target, "POST", "/api/v1/challenges", body.dump());
    if (!answer) return report(answer.error());
    const auto json = parse_json(*answer, answer->size());
    std::printf("%s\n", json ? json->dump(2).c_str() : answer->c_str());
    return kExitOk;
}

}  // namespace

void add_challenge_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("challenge", "challenges");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand("new", "order one for a device and a policy");
    const auto target = add_rest_options(*verb);
    const auto order = std::make_shared<Order>();
    verb->add_option("--device", order->device, "device ID")->required();
    verb->add_option("--policy", order->policy, "policy ID")->required();
    verb->add_option("--user", order->user, "user ID; none: a challenge without user");
    verb->add_option("--ttl", order->ttl_seconds, "seconds; none: the policy's")
        ->check(CLI::Range(60, 2'592'000));
    verb->callback([target, order, &exit_code] { exit_code = order_challenge(*target, *order); });
}

}  // namespace ndes::crp::cli
