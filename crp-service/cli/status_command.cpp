// crpctl status: what a crpd says about its own health.
#include <memory>

#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

int print_status(const RestTarget& target, const Output& output) {
    auto answer = get_plain(target.health_url, "/healthz");
    if (!answer) return report(answer.error());
    const auto health = parse_json(answer->body, 1024 * 1024);
    if (!health || !health->is_object() || !health->contains("checks")) {
        return report({ErrorCode::unavailable, target.health_url + " is no health listener of crpd",
                       "status " + std::to_string(answer->status), std::nullopt});
    }
    if (output.format == "json") {
        print_json(*health);
    } else {
        ListPrinter printer(output, {{"CHECK", "name"}, {"LEVEL", "level"}, {"TEXT", "text"}});
        for (const Json& check : (*health)["checks"])
            printer.add(check);
        printer.finish();
        say(output, cell_text((*health)["text"]) + " at " + cell_text((*health)["checkedAt"]));
    }
    return answer->status == 200 ? kExitOk : kExitFailed;
}

}  // namespace

void add_status_command(CLI::App& app, int& exit_code) {
    CLI::App* noun =
        app.add_subcommand("status", "health of a crpd; ends with 1 if it is not well");
    const auto target = std::make_shared<RestTarget>();
    const auto output = add_output_options(*noun, false);
    noun->add_option("--health-url", target->health_url, "its health listener, plain HTTP")
        ->envname("CRP_HEALTH_URL");
    noun->callback([=, &exit_code] {
        if (auto read = complete_from_file(*target); !read) {
            exit_code = report(read.error());
        } else if (target->health_url.empty()) {
            exit_code = report_usage("--health-url (CRP_HEALTH_URL, health_url) is not set",
                                     "give the address of [health] listen in crpd.toml");
        } else {
            exit_code = print_status(*target, *output);
        }
    });
}

}  // namespace ndes::crp::cli
