// crpctl tx show: why was a request refused, and what became of it?
#include <cstdio>
#include <memory>
#include <string>

#include "common/http_server/url.h"
#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

int show(const RestTarget& target, const std::string& id) {
    auto answer = call_rest(target, "GET", "/api/v1/transactions/" + http::percent_encode(id));
    if (!answer) return report(answer.error());
    const auto json = parse_json(*answer, answer->size());
    std::printf("%s\n", json ? json->dump(2).c_str() : answer->c_str());
    return kExitOk;
}

}  // namespace

void add_transaction_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("tx", "transactions");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand("show", "what was decided, why, and what became of it");
    const auto target = add_rest_options(*verb);
    const auto id = std::make_shared<std::string>();
    verb->add_option("TRANSACTION-ID", *id, "as in the logs")->required();
    verb->callback([target, id, &exit_code] { exit_code = show(*target, *id); });
}

}  // namespace ndes::crp::cli
