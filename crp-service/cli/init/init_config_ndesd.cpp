// ndesd.toml, ndes_policy_crp.toml and crpctl.toml
#include <sstream>

#include "common/config/config_file.h"
#include "common/crypto/certificate.h"
#include "crp-service/cli/init/config_text.h"
#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_config.h"

namespace ndes::crp::cli {

namespace {

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream items(text);
    for (std::string word; std::getline(items, word, ',');)
        words.push_back(word);
    return words;
}

std::string port_of(const std::string& listen) {
    const auto address = parse_listen_address(listen);
    return address ? std::to_string(address->port) : std::string();
}

void write_devices(const InitAnswers& answers, const InitLayout& layout, ConfigText& text) {
    const auto url = parse_public_url(scep_url(answers));
    text.table("server", "the device listener");
    text.text("listen", answers.get("scep_listen"),
              url ? "devices reach it as " + url->base : std::string());
    text.table("health", "/healthz /readyz /metrics, plain HTTP");
    text.text("listen", answers.get("ndesd_health_listen"));
    text.table("scep");
    text.text("path", scep_path(answers), "answers at this path and below it");
    text.word("legacy_des_sha1", answers.is("legacy", "yes") ? "true" : "false",
              "true: single DES and SHA-1 of old clients");
    text.table("mscep", "NDES' registry: names, units and defaults are its own");
    text.text("SignatureTemplate", kSignatureTemplate, "requests for signatures alone");
    text.text("EncryptionTemplate", kEncryptionTemplate, "for encryption alone");
    text.text("GeneralPurposeTemplate", answers.get("policy_template"), "all others");
    text.text("EncryptedPassword", (layout.ndesd_state / "EncryptedPassword").string());
}

void write_issuer(const InitAnswers& answers, ConfigText& text) {
    const std::string kind = answers.get("issuer");
    text.table("issuer");
    text.text("kind", kind, "local, cfssl, est, command");
    text.text("certificate_file", "ca/ca.pem", "the CA, then its chain up to the root");
    if (kind == "local") {
        text.text("key_file", "ca/ca.key");
        text.hint("crl_lifetime = \"7d\"", "with crl_file: ndesd makes the CRL itself");
    }
    if (kind == "command") text.list("command", words_of(answers.get("issuer_command")));
    if (kind != "cfssl" && kind != "est") return;
    text.text("url", answers.get("issuer_url"));
    if (!answers.get("issuer_server_ca").empty())
        text.text("server_ca_file", "issuer/server-ca.pem", "who issued that server's certificate");
    if (kind == "cfssl") {
        text.text("auth_key_file", "issuer/cfssl.key", "hex, as in its auth_keys");
    } else {
        text.text("client_certificate_file", "issuer/client.pem", "our TLS certificate");
        text.text("client_key_file", "issuer/client.key");
    }
}

// What ndesd's CA has issued it can renew.
bool is_of_local_ca(const InitAnswers& answers, const InitPki& pki) {
    const auto module = certificates_from_pem(pki.module.certificate);
    const auto ca = certificates_from_pem(pki.ca.certificate);
    return answers.local_issuer() && module && ca && module->front().is_issued_by(ca->front());
}

void write_policy_and_journal(const InitAnswers& answers, const InitLayout& layout,
                              const InitPki& pki, ConfigText& text) {
    text.table("ra", "what devices encrypt to, and what signs replies");
    text.text("store", layout.ra.string(), "NAME.pem with NAME.key; crpctl ra renew adds a pair");
    if (answers.local_issuer())
        text.word("auto_renew", "true", "ndesd makes the next pair 30 days before the end");
    write_issuer(answers, text);
    text.table("policy");
    text.text("module", answers.get("module"), "asks crpd");
    text.text("module_config", "ndes_policy_crp.toml");
    if (is_of_local_ca(answers, pki))
        text.word("renew_client", "true", "ndesd renews the module's certificate, too");
    text.table("journal");
    text.text("path", (layout.ndesd_state / "ndesd.db").string(), "issued certificates");
    text.word("create", "true", "on the first start; false from then on is safer");
    text.text("key_file", "keys/journal.key", "seals challenges until crpd knows the outcome");
}

Result<void> write_admin(const InitAnswers& answers, const InitPki& pki, ConfigText& text) {
    if (pki.site.certificate.empty()) return {};
    text.table("admin", "/certsrv/mscep_admin/, and crpctl pending, ca, notify");
    text.text("listen", answers.get("admin_listen"));
    text.text("certificate_file", "site/site.pem");
    text.text("key_file", "site/site.key");
    text.text("client_ca_file", "site/client-ca.pem", "who issued callers' certificates");
    for (const auto& [key, pair] :
         {std::pair("mdm_name", &pki.mdm), std::pair("admin_name", &pki.admin)}) {
        auto chain = certificates_from_pem(pair->certificate);
        if (!chain) return pass_on(chain);
        text.item("admin.caller");
        text.text("name", answers.get(key));
        text.list("spki_sha256", {chain->front().spki_sha256()});
        text.list("enroll", {"*"}, "templates that it may get passwords for");
        if (pair != &pki.admin) continue;
        text.word("administrator", "true");
        text.word("approve", "true", "decides on pending requests, and revokes");
    }
    return {};
}

}  // namespace

Result<std::string> ndesd_config_text(const InitAnswers& answers, const InitLayout& layout,
                                      const InitPki& pki) {
    ConfigText text(
        "ndesd, the SCEP server; written by crpctl init. Every key: ndesd.toml(5).\n"
        "Paths are relative to this folder. After a change: ndesd --config ndesd.toml "
        "--check-config");
    write_devices(answers, layout, text);
    write_policy_and_journal(answers, layout, pki, text);
    if (auto done = write_admin(answers, pki, text); !done) return pass_on(done);
    text.table("events", "NDES' events, one a line");
    text.text("file", (layout.ndesd_log / "events.jsonl").string());
    text.table("log");
    text.text("cmtrace_file", (layout.ndesd_log / "NDESPlugin.log").string(), "CMTrace format");
    return text.str();
}

std::string module_config_text(const InitAnswers& answers, const InitLayout& layout) {
    ConfigText text(
        "ndes_policy_crp.so, the policy module that asks crpd; written by crpctl init. Every key:\n"
        "ndes_policy_crp.toml(5).");
    text.table("crp");
    text.list("urls",
              {"https://" + answers.get("crp_host") + ":" + port_of(answers.get("crp_listen")) +
               "/CMCertificateRegistration"},
              "the name must be in crpd's certificate");
    text.text("certificate_store", layout.module_store.string(),
              "NAME.pem with NAME.key; the newest valid one counts");
    text.text("server_ca_file", "crp-ca.pem", "the only CA that crpd's certificate may have");
    return text.str();
}

std::string client_config_text(const InitAnswers& answers, const InitPki& pki) {
    ConfigText text(
        "How crpctl reaches crpd and ndesd; written by crpctl init. Options and environment come "
        "first:\ncrpctl(1).");
    const bool here = answers.with_crp() && answers.own_pki();  // then its certificate says so
    text.text("url",
              "https://" + (here ? std::string("localhost") : answers.get("crp_host")) + ":" +
                  port_of(answers.get("crp_listen")),
              "crpd's API");
    if (answers.with_crp())
        text.text("health_url", "http://" + answers.get("crp_health_listen"), "for crpctl status");
    if (answers.with_scep() && !pki.site.certificate.empty())
        text.text("ndesd_url", "https://localhost:" + port_of(answers.get("admin_listen")),
                  "for crpctl pending, ca, notify");
    text.text("ca", "clients/ca.pem", "who issued their certificates");
    text.text("cert", "clients/admin.pem", "the administrator's certificate");
    text.text("key", "clients/admin.key");
    return text.str();
}

std::string ndesd_answers_text(const InitAnswers& answers) {
    ConfigText text(
        "For ndesd's host: carry this folder there, crpctl init --answers answers.toml, and then "
        "remove\nit on both hosts: it holds keys.");
    text.text("role", "scep");
    for (const char* key : {"public_url", "crp_host", "issuer", "crp_listen", "admin_name",
                            "mdm_name", "policy_template"})
        text.text(key, answers.get(key));
    text.text("pki", "given");
    if (answers.own_ca()) {
        text.text("ca_certificate", "ca.pem");
        text.text("ca_key", "ca.key");
        for (const char* use : {"signing", "encryption"}) {
            text.text(std::string("ra_") + use + "_certificate", "ra-" + std::string(use) + ".pem");
            text.text(std::string("ra_") + use + "_key", "ra-" + std::string(use) + ".key");
        }
    }
    text.text("crp_ca", "tls-ca.pem");
    text.text("client_ca", "client-ca.pem");
    for (const char* name : {"module", "admin", "site"}) {
        text.text(std::string(name) + "_certificate", std::string(name) + ".pem");
        text.text(std::string(name) + "_key", std::string(name) + ".key");
    }
    text.text("mdm_certificate", "mdm.pem");
    return text.str();
}

}  // namespace ndes::crp::cli
