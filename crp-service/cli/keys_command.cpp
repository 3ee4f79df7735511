// crpctl keys new|list|check: key files for [challenge] key_files and pepper_files, and what hangs
// on those that crpd has.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "common/bytes.h"
#include "common/random.h"
#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/new_file.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kKeyOctets = 32;

int write_new_key(const std::filesystem::path& path) {
    const std::string text = to_hex(system_random().bytes(kKeyOctets)) + "\n";
    if (auto written = write_new_file(path, text, 0600); !written) return report(written.error());
    std::printf("wrote %s\n", path.c_str());
    return kExitOk;
}

void print_keys(const Json& items) {
    std::printf("%-8s %-16s %-9s %12s  %s\n", "KIND", "ID", "PLACE", "OUTSTANDING", "LAST EXPIRY");
    for (const Json& key : items) {
        const Json& last = key.at("lastExpiry");
        std::printf("%-8s %-16s %-9s %12lld  %s\n", key.at("kind").get<std::string>().c_str(),
                    key.at("id").get<std::string>().c_str(),
                    key.at("place").get<std::string>().c_str(),
                    static_cast<long long>(key.at("outstanding").get<std::int64_t>()),
                    last.is_null() ? "-" : last.get<std::string>().c_str());
    }
}

// What crpd has configured, never a key itself. `check`: refused when one is missing.
int show_keys(const RestTarget& target, const std::string& format, bool check) {
    RestTarget whole = target;
    if (auto known = complete(whole); !known) return report_target(known.error());
    auto answer = call_rest(whole, "GET", "/api/v1/keys");
    if (!answer) return report(answer.error());
    const auto json = parse_json(*answer, answer->size());
    if (!json || !json->is_object()) {
        return report({ErrorCode::internal, "crpd's answer cannot be read", {}, std::nullopt});
    }
    format == "json" ? static_cast<void>(std::printf("%s\n", json->dump(2).c_str()))
                     : print_keys(json->at("items"));
    const Json& fault = json->at("fault");
    if (fault.is_null()) return kExitOk;
    std::fprintf(stderr, "%s\n", fault.get<std::string>().c_str());
    return check ? kExitRefused : kExitOk;
}

void add_show(CLI::App& noun, const char* name, const char* text, bool check, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(name, text);
    const auto target = add_rest_options(*verb);
    const auto format = std::make_shared<std::string>("table");
    verb->add_option("--format", *format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    verb->callback(
        [target, format, check, &exit_code] { exit_code = show_keys(*target, *format, check); });
}

}  // namespace

void add_keys_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("keys", "challenge keys");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand(
        "new", "write a new random key (64 hexadecimal digits, readable by its owner alone)");
    const auto path = std::make_shared<std::filesystem::path>();
    verb->add_option("--out", *path, "the file to make; never overwritten")->required();
    verb->callback([path, &exit_code] { exit_code = write_new_key(*path); });
    add_show(*noun, "list", "configured keys, and how many challenges depend on each", false,
             exit_code);
    add_show(*noun, "check", "as list; exit code 4 when a key is missing that challenges depend on",
             true, exit_code);
}

}  // namespace ndes::crp::cli
