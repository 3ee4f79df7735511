// DR-17, DR-18, DR-20, DR-22: the policy module and its way to crpd.
#include <filesystem>

#include <sys/stat.h>

#include "common/process/child_program.h"
#include "common/tls/tls_context.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/site.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/peer_identity.h"
#include "crp-service/http/problem.h"

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;

// The lines of `crpctl plugin check` that tell what failed.
std::string failed_steps(const std::string& output) {
    std::string steps;
    for (std::size_t at = 0; at < output.size();) {
        const std::size_t end = std::min(output.find('\n', at), output.size());
        const std::string line = output.substr(at, end - at);
        constexpr std::string_view kFailed = "FAILED";
        if (line.starts_with(kFailed)) {
            const std::size_t text = line.find_first_not_of(' ', kFailed.size());
            steps += (steps.empty() ? "" : "; ") + line.substr(std::min(text, line.size()));
        }
        at = end + 1;
    }
    return steps;
}

}  // namespace

Finding check_module_loads(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    const scep::PolicyConfig& policy = config->profiles.front().policy;
    if (policy.none) return Finding::skipped("policy.module = \"none\"; see DR-09");
    const std::string command = "crpctl plugin check " + policy.module.string() + " --config " +
                                policy.module_config.string();
    Finding finding;
    struct stat facts {};
    if (::stat(policy.module.c_str(), &facts) == 0 && (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        finding.fail(policy.module.string() + " can be written by others than its owner",
                     "Who writes there decides who gets a certificate.",
                     "chmod go-w " + policy.module.string());
    // In a process of its own, which a module may end.
    ChildOrder order;
    order.arguments = {fs::read_symlink("/proc/self/exe"),
                       "plugin",
                       "check",
                       policy.module.string(),
                       "--config",
                       policy.module_config.string(),
                       "--no-calls"};
    const auto outcome = run_child(order);
    if (!outcome) {
        finding.fail("The module cannot be tried: " + outcome.error().text,
                     "Whether ndesd starts is not known.", command);
    } else if (outcome->exit_code != 0) {
        finding.fail(policy.module.string() + " does not load: " + failed_steps(outcome->output),
                     "ndesd does not start again: no device is answered.", command);
    }
    finding.found(policy.module.string() + " loads and initialises");
    return finding;
}

Finding check_way_to_crp(Site& site) {
    const auto& config = site.module();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    for (const policy::CrpAddress& crp : config->crps) {
        const ProbeOrder order = module_order(site, crp);
        const auto answer = probe(order);
        if (!answer) {
            finding.fail("The module's way to " + order.url + ": " + answer.error().text,
                         "Devices get 503 until a CRP can be asked.",
                         "systemctl status crpd there; else change crp.urls in " +
                             site.module_config_file().string());
            continue;
        }
        if (!answer->name_fits)
            finding.fail(crp.host + " is not among the names of the CRP certificate (" +
                             (answer->chain.empty() ? "" : answer->chain.front().subject_text()) +
                             ")",
                         "Every VerifyRequest fails (12175 of the original).",
                         "change crp.urls in " + site.module_config_file().string() +
                             ", or reissue the certificate with that DNS name");
        if (!answer->trust_fault.empty())
            finding.fail("The module does not trust the certificate of " + order.url + ": " +
                             answer->trust_fault,
                         "Every VerifyRequest fails.",
                         "put the issuing root into " + config->server_ca_file.string());
    }
    finding.found(std::to_string(config->crps.size()) +
                  " CRP(s) reached, trusted, with the right name");
    return finding;
}

namespace {

constexpr const char* kCallerRepair =
    "crpctl caller pin CERTIFICATE, into spki_sha256 of a [[caller]] with role ndes in crpd.toml; "
    "crpctl caller check CERTIFICATE --config crpd.toml tells whether it counts";

// By files alone: what crpd would say, also while it is stopped.
void judge_caller_by_files(const CrpdConfig& crp, const ModuleCertificate& own, Site& site,
                           Finding& finding) {
    auto chain = load_certificates(own.file);
    auto tls = build_server_context(crp.tls_files);
    if (!chain || !tls) return;  // DR-19, DR-05 tell
    const LiveParts parts{CallerList(crp.callers), nullptr, nullptr, nullptr,
                          std::make_unique<const ClientVerifier>(*tls, site.clock())};
    http::Peer peer;
    peer.certificate = std::make_shared<const Certificate>(chain->front());
    peer.certificate_chain = std::make_shared<const std::vector<Certificate>>(*chain);
    const auto caller = identify(peer, parts, site.now());
    if (!caller) {
        finding.fail("crpd refuses the module's certificate: " +
                         std::string(kind_of(caller.error().code).reason) + ": " +
                         caller.error().detail,
                     "Every enrolment ends with 503.", kCallerRepair);
    } else if (!(*caller)->roles.has(Role::ndes)) {
        finding.fail("The module's certificate is caller \"" + (*caller)->name +
                         "\", which has not the role ndes",
                     "crpd refuses VerifyRequest: every enrolment ends.",
                     "add \"ndes\" to roles of that [[caller]] in crpd.toml");
    } else {
        finding.found("it is caller \"" + (*caller)->name + "\"");
    }
}

void judge_caller_live(const policy::ModuleConfig& config, Site& site, Finding& finding) {
    for (const policy::CrpAddress& crp : config.crps) {
        const ProbeOrder order = module_order(site, crp);
        if (order.certificate.empty()) return;  // DR-19 tells
        const auto answer = probe(order);
        if (!answer) {
            finding.found(order.url + " cannot be asked: " + answer.error().text);
            continue;
        }
        const auto problem = parse_json(answer->body);
        const std::string reason =
            problem && problem->is_object() ? problem->value("reason", "") : std::string();
        if (answer->status == 403 && reason == kind_of(ProblemCode::service_online).reason)
            finding.found(order.url + " accepts it");
        else
            finding.fail(order.url + " refused the module's certificate: HTTP " +
                             std::to_string(answer->status) + " " + reason,
                         "Every enrolment ends with 503.", kCallerRepair);
    }
}

}  // namespace

Finding check_module_caller(Site& site) {
    const auto& config = site.module();
    if (!config) return not_to_be_had(config.error());
    const auto own = module_certificate(site);
    if (!own || !own->certificate)
        return Finding::skipped("the module's certificate cannot be read; see DR-19");
    Finding finding;
    if (const auto& crp = site.crpd()) judge_caller_by_files(*crp, *own, site, finding);
    judge_caller_live(*config, site, finding);
    return finding;
}

Finding check_calls_arrive(Site& site) {
    const auto& sent = site.ndesd_metrics();
    if (!sent) return Finding::skipped("ndesd's metrics: " + sent.error().text);
    Finding finding;
    const double waiting = sent->sum("ndes_scep_notifies_waiting");
    const double dead = sent->sum("ndes_scep_notifies_dead");
    const auto count = [](double number) { return std::to_string(static_cast<long>(number)); };
    if (dead > 0)
        finding.fail(count(dead) + " outcomes are dead letters: crpd did not take them",
                     "crpd does not know of these certificates; their devices look unfinished.",
                     "crpctl notify list --dead; then crpctl notify retry --all-dead");
    if (waiting > 0)
        finding.warn(count(waiting) + " outcomes have not been told to crpd yet",
                     "Nothing is lost; they are told again.", "crpctl notify list");
    const double verified = sent->sum("ndes_scep_policy_duration_seconds_count", "result", "yes") +
                            sent->sum("ndes_scep_policy_duration_seconds_count", "result", "no");
    const auto& got = site.crpd_metrics();
    if (!got) {
        finding.found("ndesd had " + count(verified) +
                      " answers; crpd's metrics: " + got.error().text);
        return finding;
    }
    const double seen = got->sum("ndes_crp_requests_total", "endpoint", "VerifyRequest");
    const auto& server = site.ndesd_process();
    const auto& crp = site.crpd_process();
    const bool counts_longer = server && crp && crp->started <= server->started;
    if (verified > 0 && seen == 0 && counts_longer)
        finding.fail("This crpd saw 0 VerifyRequest, ndesd had " + count(verified) + " answers",
                     "They talk to different hosts: challenges posted here are unknown there.",
                     "set crp.urls in " + site.module_config_file().string() +
                         " to this crpd; systemctl restart ndesd");
    finding.found("VerifyRequest: ndesd had " + count(verified) + " answers, crpd saw " +
                  count(seen));
    return finding;
}

}  // namespace ndes::crp::cli::doctor
