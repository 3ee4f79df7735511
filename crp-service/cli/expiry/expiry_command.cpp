// crpctl expiry: every certificate, CRL and key that our programs work with, and when it ends.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "common/clock.h"
#include "common/config/quantity.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/connection.h"
#include "crp-service/cli/expiry/ical.h"
#include "crp-service/cli/expiry/own_list.h"
#include "crp-service/cli/output.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNdesdConfig = "/etc/ndes-crp/ndesd/ndesd.toml";
constexpr const char* kCrpdConfig = "/etc/ndes-crp/crpd/crpd.toml";

struct ExpiryOptions {
    OwnListOrder files;
    std::string format = "text";
    std::string within;  // empty: all
};

// The installed ones, where nothing is said.
Result<OwnListOrder> chosen_files(OwnListOrder order) {
    if (!order.ndesd_config.empty() || !order.module_config.empty() || !order.crpd_config.empty() ||
        !order.client_config.empty())
        return order;
    std::error_code ignored;
    order.client_config = client_settings_file();
    if (fs::exists(kNdesdConfig, ignored)) order.ndesd_config = kNdesdConfig;
    if (fs::exists(kCrpdConfig, ignored)) order.crpd_config = kCrpdConfig;
    if (order.ndesd_config.empty() && order.crpd_config.empty() && order.client_config.empty())
        return fail(ErrorCode::bad_request, std::string("none of ") + kNdesdConfig + ", " +
                                                kCrpdConfig + " and crpctl.toml is there");
    return order;
}

Json row_of(const OwnFile& file, WallTime now) {
    const Expiring& one = file.what;
    Json row = {{"kind", to_string(one.kind)},
                {"usedBy", file.program},
                {"use", one.use},
                {"file", one.file.string()},
                {"subject", one.subject},
                {"issuer", one.issuer},
                {"serial", one.serial},
                {"ends", nullptr},
                {"daysLeft", nullptr},
                {"state", "ok"}};
    if (one.ends) {
        row["ends"] = to_rfc3339(*one.ends);
        row["daysLeft"] = days_left(*one.ends, now);
        if (*one.ends <= now) row["state"] = "ended";
    }
    if (!one.fault.empty()) row["state"] = one.fault;
    return row;
}

void print_rows(const std::vector<OwnFile>& files, bool json, WallTime now) {
    const Output output{json ? "json" : "table", false};
    ListPrinter printer(output, {{"ENDS", "ends"},
                                 {"DAYS", "daysLeft"},
                                 {"WHAT", "kind"},
                                 {"USED BY", "usedBy"},
                                 {"AS", "use"},
                                 {"SUBJECT", "subject"},
                                 {"SERIAL", "serial"},
                                 {"FILE", "file"},
                                 {"STATE", "state"}});
    for (const OwnFile& file : files)
        printer.add(row_of(file, now));
    printer.finish();
}

int list_expiry(const ExpiryOptions& options) {
    const WallTime now = system_clock().now();
    const auto within = options.within.empty() ? std::nullopt : parse_duration(options.within);
    if (!options.within.empty() && !within)
        return report_usage("--within: must be a number with its unit (ms, s, min, h or d)",
                            "crpctl expiry --help");
    auto order = chosen_files(options.files);
    if (!order)
        return report_usage(
            order.error().text,
            "say where: --ndesd-config, --module-config, --crpd-config, --client-config");
    auto files = list_own_files(*order, now);
    if (!files) return report(files.error());
    if (within) {
        std::erase_if(*files, [&](const OwnFile& file) {
            return !is_broken(file.what, now) &&
                   (!file.what.ends || *file.what.ends > now + *within);
        });
    }
    if (options.format == "ical") {
        const std::string text = to_ical(*files, now);
        std::fwrite(text.data(), 1, text.size(), stdout);
    } else {
        print_rows(*files, options.format == "json", now);
    }
    for (const OwnFile& file : *files)
        if (is_broken(file.what, now)) return kExitFailed;
    return kExitOk;
}

}  // namespace

void add_expiry_command(CLI::App& app, int& exit_code) {
    CLI::App* verb = app.add_subcommand(
        "expiry",
        "every certificate, CRL and key that ndesd, its module, crpd and crpctl use, and its end");
    const auto options = std::make_shared<ExpiryOptions>();
    verb->add_option("--ndesd-config", options->files.ndesd_config,
                     "ndesd.toml, and the module it names");
    verb->add_option("--module-config", options->files.module_config,
                     "ndes_policy_crp.toml of another program, as ndes-csr-verifier");
    verb->add_option("--crpd-config", options->files.crpd_config, "crpd.toml");
    verb->add_option("--client-config", options->files.client_config, "crpctl.toml");
    verb->add_option("--format", options->format, "text, json or ical")
        ->check(CLI::IsMember({"text", "json", "ical"}))
        ->capture_default_str();
    verb->add_option("--within", options->within,
                     "only what ends within that time (30d), has ended or cannot be read");
    verb->callback([options, &exit_code] { exit_code = list_expiry(*options); });
}

}  // namespace ndes::crp::cli
