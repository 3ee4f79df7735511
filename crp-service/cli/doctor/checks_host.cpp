// DR-01, DR-35, DR-36: clock, versions and services of this machine.
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include <sys/timex.h>
#include <time.h>

#include "common/process/child_program.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/site.h"
#include "scep-server/message/legacy_provider.h"

namespace ndes::crp::cli::doctor {

namespace {

// RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<WallTime> http_date(const std::string& text) {
    std::tm parts{};
    if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr)
        return std::nullopt;
    return WallTime(std::chrono::seconds(::timegm(&parts)));
}

void compare_clock(Site& site, const std::string& name, const ProbeOrder& order, Finding& finding) {
    const WallTime before = site.now();
    const auto answer = probe(order);
    const WallTime after = site.now();
    if (!answer) return;
    const auto theirs = http_date(answer->header("date"));
    if (!theirs) return;
    constexpr std::chrono::milliseconds kHalfSecond{500};  // the header's are cut off
    const auto offset = before + (after - before) / 2 - (*theirs + kHalfSecond);
    if (auto trouble = judge_clock(name, offset))
        finding.add(std::move(*trouble));
    else
        finding.found("agrees with " + name);
}

}  // namespace

Finding check_clock(Site& site) {
    Finding finding;
    if (!site.public_url().empty())
        compare_clock(site, site.public_url(), site.public_order("operation=GetCACaps"), finding);
    if (const auto& config = site.module()) {
        for (const policy::CrpAddress& crp : config->crps) {
            const ProbeOrder order = module_order(site, crp);
            compare_clock(site, order.url, order, finding);
        }
    }
    if (const auto& config = site.ndesd()) {
        for (const scep::ProfileConfig& profile : config->profiles) {
            if (profile.issuer.url.empty()) continue;
            ProbeOrder order;
            order.url = profile.issuer.url;
            compare_clock(site, order.url, order, finding);
        }
    }
    timex state{};
    const bool synchronised = ::adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
    if (synchronised)
        finding.found("synchronised");
    else if (has_systemd())
        finding.warn("The clock is not synchronised",
                     "It will drift: from 5 min on, devices get no "
                     "certificate.",
                     "timedatectl set-ntp true");
    else
        finding.found("no systemd here: who sets the clock is the host's business");
    return finding;
}

namespace {

std::string version_of(const Result<MetricsText>& metrics) {
    if (!metrics) return {};
    for (const Sample* sample : metrics->all("ndes_build_info"))
        return sample->label("version");
    return {};
}

}  // namespace

void judge_versions(const std::map<std::string, std::string>& versions, Finding& finding) {
    std::set<std::string> different;
    std::string list;
    for (const auto& [program, version] : versions) {
        // "0.1.0 (build …)": the build differs from program to program.
        const std::string number = version.substr(0, version.find(' '));
        different.insert(number);
        list += (list.empty() ? "" : ", ") + program + " " + number;
    }
    if (different.size() > 1)
        finding.warn("Versions differ: " + list,
                     "They speak the same protocol only as far as the older one knows it.",
                     "install one version of all; systemctl restart crpd ndesd");
    finding.found(list);
}

Finding check_versions(Site& site) {
    Finding finding;
    std::map<std::string, std::string> versions{{"crpctl", NDES_VERSION}};
    if (const auto version = version_of(site.ndesd_metrics()); !version.empty())
        versions["ndesd"] = version;
    if (const auto version = version_of(site.crpd_metrics()); !version.empty())
        versions["crpd"] = version;
    judge_versions(versions, finding);
    if (const auto& config = site.ndesd()) {
        for (const scep::ProfileConfig& profile : config->profiles) {
            if (!profile.scep.legacy_des_sha1 || scep::legacy_library_context() != nullptr)
                continue;
            finding.fail(
                "scep.legacy_des_sha1 allows DES, but OpenSSL's legacy provider is not "
                "there",
                "Routers with old firmware get badAlg.",
                "apt-get install --reinstall libssl3, which brings legacy.so");
            break;
        }
    }
    return finding;
}

namespace {

std::map<std::string, std::string> shown_values(const std::string& shown) {
    std::map<std::string, std::string> values;
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return values;
}

}  // namespace

void judge_unit(const std::string& unit, const std::string& shown, Finding& finding) {
    auto value = shown_values(shown);
    if (value["LoadState"] != "loaded") {
        finding.warn("There is no unit " + unit + " (" + value["LoadState"] + ")",
                     "It does not come back after a restart of the machine.",
                     "install its .service file; systemctl daemon-reload");
        return;
    }
    if (value["ActiveState"] != "active")
        finding.fail(unit + " is " + value["ActiveState"] + " (" + value["Result"] + ")",
                     "No device is answered.",
                     "systemctl start " + unit + "; journalctl -u " + unit + " -p err");
    if (value["UnitFileState"] != "enabled")
        finding.warn(unit + " is not enabled", "It does not come back after a restart.",
                     "systemctl enable " + unit);
    const int restarts = std::atoi(value["NRestarts"].c_str());
    if (restarts > 0)
        finding.warn(unit + " was restarted " + std::to_string(restarts) +
                         " times (last result: " + value["Result"] + ")",
                     "Requests under way were cut off each time.",
                     "journalctl -u " + unit + " -p err");
}

namespace {

void ask_systemd(const char* unit, Finding& finding) {
    ChildOrder order;
    order.arguments = {"/usr/bin/systemctl", "show", unit, "-p",
                       "LoadState,ActiveState,UnitFileState,NRestarts,Result"};
    const auto outcome = run_child(order);
    if (outcome && outcome->exit_code == 0) judge_unit(unit, outcome->output, finding);
}

void judge_open_files(const char* program, const std::optional<ProcessFacts>& process,
                      std::size_t connections, Finding& finding) {
    if (!process || !process->open_files) return;
    constexpr std::size_t kOwn = 64;  // database, logs, listeners
    if (*process->open_files >= connections + kOwn) return;
    finding.fail(
        std::string(program) + " may open " + std::to_string(*process->open_files) +
            " files, for " + std::to_string(connections) + " connections",
        "When many devices come at once, it stops taking connections.",
        std::string("LimitNOFILE=16384 in ") + program + ".service; systemctl restart " + program);
}

void judge_running(const char* program, const std::optional<ProcessFacts>& process,
                   Finding& finding) {
    if (process)
        finding.found(std::string(program) + " runs as process " + std::to_string(process->id));
    else
        finding.fail(std::string(program) + " does not run with this configuration",
                     "No device gets a certificate.",
                     std::string("systemctl start ") + program + "; journalctl -u " + program);
}

}  // namespace

Finding check_units(Site& site) {
    Finding finding;
    const auto& server = site.ndesd();
    const auto& crp = site.crpd();
    if (!server && !crp) return not_to_be_had(crp.error());
    const bool units = has_systemd() && !site.is_lab();
    if (server) {
        judge_running("ndesd", site.ndesd_process(), finding);
        judge_open_files("ndesd", site.ndesd_process(), server->server.max_connections, finding);
        if (units) ask_systemd("ndesd.service", finding);
    }
    if (crp) {
        judge_running("crpd", site.crpd_process(), finding);
        judge_open_files("crpd", site.crpd_process(), crp->server.limits.connections, finding);
        if (units) ask_systemd("crpd.service", finding);
    }
    if (!units) finding.found("not as units of systemd");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
