// crpd.toml
#include "common/crypto/certificate.h"
#include "crp-service/cli/init/config_text.h"
#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_config.h"

namespace ndes::crp::cli {

namespace {

// Where crpd finds the keys that challenges hang on. systemd names a folder's credentials
// FOLDER_FILE.
std::string challenge_key(const InitAnswers& answers, const char* name) {
    return (answers.by_systemd() ? "/run/credentials/crpd.service/keys_" : "keys/") +
           std::string(name);
}

void write_server(const InitAnswers& answers, ConfigText& text) {
    text.table("server", "the API: mutual TLS");
    text.text("listen", answers.get("crp_listen"), "address:port");
    text.text("certificate_file", "tls/crp.pem", "its name is in the module's `urls`");
    text.text("key_file", "tls/crp.key");
    text.text("client_ca_file", "tls/client-ca.pem", "who may have issued callers' certificates");
    text.hint("client_crl_file = \"\"", "PEM: their CRLs; none: not checked");
    text.table("health", "/healthz /readyz /metrics, plain HTTP");
    text.text("listen", answers.get("crp_health_listen"), "keep it off the network of the devices");
}

void write_store(const InitAnswers& answers, ConfigText& text) {
    text.table("store");
    text.text("kind", answers.get("store"), "sqlite, postgresql");
    if (answers.is("store", "sqlite")) {
        text.text("path", answers.get("store_path"), "crpctl db backup copies it while crpd runs");
    } else {
        text.text("connection_file", "postgresql.conn", "libpq keywords of crpd's role");
    }
}

void write_challenge(const InitAnswers& answers, ConfigText& text) {
    text.table("challenge");
    text.list("key_files", {challenge_key(answers, "k1.key")},
              "the first mints, all open; crpctl keys new makes another");
    text.list("pepper_files", {challenge_key(answers, "pepper.key")},
              "without them no challenge that is out can be used");
    text.text("scep_url", scep_url(answers), "what devices are told");
    text.text("ca_certificate_file", "ca.pem", "that issues to devices");
}

Result<void> write_pinned_caller(const std::string& name, const char* role,
                                 const std::string& certificate, ConfigText& text) {
    auto chain = certificates_from_pem(certificate);
    if (!chain) return pass_on(chain);
    text.item("caller");
    text.text("name", name);
    text.list("roles", {role});
    text.list("spki_sha256", {chain->front().spki_sha256()}, "crpctl caller pin FILE");
    return {};
}

// By its key, which a renewal keeps: a name would not do, for the issuing CA may have issued the
// module's certificate, and a policy might let a device have that name.
Result<void> write_module_caller(const InitPki& pki, ConfigText& text) {
    if (auto done = write_pinned_caller("ndesd", "ndes", pki.module.certificate, text); !done)
        return done;
    text.word("may_generate_challenges", "true", "for ndesd's admin page");
    return {};
}

void write_rest(const InitLayout& layout, ConfigText& text) {
    text.table("state_messages");
    text.text("inbox", (layout.crpd_state / "inbox").string(),
              "*.SMX files for a management site; \"\": none");
    text.table("retention", "what is removed, and when; the audit stays whole");
    text.hint("decisions_after = \"180d\"", "that led to no certificate");
    text.table("log");
    text.text("cmtrace_file", (layout.crpd_log / "CRP.log").string(), "CMTrace format");
    text.hint("level = \"info\"", "debug, info, warning, error");
}

}  // namespace

Result<std::string> crpd_config_text(const InitAnswers& answers, const InitLayout& layout,
                                     const InitPki& pki) {
    ConfigText text(
        "crpd, the Certificate Registration Point; written by crpctl init. Every key: "
        "crpd.toml(5).\nPaths are relative to this folder. After a change: crpctl config check "
        "--config crpd.toml");
    write_server(answers, text);
    write_store(answers, text);
    write_challenge(answers, text);
    if (auto done = write_module_caller(pki, text); !done) return pass_on(done);
    for (const auto& [name, role, pair] :
         {std::tuple("mdm_name", "mdm", &pki.mdm), std::tuple("admin_name", "admin", &pki.admin)}) {
        auto done = write_pinned_caller(answers.get(name), role, pair->certificate, text);
        if (!done) return pass_on(done);
    }
    write_rest(layout, text);
    return text.str();
}

}  // namespace ndes::crp::cli
