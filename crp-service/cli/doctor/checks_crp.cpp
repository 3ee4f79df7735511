// DR-21, DR-23 to DR-26: crpd, its decisions, its challenge keys and its phases.
#include <algorithm>
#include <map>

#include <openssl/evp.h>

#include "common/file.h"
#include "common/random.h"
#include "crp-service/challenge/key_files.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/scep_exchange.h"
#include "crp-service/cli/doctor/site.h"
#include "crp-service/validation/reasons.h"

namespace ndes::crp::cli::doctor {

namespace {

std::string text_in(const Json& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string since_query(Site& site) {
    return "since=" + to_rfc3339(site.now() - site.options().since);
}

constexpr const char* kTransactions = "/api/v1/transactions?limit=200&";

}  // namespace

Finding check_crp_status(Site& site) {
    const auto& config = site.crpd();
    if (!config) return not_to_be_had(config.error());
    const auto& health = site.crpd_health();
    Finding finding;
    if (!health) {
        finding.fail("crpd's health listener: " + health.error().text,
                     "If crpd is down, every enrolment is answered with 503.",
                     "systemctl status crpd; then journalctl -u crpd -n 50");
        return finding;
    }
    const int status = health->value("status", 4);
    for (const Json& check : health->value("checks", Json::array())) {
        const std::string level = text_in(check, "level");
        const std::string what =
            "crpd's check " + text_in(check, "name") + ": " + text_in(check, "text");
        if (level == "failed")
            finding.fail(what, "crpd calls itself Failed: it may refuse every enrolment.",
                         "crpctl status; then journalctl -u crpd -p warning");
        if (level == "warning")
            finding.warn(what, "It will fail when nothing is done.", "crpctl status");
    }
    if (status != 0 && finding.outcome() != Outcome::failed)
        finding.fail("CRP's status is " + std::to_string(status) +
                         " (0 = Online, 1 = Failed, 4 = Undefined)",
                     "It cannot say that it can decide.", "crpctl status");
    finding.found("status 0, Online, at " + text_in(*health, "checkedAt"));
    return finding;
}

Finding check_refusals(Site& site) {
    const auto page = site.crp_get(kTransactions + since_query(site));
    if (!page) return Finding::skipped(page.error().text);
    std::map<std::string, int> reasons;
    std::size_t all = 0;
    std::string newest;
    for (const Json& item : page->value("items", Json::array())) {
        ++all;
        if (item.value("verified", false)) continue;
        ++reasons[text_in(item, "reason")];
        if (newest.empty()) newest = text_in(item, "transactionId");
    }
    int refused = 0;
    std::string list;
    for (const auto& [reason, count] : reasons) {
        refused += count;
        list += (list.empty() ? "" : ", ") + std::to_string(count) + " x " + reason;
    }
    Finding finding;
    const std::string observed = std::to_string(refused) + " of the last " + std::to_string(all) +
                                 " requests were refused: " + list;
    constexpr int kFewest = 3;
    if (refused >= kFewest && static_cast<std::size_t>(refused) == all)
        finding.fail(observed, "No device gets a certificate.",
                     "crpctl tx trace " + newest + "; crpctl reasons");
    else if (refused >= kFewest && static_cast<std::size_t>(refused) * 5 >= all)
        finding.warn(observed, "Those devices get no certificate.",
                     "crpctl tx trace " + newest + "; crpctl reasons");
    finding.found(all == 0 ? "no request since then"
                           : std::to_string(refused) + " of " + std::to_string(all) + " refused");
    return finding;
}

namespace {

// What became of the challenge that a refusal speaks of.
std::string challenge_story(Site& site, const Json& refusal) {
    const std::string id = text_in(refusal, "challengeId");
    if (id.empty()) return "the request brought none that is known";
    const auto challenge = site.crp_get(item_path("/api/v1/challenges", id));
    if (!challenge) return "challenge " + id;
    const std::string other = text_in(*challenge, "transactionId");
    return "challenge " + id + " of device " + text_in(*challenge, "deviceId") + " is " +
           text_in(*challenge, "state") + ", good until " + text_in(*challenge, "expiresAt") +
           (other.empty() ? "" : ", used by transaction " + other);
}

bool speaks_of_password(const std::string& reason) {
    return reason.starts_with("Challenge") || reason.ends_with("InChallenge");
}

}  // namespace

Finding check_passwords(Site& site) {
    const auto page = site.crp_get(kTransactions + since_query(site));
    if (!page) return Finding::skipped(page.error().text);
    std::map<std::string, int> count;
    std::map<std::string, Json> newest;
    for (const Json& item : page->value("items", Json::array())) {
        const std::string reason = text_in(item, "reason");
        if (item.value("verified", false) || !speaks_of_password(reason)) continue;
        ++count[reason];
        newest.try_emplace(reason, item);
    }
    Finding finding;
    for (const auto& [reason, item] : newest) {
        const Reason* known = find_reason(reason);
        finding.warn(std::to_string(count[reason]) + " x " + reason + " (NDES event 29): " +
                         (known == nullptr ? "" : std::string(known->cause) + " ") +
                         "The newest: " + challenge_story(site, item),
                     "\"The password in the certificate request cannot be verified\": the device "
                     "gets no certificate.",
                     (known == nullptr ? "" : std::string(known->fix) + " ") + "crpctl tx trace " +
                         text_in(item, "transactionId"));
    }
    finding.found("no password was refused");
    return finding;
}

namespace {

// A credential whose source nothing tells is there while crpd runs, and not otherwise.
bool only_while_running(Site& site, const std::vector<std::filesystem::path>& files) {
    return !site.crpd_process() && std::ranges::any_of(files, [](const auto& file) {
        std::error_code fault;
        return is_systemd_credential(file) && !std::filesystem::exists(file, fault);
    });
}

}  // namespace

Finding check_challenge_keys(Site& site) {
    const auto& config = site.crpd();
    if (!config) return not_to_be_had(config.error());
    if (only_while_running(site, config->challenge.files.keys))
        return Finding::skipped("crpd's keys are credentials, which are there while it runs");
    Finding finding;
    const auto codec = load_challenge_codec(config->challenge.files);
    if (!codec) {
        finding.fail(codec.error().text,
                     "crpd does not start, or keeps the keys of before: after a restart every "
                     "outstanding challenge is refused.",
                     "bring the file back from the backup, mode 0600; crpctl keys new --out FILE "
                     "makes another for new challenges");
    } else {
        finding.found(std::to_string((*codec)->keys().size()) + " key(s), " +
                      std::to_string((*codec)->peppers().size()) + " pepper(s), readable");
    }
    const auto census = site.crp_get("/api/v1/keys");
    if (!census) {
        finding.found("what depends on them is not known: " + census.error().text);
        return finding;
    }
    if (const std::string fault = text_in(*census, "fault"); !fault.empty())
        finding.fail(fault, "These challenges will all be refused.",
                     "bring the key's file back into challenge.key_files; crpctl keys list");
    return finding;
}

namespace {

struct PhaseCase {
    const char* what;
    std::string challenge;
    std::vector<std::string_view> right;  // reasons, of which one is wanted
};

ChallengeClaims made_up_claims(Site& site) {
    ChallengeClaims claims;
    claims.challenge_id = to_hex(system_random().bytes(16));
    claims.certificate_request_id_digest = ChallengeCodec::digest_of("crpctl-doctor");
    claims.device_id = "crpctl-doctor";
    claims.not_before = site.now() - std::chrono::minutes(10);
    claims.expires_at = site.now() + std::chrono::minutes(5);
    return claims;
}

std::vector<PhaseCase> phase_cases(Site& site, const ChallengeCodec& codec) {
    Random& random = system_random();
    const ChallengeClaims good = made_up_claims(site);
    ChallengeClaims over = good;
    over.expires_at = site.now() - std::chrono::minutes(1);
    std::string forged = codec.mint(good, random);
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
    return {{"a forged one", forged, {"ChallengeDecryptionError", "ChallengeDecodingError"}},
            {"an expired one", codec.mint(over, random), {"ChallengeExpired"}},
            {"one for a device that is not on record",
             codec.mint(good, random),
             {"ChallengeUnknown", "DeviceUnknown", "TemplateNotPermitted"}}};
}

}  // namespace

// Challenges of nobody, made with crpd's own keys, to the rules of the running crpd: nothing is
// recorded or spent. The good one is part of DR-39.
Finding check_phases(Site& site) {
    const auto& config = site.crpd();
    if (!config) return not_to_be_had(config.error());
    const auto codec = load_challenge_codec(config->challenge.files);
    if (!codec) return Finding::skipped("crpd's challenge keys cannot be read; see DR-25");
    auto key = make_device_key();
    if (!key) return Finding::skipped(key.error().text);
    const auto& server = site.ndesd();
    const std::string name =
        server ? server->profiles.front().mscep.templates.general_purpose : "GeneralPurpose";
    Finding finding;
    for (const PhaseCase& one : phase_cases(site, **codec)) {
        auto csr = make_request(key->get(), "CN=crpctl-doctor", one.challenge);
        if (!csr) return Finding::skipped(csr.error().text);
        const auto answer =
            site.crp_call("POST", "/api/v1/simulate",
                          {{"certificateRequest", to_base64(*csr)}, {"template", name}});
        if (!answer) return Finding::skipped(answer.error().text);
        const std::string reason = text_in(*answer, "reason");
        if (answer->value("verified", true))
            finding.fail("crpd would accept " + std::string(one.what),
                         "Anyone could get a certificate.",
                         "systemctl stop crpd, and look for what was changed: crpctl audit verify");
        else if (std::ranges::find(one.right, reason) == one.right.end())
            finding.fail(
                "crpd would refuse " + std::string(one.what) + " with " + reason + ", expected " +
                    std::string(one.right.front()),
                "The keys in force are not those of crpd.toml: challenges made before or "
                "elsewhere are refused.",
                "crpctl config check --config crpd.toml; systemctl restart crpd; crpctl keys list");
    }
    finding.found("forged, expired and unknown challenges are refused, each for the right reason");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
