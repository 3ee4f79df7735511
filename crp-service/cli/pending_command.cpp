// crpctl pending list|approve|deny: what ndesd holds for an operator's approval (issuer.approval =
// "manual"), by its admin listener.
#include <cstdio>
#include <memory>
#include <string>

#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kPendingPath = "/api/v1/pending";

std::string field(const Json& item, const char* name) {
    const auto found = item.find(name);
    if (found == item.end()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

void print_item(const Json& item) {
    std::printf("%-6s %-10s %-24s %s  %s\n", field(item, "id").c_str(),
                field(item, "state").c_str(), field(item, "createdAt").c_str(),
                field(item, "subject").c_str(), field(item, "transactionId").c_str());
}

int list_pending(RestTarget& target, bool as_json) {
    if (auto known = complete(target); !known) return report_target(known.error());
    Json all = Json::array();
    std::string after = "0";
    while (!after.empty()) {
        auto answer = call_rest(target, "GET", std::string(kPendingPath) + "?after=" + after);
        if (!answer) return report(answer.error());
        const auto page = parse_json(*answer, answer->size());
        if (!page || !page->is_object() || !page->contains("items") || !page->contains("next"))
            return report({ErrorCode::internal, "the answer is no list", {}, std::nullopt});
        for (const Json& item : page->at("items"))
            all.push_back(item);
        const Json& next = page->at("next");
        after = next.is_number_integer() ? next.dump() : std::string();
    }
    if (as_json) {
        std::printf("%s\n", all.dump(2).c_str());
        return kExitOk;
    }
    for (const Json& item : all)
        print_item(item);
    return kExitOk;
}

int decide(RestTarget& target, std::int64_t id, const char* verb, const std::string& why) {
    if (auto known = complete(target); !known) return report_target(known.error());
    const std::string body = why.empty() ? std::string() : Json({{"text", why}}).dump();
    auto answer = call_rest(
        target, "POST", std::string(kPendingPath) + "/" + std::to_string(id) + "/" + verb, body);
    if (!answer) return report(answer.error());
    const auto json = parse_json(*answer, answer->size());
    const std::string state = json && json->is_object() ? field(*json, "state") : "";
    const std::string serial = json && json->is_object() ? field(*json, "serial") : "";
    std::printf("%lld %s%s%s\n", static_cast<long long>(id), state.c_str(),
                serial.empty() ? "" : " serial ", serial.c_str());
    const bool done = state == "denied" || state == "issued" || state == "pending";
    return done ? kExitOk : kExitRefused;
}

void add_decision(CLI::App& noun, const char* verb, const char* text, bool with_reason,
                  int& exit_code) {
    CLI::App* command = noun.add_subcommand(verb, text);
    const auto target = add_rest_options(*command, kNdesdAdmin);
    const auto id = std::make_shared<std::int64_t>();
    const auto why = std::make_shared<std::string>();
    command->add_option("ID", *id, "as crpctl pending list shows it")->required();
    if (with_reason) command->add_option("--text", *why, "why; for the log and the list");
    command->callback([=, &exit_code] { exit_code = decide(*target, *id, verb, *why); });
}

}  // namespace

void add_pending_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("pending", "requests that ndesd holds for approval");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand("list", "those that wait, oldest first");
    const auto target = add_rest_options(*verb, kNdesdAdmin);
    const auto format = std::make_shared<std::string>("table");
    verb->add_option("--format", *format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    verb->callback([=, &exit_code] { exit_code = list_pending(*target, *format == "json"); });
    add_decision(*noun, "approve", "have the certificate issued now", false, exit_code);
    add_decision(*noun, "deny", "refuse it; the device is told at its next poll", true, exit_code);
}

}  // namespace ndes::crp::cli
