// crpctl config: crpd's settings, checked as crpd --check-config does, and shown with their origin.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/output.h"
#include "crp-service/config.h"
#include "crp-service/http/material.h"

namespace ndes::crp::cli {

namespace {

using std::filesystem::path;

int check(const path& file) {
    auto config = read_config(file);
    if (!config) return report(config.error());
    if (auto material = load_material(*config, system_clock()); !material) {
        return report(material.error());
    }
    std::printf("%s: ok\n", file.c_str());
    return kExitOk;
}

// Secrets are files' names here, never contents.
int show(const path& file, bool origin, const Output& output) {
    auto opened = ConfigFile::load(file);
    if (!opened) return report(opened.error());
    const auto config = read_config(*opened, std::filesystem::absolute(file).parent_path());
    std::vector<Column> columns = {{"SETTING", "name"}, {"VALUE", "value"}};
    if (origin) columns.push_back({"ORIGIN", "origin"});
    ListPrinter printer(output, columns);
    for (const ConfigSetting& setting : opened->settings()) {
        Json row = {{"name", setting.name}, {"value", setting.value}};
        if (origin) row["origin"] = setting.origin;
        printer.add(row);
    }
    printer.finish();
    return config ? kExitOk : report(config.error());
}

}  // namespace

void add_config_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("config", "crpd's configuration");
    noun->require_subcommand(1);
    const auto file = std::make_shared<path>();

    CLI::App* verb = noun->add_subcommand("check", "read the configuration and the files it names");
    verb->add_option("--config", *file, "crpd's configuration file")->required();
    verb->callback([=, &exit_code] { exit_code = check(*file); });

    CLI::App* shown = noun->add_subcommand("show", "every setting that is in force");
    const auto output = add_output_options(*shown, true);
    const auto origin = std::make_shared<bool>(false);
    shown->add_option("--config", *file, "crpd's configuration file")->required();
    shown->add_flag("--origin", *origin, "and who set it: file and line, environment, default");
    shown->callback([=, &exit_code] { exit_code = show(*file, *origin, *output); });
}

}  // namespace ndes::crp::cli
