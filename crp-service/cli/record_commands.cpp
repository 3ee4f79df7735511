// crpctl device|user|policy|template: the records that an MDM keeps in the CRP.
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "common/file.h"
#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kMaxRecordOctets = 1024 * 1024;

struct RecordNoun {
    const char* noun;
    const char* help;
    const char* path;
    std::vector<Column> columns;
};

const RecordNoun kNouns[] = {
    {"device",
     "devices",
     "/api/v1/devices",
     {{"ID", "id"},
      {"NAME", "name"},
      {"TYPE", "deviceType"},
      {"STATE", "enrollmentState"},
      {"COMPLIANT", "compliant"},
      {"USER", "ownerUserId"},
      {"SERIAL", "serialNumber"}}},
    {"user",
     "users",
     "/api/v1/users",
     {{"ID", "id"},
      {"PRINCIPAL NAME", "userPrincipalName"},
      {"NAME", "displayName"},
      {"ENABLED", "enabled"},
      {"GROUPS", "groups"}}},
    {"policy",
     "policies: what certificates say and who may have one",
     "/api/v1/policies",
     {{"ID", "id"},
      {"TEMPLATE", "template"},
      {"SUBJECT", "subjectFormat"},
      {"KEY", "keyType"},
      {"DAYS", "validityDays"},
      {"REQUEST ID", "certificateRequestId"}}},
    {"template",
     "permissions of certificate templates",
     "/api/v1/templates",
     {{"NAME", "name"}, {"PERMISSIONS", "permissions"}}},
};

Result<std::string> read_record(const std::string& file) {
    if (file != "-") return read_file(file, kMaxRecordOctets);
    std::string text(std::istreambuf_iterator<char>(std::cin), {});
    if (text.empty()) return fail(ErrorCode::bad_request, "standard input is empty");
    return text;
}

struct PutOrder {
    std::string id;
    std::string file;
    std::string if_match;
    bool only_new = false;
};

Result<void> put_record(RestClient& client, const std::string& path, const PutOrder& order,
                        const Output& output) {
    auto body = read_record(order.file);
    if (!body) return Failure(local_fault(body.error()));
    std::vector<std::pair<std::string, std::string>> headers;
    if (!order.if_match.empty()) headers.emplace_back("If-Match", order.if_match);
    if (order.only_new) headers.emplace_back("If-None-Match", "*");
    auto answer = client.call("PUT", item_path(path, order.id), *body, headers);
    if (!answer) return pass_on(answer);
    say(output, "recorded " + order.id);
    return {};
}

void add_put(CLI::App& noun, const char* path, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("put", "create or replace one");
    const auto target = add_rest_options(*verb);
    const auto output = std::make_shared<Output>();
    const auto order = std::make_shared<PutOrder>();
    verb->add_option("ID", order->id, "which one")->required();
    verb->add_option("FILE", order->file, "JSON as in the API; - or none: standard input")
        ->default_val("-");
    CLI::Option* match = verb->add_option("--if-match", order->if_match,
                                          "ETag: only if it has not changed since then");
    verb->add_flag("--new", order->only_new, "only if there is none yet")->excludes(match);
    verb->add_flag("--quiet", output->quiet, "errors only");
    verb->callback([=, &exit_code] {
        exit_code = with_client(
            *target, [&](RestClient& client) { return put_record(client, path, *order, *output); });
    });
}

void add_delete(CLI::App& noun, const char* path, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("delete", "remove one");
    const auto target = add_rest_options(*verb);
    const auto output = std::make_shared<Output>();
    const auto yes = add_yes_option(*verb);
    const auto id = std::make_shared<std::string>();
    verb->add_option("ID", *id, "which one")->required();
    verb->add_flag("--quiet", output->quiet, "errors only");
    verb->callback([=, &exit_code] {
        if (!confirmed(*yes, "deleting " + *id)) {
            exit_code = kExitRefused;
            return;
        }
        exit_code = with_client(*target, [&](RestClient& client) -> Result<void> {
            auto answer = client.call("DELETE", item_path(path, *id));
            if (!answer) return pass_on(answer);
            say(*output, "deleted " + *id);
            return {};
        });
    });
}

}  // namespace

void add_record_commands(CLI::App& app, int& exit_code) {
    for (const RecordNoun& record : kNouns) {
        CLI::App* noun = app.add_subcommand(record.noun, record.help);
        noun->require_subcommand(1);
        add_list_verb(*noun, {"list", "list them", record.path, record.columns}, exit_code);
        add_show_verb(*noun, "show one", "ID", record.path, exit_code);
        add_put(*noun, record.path, exit_code);
        add_delete(*noun, record.path, exit_code);
    }
}

}  // namespace ndes::crp::cli
