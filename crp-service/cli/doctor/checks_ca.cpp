// DR-28 to DR-30: templates, the issuing CA and where its key lies.
#include <algorithm>
#include <array>
#include <map>

#include "crp-service/cli/collection.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr std::string_view kDefaultTemplate = "IPSECIntermediateOffline";

std::array<std::string, 3> names_of(const scep::TemplateConfig& templates) {
    return {templates.signature, templates.encryption, templates.general_purpose};
}

void judge_names(const scep::ProfileConfig& profile, Finding& finding) {
    const auto names = names_of(profile.mscep.templates);
    const std::string of = profile.name.empty() ? "" : " of profile " + profile.name;
    constexpr const char* kRepair =
        "set SignatureTemplate, EncryptionTemplate and GeneralPurposeTemplate in [mscep] of "
        "ndesd.toml; systemctl restart ndesd";
    if (std::ranges::all_of(names, [](const auto& one) { return one == kDefaultTemplate; }))
        finding.fail("All three usages" + of + " map to \"" + names[0] + "\" (the default)",
                     "crpd refuses with TemplateNotPermitted unless that template is on record.",
                     kRepair);
    else if (names[0] == names[1] && names[1] == names[2])
        finding.warn("All three usages" + of + " map to \"" + names[0] + "\"",
                     "Permissions cannot tell signing from encryption certificates.", kRepair);
    for (const std::string& name : names)
        if (std::ranges::any_of(name, [](unsigned char c) { return c >= 0x80 || c <= 0x20; }))
            finding.fail("Template name \"" + name + "\" has characters that are not plain ASCII",
                         "Other programs on the way spell it differently.", kRepair);
}

void judge_permissions(Site& site, const scep::Config& config, Finding& finding) {
    for (const scep::ProfileConfig& profile : config.profiles) {
        if (profile.policy.none) continue;
        for (const std::string& name : names_of(profile.mscep.templates)) {
            const auto record = site.crp_get(item_path("/api/v1/templates", name));
            if (record) continue;
            if (record.error().code != ErrorCode::not_found ||
                record.error().text.find("RecordUnknown") == std::string::npos) {
                finding.found("what crpd has on record is not known: " + record.error().text);
                return;
            }
            finding.fail("Template \"" + name + "\" is not on record at crpd",
                         "Nobody may enrol for it: TemplateNotPermitted.",
                         "crpctl template put " + name +
                             " FILE with {\"permissions\": [{\"principal\": "
                             "\"group:staff\", \"read\": true, \"enroll\": true}]}");
            return;
        }
    }
}

void judge_key_sizes(Site& site, Finding& finding) {
    const auto page = site.crp_get("/api/v1/policies?limit=200");
    if (!page) return;
    constexpr int kLeastRsa = 2048;
    for (const Json& policy : page->value("items", Json::array())) {
        if (policy.value("keyType", "RSA") != "RSA" ||
            policy.value("minimumKeySize", kLeastRsa) >= kLeastRsa)
            continue;
        const std::string id = policy.value("id", "");
        finding.warn("Policy \"" + id + "\" permits RSA keys of " +
                         std::to_string(policy.value("minimumKeySize", 0)) + " bits",
                     "Servers of today refuse such certificates.",
                     "crpctl policy put " + id + " FILE with \"minimumKeySize\": 2048");
    }
}

}  // namespace

Finding check_templates(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    for (const scep::ProfileConfig& profile : config->profiles)
        judge_names(profile, finding);
    judge_permissions(site, *config, finding);
    judge_key_sizes(site, finding);
    const auto names = names_of(config->profiles.front().mscep.templates);
    finding.found(names[0] + ", " + names[1] + ", " + names[2]);
    return finding;
}

namespace {

void judge_local(const scep::IssuerConfig& issuer, Finding& finding) {
    constexpr const char* kEffect = "ndesd does not start, or nothing can be issued.";
    auto chain = load_certificates(issuer.certificate_file);
    if (!chain) {
        finding.fail(chain.error().text, kEffect, "set issuer.certificate_file");
        return;
    }
    const Certificate& ca = chain->front();
    if (::X509_check_ca(ca.handle()) <= 0)
        finding.fail(name_of(ca, issuer.certificate_file) + " is no CA certificate",
                     "Devices refuse everything that it signs.",
                     "put the CA's certificate first in issuer.certificate_file");
    if (!issuer.key.uri.empty()) {
        finding.found("the CA's key is in a token, which is not opened here");
        return;
    }
    const auto key = load_key(issuer.key);
    if (!key)
        finding.fail("CA key: " + key.error().text, kEffect,
                     "chmod 0600 " + issuer.key.text() + ", and let it belong to ndesd's user");
    else if (!ca.matches(key->get()))
        finding.fail(
            issuer.key.text() + " is not the key of " + name_of(ca, issuer.certificate_file),
            kEffect, "put the CA's own key there");
    else
        finding.found("local CA " + ca.subject_text());
}

void judge_remote(const scep::IssuerConfig& issuer, Finding& finding) {
    ProbeOrder order;
    order.url = issuer.url;
    order.trust = issuer.server_ca_file;
    const auto answer = probe(order);
    constexpr const char* kEffect = "Devices get 503 until the CA answers.";
    if (!answer)
        finding.fail("The CA at " + issuer.url + ": " + answer.error().text, kEffect,
                     "curl -v " + issuer.url);
    else if (!answer->trust_fault.empty() || !answer->name_fits)
        finding.fail("The CA at " + issuer.url + " is not trusted: " +
                         (answer->name_fits ? answer->trust_fault : "its name does not fit"),
                     kEffect, "put its issuer into issuer.server_ca_file");
    else
        finding.found("CA at " + issuer.url + " answers");
}

void judge_command(const scep::IssuerConfig& issuer, Finding& finding) {
    std::error_code fault;
    const std::string program = issuer.command.empty() ? "" : issuer.command.front();
    const auto rights = std::filesystem::status(program, fault).permissions();
    if (fault || (rights & std::filesystem::perms::owner_exec) == std::filesystem::perms::none)
        finding.fail("issuer.command " + program + " cannot be run", "Nothing can be issued.",
                     "chmod +x " + program);
    else
        finding.found("CA by " + program);
}

// What became of requests that crpd permitted and the CA did not issue.
void judge_failures(Site& site, Finding& finding) {
    const auto page = site.crp_get("/api/v1/transactions?limit=200&state=failed&since=" +
                                   to_rfc3339(site.now() - site.options().since));
    if (!page) {
        finding.found("its failures are not known: " + page.error().text);
        return;
    }
    const Json items = page->value("items", Json::array());
    if (items.empty()) return;
    finding.warn(std::to_string(items.size()) + " requests were permitted and then not issued (" +
                     cell_text(items.front().value("hResult", Json())) + ")",
                 "Those devices get no certificate.",
                 "crpctl tx trace " + items.front().value("transactionId", "") +
                     "; event 31 in ndesd's log tells the CA's own words");
}

}  // namespace

Finding check_issuer(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    for (const scep::ProfileConfig& profile : config->profiles) {
        if (profile.issuer.kind == "local") judge_local(profile.issuer, finding);
        if (profile.issuer.kind == "command") judge_command(profile.issuer, finding);
        if (profile.issuer.kind == "est" || profile.issuer.kind == "cfssl")
            judge_remote(profile.issuer, finding);
    }
    judge_failures(site, finding);
    return finding;
}

Finding check_key_place(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    const bool outside = !is_loopback(config->server.listen);
    Finding finding;
    for (const scep::ProfileConfig& profile : config->profiles) {
        const scep::IssuerConfig& issuer = profile.issuer;
        if (issuer.kind != "local" || !issuer.key.uri.empty()) continue;
        if (outside)
            finding.warn("The CA's key " + issuer.key.text() +
                             " and the listener that devices reach are on one host",
                         "Who breaks into ndesd can issue anything. For tests only.",
                         "put the key into a PKCS#11 token (issuer.key_uri), or the CA elsewhere "
                         "(issuer.kind est or cfssl)");
        else if (issuer.key.file == profile.ra.signing_key.file)
            finding.warn("CA and RA use one key", "A change of one changes the other.",
                         "crpctl ra renew --config ndesd.toml, with [ra] store");
    }
    finding.found(outside ? "the CA's key is not on this host"
                          : "devices do not reach this listener directly");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
