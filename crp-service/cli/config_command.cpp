// crpctl config check: as crpd --check-config: reads the settings and every file they name.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/config.h"
#include "crp-service/http/material.h"

namespace ndes::crp::cli {

namespace {

int check(const std::filesystem::path& path) {
    auto config = read_config(path);
    if (!config) return report(config.error());
    if (auto material = load_material(*config, system_clock()); !material) {
        return report(material.error());
    }
    std::printf("%s: ok\n", path.c_str());
    return kExitOk;
}

}  // namespace

void add_config_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("config", "crpd's configuration");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand("check", "read the configuration and the files it names");
    const auto path = std::make_shared<std::filesystem::path>();
    verb->add_option("--config", *path, "crpd's configuration file")->required();
    verb->callback([path, &exit_code] { exit_code = check(*path); });
}

}  // namespace ndes::crp::cli
