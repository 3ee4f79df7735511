// crpctl support-bundle: one file for whoever helps, with no secret in it.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/support_bundle/bundle.h"

namespace ndes::crp::cli {

namespace {

struct SupportOptions {
    BundleOrder order;
    std::filesystem::path file;
    std::size_t log_kib = 2048;
    bool dry_run = false;
};

void choose_installed(BundleOrder& order) {
    if (!order.ndesd_config.empty() || !order.crpd_config.empty()) return;
    std::error_code ignored;
    for (const auto& [config, installed] :
         {std::pair(&order.ndesd_config, "/etc/ndes-crp/ndesd/ndesd.toml"),
          std::pair(&order.crpd_config, "/etc/ndes-crp/crpd/crpd.toml")})
        if (std::filesystem::exists(installed, ignored)) *config = installed;
}

int make_bundle(SupportOptions options) {
    if (options.file.empty() && !options.dry_run)
        return report_usage("FILE.tar.gz is required", "crpctl support-bundle --help");
    const WallTime now = system_clock().now();
    choose_installed(options.order);
    options.order.log_octets = options.log_kib * 1024;
    const auto entries = collect_bundle(options.order, now);
    std::fputs(entries.front().text.c_str(), stdout);  // the manifest
    if (options.dry_run) return kExitOk;
    const auto written = write_bundle(entries, options.file, now);
    if (!written) return report(local_fault(written.error()));
    std::fprintf(stderr, "wrote %s\n", options.file.c_str());
    return kExitOk;
}

}  // namespace

void add_support_bundle_command(CLI::App& app, int& exit_code) {
    CLI::App* verb = app.add_subcommand(
        "support-bundle", "settings, versions, logs and findings in one file, without secrets");
    const auto options = std::make_shared<SupportOptions>();
    verb->add_option("FILE", options->file, "the .tar.gz to make; never overwritten");
    verb->add_flag("--dry-run", options->dry_run, "print the list of what it would hold");
    verb->add_option("--ndesd-config", options->order.ndesd_config, "ndesd.toml");
    verb->add_option("--crpd-config", options->order.crpd_config, "crpd.toml");
    verb->add_option("--module-config", options->order.module_configs,
                     "beside those that ndesd.toml names")
        ->allow_extra_args(false);
    verb->add_option("--log", options->order.logs, "beside those that the settings name")
        ->allow_extra_args(false);
    verb->add_option("--log-kib", options->log_kib, "so much of each log's end")
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    verb->add_option("--transaction", options->order.transactions,
                     "with the timeline of this one; may be given again")
        ->allow_extra_args(false);
    verb->callback([options, &exit_code] { exit_code = make_bundle(*options); });
}

}  // namespace ndes::crp::cli
