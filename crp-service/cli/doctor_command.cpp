// crpctl doctor: looks at every hop of an enrolment and says what is wrong, what that does to
// devices and what to type. Changes nothing, but for --deep.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/logging/cmtrace.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/doctor/report.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli {

namespace {

using doctor::Check;
using doctor::Examined;

struct DoctorOptions {
    doctor::SiteOptions site;
    std::shared_ptr<RestTarget> crp;
    std::vector<std::string> hops;
    std::vector<std::string> checks;
    std::string admin_url;
    std::string since = "24h";
    std::string format = "text";
    std::string exit_on = "failed";
    bool list = false;
};

int list_checks(const DoctorOptions& options) {
    Json items = Json::array();
    for (const Check& check : doctor::all_checks())
        items.push_back({{"id", check.id},
                         {"hop", doctor::to_string(check.hop)},
                         {"title", check.title},
                         {"expected", check.expected},
                         {"absent", nullptr}});
    for (const doctor::AbsentCheck& check : doctor::absent_checks())
        items.push_back({{"id", check.id},
                         {"hop", nullptr},
                         {"title", check.title},
                         {"expected", nullptr},
                         {"absent", check.why}});
    if (options.format == "json") {
        print_json(items);
        return kExitOk;
    }
    std::printf("%-6s %-9s %-40s %s\n", "ID", "HOP", "CHECK", "GOOD WHEN");
    for (const Check& check : doctor::all_checks())
        std::printf("%-6s %-9s %-40s %s\n", check.id,
                    std::string(doctor::to_string(check.hop)).c_str(), check.title, check.expected);
    std::printf("\nNot here, and why\n");
    for (const doctor::AbsentCheck& check : doctor::absent_checks())
        std::printf("%-6s %-20s %s\n", check.id, check.title, check.why);
    return kExitOk;
}

bool is_wanted(const DoctorOptions& options, const Check& check) {
    const auto names = [](const std::vector<std::string>& list, std::string_view word) {
        return list.empty() || std::ranges::find(list, word) != list.end();
    };
    return names(options.hops, doctor::to_string(check.hop)) && names(options.checks, check.id);
}

// Another machine may answer what no check counts on: the others are made all the same.
doctor::Finding look_safely(const Check& check, doctor::Site& site) {
    try {
        return check.look(site);
    } catch (const std::exception& fault) {
        doctor::Finding finding;
        finding.fail(std::string("an answer could not be understood: ") + fault.what(),
                     "Something else than NDES-CRP may listen there.",
                     "crpctl doctor --check " + std::string(check.id) + " --format json");
        return finding;
    }
}

std::vector<Examined> examine(doctor::Site& site, const DoctorOptions& options) {
    std::vector<Examined> examined;
    for (const Check& check : doctor::all_checks()) {
        if (!is_wanted(options, check)) continue;
        const SteadyTime begun = site.clock().steady_now();
        Examined one{&check, look_safely(check, site), {}};
        one.took = std::chrono::duration_cast<std::chrono::milliseconds>(site.clock().steady_now() -
                                                                         begun);
        examined.push_back(std::move(one));
    }
    return examined;
}

int exit_code_of(const DoctorOptions& options, const doctor::Tally& tally) {
    if (options.format == "nagios") return doctor::nagios_code(tally);
    const bool warned = options.exit_on == "warning" && tally.warning > 0;
    return tally.failed > 0 || warned ? kExitFailed : kExitOk;
}

int run_doctor(const DoctorOptions& options) {
    if (options.list) return list_checks(options);
    for (const std::string& id : options.checks)
        if (std::ranges::none_of(doctor::all_checks(),
                                 [&](const Check& one) { return id == one.id; }))
            return report_usage("there is no check " + loggable(id, 64),
                                "crpctl doctor --list shows them");
    const WallTime now = system_clock().now();
    auto since = time_argument(options.since, now);
    if (!since) return report_usage(since.error().text, "give an age as 24h or 7d");
    doctor::SiteOptions chosen = options.site;
    chosen.since = now - *since;
    chosen.crp = *options.crp;
    chosen.admin = *options.crp;
    chosen.admin.url = options.admin_url;
    doctor::Site site(std::move(chosen), system_clock());
    // From outside there is neither: the public URL is what can be looked at.
    if (const auto& server = site.ndesd();
        options.site.public_url.empty() && !server && server.error().code == ErrorCode::not_found &&
        !site.crpd() && site.crpd().error().code == ErrorCode::not_found)
        return report_usage("neither " + options.site.ndesd_config.string() + " nor " +
                                options.site.crpd_config.string() + " is there",
                            "name them: --ndesd-config FILE, --crpd-config FILE; or --public-url "
                            "URL, to look from outside");
    const SteadyTime begun = system_clock().steady_now();
    const auto examined = examine(site, options);
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().steady_now() - begun);
    const std::string text = options.format == "json"     ? doctor::json_report(examined)
                             : options.format == "nagios" ? doctor::nagios_report(examined, took)
                                                          : doctor::text_report(examined);
    std::fputs(text.c_str(), stdout);
    return exit_code_of(options, doctor::tally_of(examined));
}

void add_site_options(CLI::App& noun, DoctorOptions& options) {
    doctor::SiteOptions& site = options.site;
    noun.add_option("--ndesd-config", site.ndesd_config, "ndesd.toml")->capture_default_str();
    noun.add_option("--crpd-config", site.crpd_config, "crpd.toml")->capture_default_str();
    noun.add_option("--module-config", site.module_config,
                    "the policy module's; default: what ndesd.toml names");
    noun.add_option("--public-url", site.public_url,
                    "SCEP as devices reach it; default: challenge.scep_url of crpd.toml");
    noun.add_option("--public-ca", site.public_ca,
                    "PEM: who issued its certificate; default: the system's list");
    noun.add_option("--since", options.since, "how far back it is looked: 24h, 5d")
        ->capture_default_str();
    noun.add_option("--admin-url", options.admin_url,
                    "ndesd's admin listener, for --deep to revoke at the CA")
        ->envname(kNdesdAdmin.url_variable);
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand(
        "doctor", "look at every hop of an enrolment, from device to CA, and say what is wrong");
    const auto options = std::make_shared<DoctorOptions>();
    options->crp = add_rest_options(*noun);
    add_site_options(*noun, *options);
    const std::vector<std::string> hops(doctor::kHopWords.begin(), doctor::kHopWords.end());
    noun->add_option("--hop", options->hops, "only the checks of this one; may be repeated")
        ->check(CLI::IsMember(hops));
    noun->add_option("--check", options->checks, "only this one, e.g. DR-05; may be repeated");
    noun->add_flag("--list", options->list, "print the checks, and those that are not here");
    noun->add_flag("--deep", options->site.deep,
                   "also enrol a test device through the public URL, then remove it");
    noun->add_option("--format", options->format, "text, json or nagios")
        ->check(CLI::IsMember({"text", "json", "nagios"}))
        ->capture_default_str();
    noun->add_option("--exit-on", options->exit_on, "what ends with 1: warning or failed")
        ->check(CLI::IsMember({"warning", "failed"}))
        ->capture_default_str();
    noun->callback([options, &exit_code] { exit_code = run_doctor(*options); });
}

}  // namespace ndes::crp::cli
