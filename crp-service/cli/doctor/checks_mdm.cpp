// DR-14, DR-27, DR-33, DR-38: the MDM's side: challenges posted and used, messages and webhooks.
#include <algorithm>
#include <vector>

#include <sys/stat.h>

#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr const char* kNewestChallenges = "/api/v1/challenges?limit=1000";

void judge_mdm_callers(const CrpdConfig& config, WallTime now, Finding& finding) {
    std::string ended;
    int good = 0;
    for (const CallerRule& caller : config.callers) {
        const bool posts = caller.roles.has(Role::mdm) || !caller.adapter.empty() ||
                           (caller.roles.has(Role::ndes) && caller.may_generate_challenges);
        if (!posts) continue;
        if (caller.validity.covers(now))
            ++good;
        else
            ended += (ended.empty() ? "" : ", ") + caller.name;
    }
    if (good == 0)
        finding.fail(ended.empty() ? "No [[caller]] of crpd.toml may post challenges"
                                   : "No caller may post challenges any more: " + ended +
                                         " is out of its valid_from and valid_until",
                     "The MDM is refused (403): no device gets a challenge.",
                     "give the MDM a [[caller]] with role mdm; crpctl caller list --config "
                     "crpd.toml");
    else if (!ended.empty())
        finding.warn("Caller " + ended + " is out of its valid_from and valid_until",
                     "That MDM is refused (403).",
                     "set valid_until of that [[caller]] in crpd.toml");
}

}  // namespace

Finding check_posting(Site& site) {
    const auto& config = site.crpd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    judge_mdm_callers(*config, site.now(), finding);
    const auto page = site.crp_get(kNewestChallenges);
    if (!page) {
        finding.found("callers are in force; what was posted is not known: " + page.error().text);
        return finding;
    }
    std::size_t all = 0;
    std::size_t used = 0;
    WallTime last{};
    for (const Json& item : page->value("items", Json::array())) {
        const auto made = from_rfc3339(item.value("createdAt", ""));
        if (!made) continue;
        ++all;
        last = std::max(last, *made);
        const std::string state = item.value("state", "");
        if (state != "issued" && state != "expired" && state != "revoked") ++used;
    }
    if (all == 0) {
        finding.found("callers are in force; no challenge has been posted yet");
        return finding;
    }
    const auto silence = site.now() - last;
    if (silence > site.options().since)
        finding.warn("No challenge was posted for " + span_text(silence),
                     "If devices should be enrolling, the MDM does not reach crpd.",
                     "look for errors in the MDM; crpctl caller check CERTIFICATE --config "
                     "crpd.toml");
    finding.found("the last challenge came " + span_text(silence) + " ago; " +
                  std::to_string(used) + " of " + std::to_string(all) + " were used");
    return finding;
}

namespace {

struct Delivery {
    std::size_t used = 0;
    std::size_t expired = 0;
    std::chrono::milliseconds shortest_life = std::chrono::milliseconds::max();
};

Delivery delivery_of(const Json& items, WallTime since) {
    Delivery delivery;
    for (const Json& item : items) {
        const auto made = from_rfc3339(item.value("createdAt", ""));
        const auto ends = from_rfc3339(item.value("expiresAt", ""));
        if (!made || !ends || *made < since) continue;
        const std::string state = item.value("state", "");
        if (state == "expired") {
            ++delivery.expired;
            delivery.shortest_life = std::min(delivery.shortest_life, *ends - *made);
        } else if (state != "issued" && state != "revoked") {
            ++delivery.used;
        }
    }
    return delivery;
}

}  // namespace

Finding check_time_to_live(Site& site) {
    const auto page = site.crp_get(kNewestChallenges);
    if (!page) return Finding::skipped(page.error().text);
    const Delivery delivery =
        delivery_of(page->value("items", Json::array()), site.now() - site.options().since);
    const std::size_t settled = delivery.used + delivery.expired;
    Finding finding;
    if (delivery.expired * 10 >= settled && delivery.expired > 0)
        finding.warn(std::to_string(delivery.expired) + " of " + std::to_string(settled) +
                         " challenges expired before their device came (shortest time to live: " +
                         span_text(delivery.shortest_life) + ")",
                     "Those devices are refused with ChallengeExpired when they come. MDMs of the "
                     "NDES kind count on 60 min.",
                     "crpctl policy put ID FILE with \"challengeTtlSeconds\": 3600, or more");
    finding.found(settled == 0 ? "no challenge was used or expired since then"
                               : std::to_string(delivery.expired) + " of " +
                                     std::to_string(settled) + " expired unused");
    return finding;
}

namespace {

void judge_inbox(const std::filesystem::path& inbox, const std::optional<ProcessFacts>& crpd,
                 Finding& finding) {
    if (inbox.empty()) return;
    struct stat facts {};
    if (::stat(inbox.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        finding.fail("state_messages.inbox " + inbox.string() + " is no folder",
                     "The MDM learns of no result. Nothing is lost; they are retried.",
                     "install -d -o crpd -g crpd -m 0750 " + inbox.string());
        return;
    }
    const bool for_others = (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (crpd && crpd->user != 0 && crpd->user != facts.st_uid && !for_others)
        finding.fail("state_messages.inbox " + inbox.string() + " cannot be written by crpd's user",
                     "The MDM learns of no result. Nothing is lost; they are retried.",
                     "chown crpd " + inbox.string());
}

void judge_backlog(const Sample& oldest, const MetricsText& metrics, Finding& finding) {
    const std::string sink = oldest.label("sink");
    double waiting = 0;
    double dead = 0;
    for (const Sample* sample : metrics.all("ndes_crp_state_messages")) {
        if (sample->label("sink") != sink) continue;
        (sample->label("state") == "dead" ? dead : waiting) += sample->value;
    }
    constexpr double kLate = 300;
    const auto count = [](double number) { return std::to_string(static_cast<long>(number)); };
    if (dead > 0)
        finding.fail(count(dead) + " state messages for " + sink + " are given up",
                     "The MDM will not learn of these results.",
                     "crpctl state dead --sink " + sink + "; crpctl state replay --sink " + sink +
                         " --all-dead");
    if (waiting > 0 && oldest.value > kLate)
        finding.fail(count(waiting) + " messages wait for " + sink + ", the oldest for " +
                         span_text(std::chrono::seconds(static_cast<long>(oldest.value))),
                     "The MDM shows these devices as unfinished. Nothing is lost; they are "
                     "retried.",
                     "crpctl state list; then look at that sink");
}

}  // namespace

Finding check_state_messages(Site& site) {
    const auto& config = site.crpd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    judge_inbox(config->state_messages.inbox, site.crpd_process(), finding);
    const auto& metrics = site.crpd_metrics();
    if (!metrics) {
        finding.found("the folder is there; what waits is not known: " + metrics.error().text);
        return finding;
    }
    for (const Sample* sample : metrics->all("ndes_crp_state_message_oldest_seconds"))
        judge_backlog(*sample, *metrics, finding);
    finding.found(std::to_string(static_cast<long>(
                      metrics->sum("ndes_crp_state_messages", "state", "waiting"))) +
                  " messages wait, none is given up");
    return finding;
}

namespace {

void judge_scrape(const char* program, const Result<MetricsText>& metrics, Finding& finding) {
    constexpr const char* kEffect = "Alerts about it cannot fire.";
    const std::string unit = std::string("systemctl status ") + program;
    if (!metrics)
        finding.fail(std::string("The metrics of ") + program + ": " + metrics.error().text,
                     kEffect, unit);
    else if (metrics->empty())
        finding.fail(std::string("The metrics of ") + program + " are empty", kEffect, unit);
    else
        finding.found(std::string(program) + " " + std::to_string(metrics->size()) + " samples");
}

void judge_log(const std::filesystem::path& file, const char* program, Finding& finding) {
    if (file.empty()) return;
    std::error_code fault;
    if (std::filesystem::exists(file, fault)) return;
    finding.warn(std::string("The log ") + file.string() + " is not there",
                 "What the program writes goes nowhere that anybody looks.",
                 std::string("systemctl reload ") + program + ", which opens it anew");
}

}  // namespace

Finding check_watching(Site& site) {
    Finding finding;
    const auto& server = site.ndesd();
    const auto& crp = site.crpd();
    if (!server && !crp) return not_to_be_had(crp.error());
    if (server) {
        judge_scrape("ndesd", site.ndesd_metrics(), finding);
        judge_log(server->log.cmtrace_file, "ndesd", finding);
    }
    if (!crp) return finding;
    judge_scrape("crpd", site.crpd_metrics(), finding);
    judge_log(crp->log.cmtrace_file, "crpd", finding);
    const auto& metrics = site.crpd_metrics();
    if (!metrics) return finding;
    for (const WebhookOptions& hook : crp->state_messages.webhooks) {
        for (const Sample* sample : metrics->all("ndes_crp_sink_up")) {
            if (sample->label("sink") != hook.name || sample->value > 0) continue;
            double failures = 0;
            for (const Sample* one : metrics->all("ndes_crp_deliveries_total"))
                if (one->label("sink") == hook.name && one->label("result") == "failed")
                    failures += one->value;
            finding.fail("Webhook " + hook.name + " has failed " +
                             std::to_string(static_cast<long>(failures)) +
                             " times since crpd's start, the last time too",
                         "Its receiver learns of no result. Nothing is lost; they are retried.",
                         "journalctl -u crpd | grep " + hook.name + "; crpctl state list");
        }
    }
    return finding;
}

}  // namespace ndes::crp::cli::doctor
