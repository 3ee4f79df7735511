// crpctl audit: who did, asked and was told what.
#include <cstdio>
#include <memory>
#include <string>

#include "common/crypto/signature.h"
#include "common/file.h"
#include "crp-service/audit/audit_lines.h"
#include "crp-service/cli/audit_commands.h"
#include "crp-service/cli/audit_input.h"
#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

struct ShowOrder {
    std::int64_t sequence = 0;
    std::string node;
};

// In a table each fact has a line; one that comes several times, all of its values.
void print_record(const AuditRecord& record, const Output& output) {
    Json json = Json::parse(to_line(record));
    if (output.format == "table") {
        json.erase("facts");
        for (const auto& [name, value] : record.facts) {
            const std::string line = "fact " + name;
            json[line] = json.contains(line) ? json[line].get<std::string>() + "; " + value : value;
        }
    }
    print_object(output, json);
}

int show(AuditPlace& place, const ShowOrder& order, const Output& output) {
    auto input = open_input(place);
    if (!input) {
        if (input.error().code != ErrorCode::bad_request) return report(input.error());
        return report_usage(input.error().text, input.error().detail + " or --config");
    }
    bool found = false;
    auto done = input->records([&](const AuditRecord& record) {
        found = record.sequence == order.sequence && record.node == order.node;
        if (found) print_record(record, output);
        return !found;
    });
    if (!done) return report(done.error());
    if (found) return kExitOk;
    return report({ErrorCode::not_found, "no such audit record", {}, std::nullopt});
}

void add_show(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("show", "one record with all its facts");
    const auto place = add_audit_place(*verb, false);
    const auto output = add_output_options(*verb, false);
    const auto order = std::make_shared<ShowOrder>();
    verb->add_option("SEQUENCE", order->sequence, "its number")->required();
    verb->add_option("--node", order->node, "of this node's chain");
    verb->callback([=, &exit_code] { exit_code = show(*place, *order, *output); });
}

// A key is never overwritten: it may be the only one that earlier checkpoints can be held against.
int make_keys(const std::filesystem::path& file) {
    const std::filesystem::path open_file = file.string() + ".pub";
    for (const auto& path : {file, open_file}) {
        if (std::filesystem::exists(path)) {
            return report({ErrorCode::conflict, path.string() + ": exists", {}, std::nullopt});
        }
    }
    auto keys = make_ed25519_pem();
    if (!keys) return report(keys.error());
    if (auto done = write_file_durably(file, as_bytes(keys->private_key), 0600); !done) {
        return report(done.error());
    }
    if (auto done = write_file_durably(open_file, as_bytes(keys->public_key), 0644); !done) {
        return report(done.error());
    }
    std::printf("wrote %s for [audit] signing_key_file, %s for crpctl audit verify --public-key\n",
                file.c_str(), open_file.c_str());
    return kExitOk;
}

void add_keygen(CLI::App& noun, int& exit_code) {
    CLI::App* verb =
        noun.add_subcommand("keygen", "make a key pair (Ed25519) to sign checkpoints with");
    const auto file = std::make_shared<std::filesystem::path>();
    verb->add_option("--out", *file, "private key; the public one beside it as FILE.pub")
        ->required();
    verb->callback([file, &exit_code] { exit_code = make_keys(*file); });
}

}  // namespace

void add_audit_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("audit", "who did, asked and was told what");
    noun->require_subcommand(1);
    add_list_verb(*noun,
                  {"list",
                   "list records, oldest first",
                   "/api/v1/audit",
                   {{"NODE", "node"},
                    {"SEQUENCE", "sequence"},
                    {"TIME", "time"},
                    {"EVENT", "event"},
                    {"OUTCOME", "outcome"},
                    {"REASON", "reason"},
                    {"CALLER", "caller"},
                    {"FROM", "peerAddress"},
                    {"TRANSACTION", "transactionId"}}},
                  exit_code);
    add_show(*noun, exit_code);
    add_audit_export(*noun, exit_code);
    add_audit_verify(*noun, exit_code);
    add_keygen(*noun, exit_code);
}

}  // namespace ndes::crp::cli
