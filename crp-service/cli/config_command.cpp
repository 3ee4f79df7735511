// crpctl config: the settings of the four configuration files: checked as their programs do, shown
// with their origin, compared, and described as JSON Schema.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "common/file.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/config/config_diff.h"
#include "crp-service/cli/config/config_files.h"
#include "crp-service/cli/config/config_schema.h"
#include "crp-service/cli/output.h"

namespace ndes::crp::cli {

namespace {

using std::filesystem::path;

struct ConfigChoice {
    path file;
    std::string program;  // empty: as the file's name says
};

std::shared_ptr<ConfigChoice> add_config_choice(CLI::App& verb) {
    auto choice = std::make_shared<ConfigChoice>();
    verb.add_option("--config", choice->file, "the configuration file")->required();
    verb.add_option("--program", choice->program,
                    "whose it is: ndesd, module, crpd or crpctl; default: by the file's name")
        ->check(CLI::IsMember({"ndesd", "module", "crpd", "crpctl"}));
    return choice;
}

int with_kind(const ConfigChoice& choice,
              const std::function<Result<void>(const ConfigFileKind&)>& work) {
    const auto kind = kind_of_config(choice.program, choice.file);
    if (!kind) return report_usage(kind.error().text, kind.error().detail);
    const Result<void> done = work(**kind);
    return done ? kExitOk : report(done.error());
}

Result<void> check(const ConfigFileKind& kind, const path& file) {
    if (auto sound = kind.check(file); !sound) return sound;
    std::printf("%s: ok\n", file.c_str());
    return {};
}

// Secrets are files' names here, never contents.
Result<void> show(const ConfigFileKind& kind, const path& file, bool origin, const Output& output) {
    auto read = read_config_of(kind, file);
    if (!read) return pass_on(read);
    std::vector<Column> columns = {{"SETTING", "name"}, {"VALUE", "value"}};
    if (origin) columns.push_back({"ORIGIN", "origin"});
    ListPrinter printer(output, columns);
    for (const ConfigSetting& setting : read->file.settings()) {
        Json row = {{"name", setting.name}, {"value", shown_value(setting)}};
        if (origin) row["origin"] = setting.origin;
        printer.add(row);
    }
    printer.finish();
    return read->faults;
}

Result<void> diff(const ConfigFileKind& kind, const path& file, const path& other,
                  const Output& output) {
    auto read = read_config_of(kind, file);
    if (!read) return pass_on(read);
    std::vector<ConfigDifference> found;
    if (other.empty()) {
        found = differences_from_defaults(read->file.settings());
    } else {
        auto second = read_config_of(kind, other);
        if (!second) return pass_on(second);
        if (!second->faults) return second->faults;
        found = differences(read->file.settings(), second->file.settings());
    }
    ListPrinter printer(output, {{"SETTING", "name"},
                                 {"VALUE", "value"},
                                 {other.empty() ? "DEFAULT" : "OTHER", "other"},
                                 {"ORIGIN", "origin"}});
    for (const ConfigDifference& one : found)
        printer.add({{"name", one.name},
                     {"value", one.value},
                     {"other", one.other},
                     {"origin", one.origin}});
    printer.finish();
    if (found.empty()) say(output, "no differences");
    return read->faults;
}

void add_check(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("check", "read the configuration and the files it names");
    const auto choice = add_config_choice(*verb);
    verb->callback([=, &exit_code] {
        exit_code = with_kind(
            *choice, [&](const ConfigFileKind& kind) { return check(kind, choice->file); });
    });
}

void add_config_show(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("show", "every setting that is in force");
    const auto output = add_output_options(*verb, true);
    const auto choice = add_config_choice(*verb);
    const auto origin = std::make_shared<bool>(false);
    verb->add_flag("--origin", *origin, "and who set it: file and line, environment, default");
    verb->callback([=, &exit_code] {
        exit_code = with_kind(*choice, [&](const ConfigFileKind& kind) {
            return show(kind, choice->file, *origin, *output);
        });
    });
}

void add_diff(CLI::App& noun, int& exit_code) {
    CLI::App* verb =
        noun.add_subcommand("diff", "what is not as the defaults, or as in another file");
    const auto output = add_output_options(*verb, true);
    const auto choice = add_config_choice(*verb);
    const auto other = std::make_shared<path>();
    verb->add_option("OTHER", *other, "another file of the same program; none: the defaults");
    verb->callback([=, &exit_code] {
        exit_code = with_kind(*choice, [&](const ConfigFileKind& kind) {
            return diff(kind, choice->file, *other, *output);
        });
    });
}

void add_schema(CLI::App& noun, int& exit_code) {
    CLI::App* verb =
        noun.add_subcommand("schema", "print the JSON Schema of a configuration file, for editors");
    const auto program = std::make_shared<std::string>();
    const auto sample = std::make_shared<path>();
    verb->add_option("--program", *program, "ndesd, module, crpd or crpctl")
        ->required()
        ->check(CLI::IsMember({"ndesd", "module", "crpd", "crpctl"}));
    verb->add_option("--sample", *sample, "sample file, whose comments become descriptions");
    verb->callback([=, &exit_code] {
        exit_code = with_kind({{}, *program}, [&](const ConfigFileKind& kind) -> Result<void> {
            auto text = sample->empty() ? Result<std::string>(std::string()) : read_file(*sample);
            if (!text) return fail(ErrorCode::configuration, text.error().text);
            print_json(config_schema(kind, *text));
            return {};
        });
    });
}

}  // namespace

void add_config_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun =
        app.add_subcommand("config", "the configuration of ndesd, its module, crpd and crpctl");
    noun->require_subcommand(1);
    add_check(*noun, exit_code);
    add_config_show(*noun, exit_code);
    add_diff(*noun, exit_code);
    add_schema(*noun, exit_code);
}

}  // namespace ndes::crp::cli
