#include "crp-service/cli/init/init_questions.h"

#include <algorithm>

#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_programs.h"

namespace ndes::crp::cli {

namespace {

using Fallback = std::optional<std::string>;
using A = const InitAnswers&;

bool always(A) { return true; }
bool with_scep(A a) { return a.with_scep(); }
bool with_crp(A a) { return a.with_crp(); }
bool own_pki(A a) { return a.own_pki(); }
bool given_scep(A a) { return !a.own_pki() && a.with_scep(); }
bool given_crp(A a) { return !a.own_pki() && a.with_crp(); }
bool given_both(A a) { return !a.own_pki(); }
bool given_ca(A a) { return !a.own_ca(); }
bool given_ca_key(A a) { return !a.own_pki() && a.local_issuer() && a.with_scep(); }
bool given_ra(A a) { return !a.own_ca() && a.with_scep(); }
bool by_network(A a) { return a.with_scep() && (a.is("issuer", "cfssl") || a.is("issuer", "est")); }
bool by_cfssl(A a) { return a.with_scep() && a.is("issuer", "cfssl"); }
bool by_est(A a) { return a.with_scep() && a.is("issuer", "est"); }
bool by_command(A a) { return a.with_scep() && a.is("issuer", "command"); }
bool on_sqlite(A a) { return a.with_crp() && a.is("store", "sqlite"); }
bool on_postgresql(A a) { return a.with_crp() && a.is("store", "postgresql"); }
bool with_policy(A a) {
    return a.with_crp() && !a.is("policy", "none") &&
           (on_sqlite(a) || !a.get("store_owner").empty());
}

Fallback none(A) { return std::nullopt; }
Fallback empty(A) { return ""; }
Fallback no(A) { return "no"; }

template <class Text>
std::string below(A a, Text folder) {
    return a.is("root", "/") ? std::string(folder) : a.get("root") + folder;
}

Fallback crp_host(A a) { return a.is("role", "all") ? Fallback("localhost") : std::nullopt; }
Fallback start(A a) { return a.is("root", "/") ? "systemd" : "hand"; }
Fallback user_of(A a, const char* name) { return a.by_systemd() ? name : ""; }

// clang-format off
const std::vector<InitQuestion> kQuestions = {
    {"root", "Folder that stands for / (to try things out)", false, always,
     [](A) -> Fallback { return "/"; }, check_absolute_folder},
    {"role", "What this host runs: all, crp (crpd alone), scep (ndesd alone)", true, always,
     [](A) -> Fallback { return "all"; }, check_any, {"all", "crp", "scep"}},
    {"public_url", "URL by which devices reach ndesd, e.g. https://scep.example.org", true, always,
     none, check_public_url},
    {"crp_host", "Name by which ndesd reaches crpd; crpd's certificate has it", false, always,
     crp_host, check_host},
    {"issuer", "What issues certificates: local (a CA key on ndesd's host), cfssl, est, command",
     true, always, [](A) -> Fallback { return "local"; }, check_any,
     {"local", "cfssl", "est", "command"}},
    {"pki", "Certificates: own (a small CA made here), given (files that exist)", true, always,
     [](A a) -> Fallback { return a.with_crp() ? "own" : "given"; }, check_pki, {"own", "given"}},
    {"start", "How the daemons are started: systemd, hand", false, always, start, check_any,
     {"systemd", "hand"}},
    {"dir", "Folder of the configuration", false, always,
     [](A a) -> Fallback { return below(a, "/etc/ndes-crp"); }, check_absolute_folder},
    {"state_dir", "Folder below which crpd and ndesd keep databases", false, always,
     [](A a) -> Fallback { return below(a, "/var/lib"); }, check_absolute_folder},
    {"log_dir", "Folder below which crpd and ndesd write logs", false, always,
     [](A a) -> Fallback { return below(a, "/var/log"); }, check_absolute_folder},
    {"crpd_user", "User that crpd runs as; empty: whoever starts it", false, with_crp,
     [](A a) { return user_of(a, "crpd"); }, check_user},
    {"ndesd_user", "User that ndesd runs as; empty: whoever starts it", false, with_scep,
     [](A a) { return user_of(a, "ndesd"); }, check_user},
    {"scep_listen", "address:port at which ndesd serves devices", true, with_scep,
     scep_listen_for, check_listen},
    {"ndesd_health_listen", "address:port of ndesd's health listener", false, with_scep,
     [](A) -> Fallback { return "127.0.0.1:8081"; }, check_listen},
    {"admin_listen", "address:port of ndesd's admin listener", false, with_scep,
     [](A) -> Fallback { return "127.0.0.1:8082"; }, check_listen},
    {"crp_listen", "address:port of crpd's API", false, always,
     [](A a) -> Fallback { return a.is("role", "all") ? "127.0.0.1:8443" : "0.0.0.0:8443"; },
     check_listen},
    {"crp_health_listen", "address:port of crpd's health listener", false, with_crp,
     [](A) -> Fallback { return "127.0.0.1:8444"; }, check_listen},
    {"module", "The policy module ndes_policy_crp.so", false, with_scep, module_file,
     check_readable},
    {"legacy", "Accept single DES and SHA-1 of old clients: yes, no", true, with_scep, no,
     check_any, {"yes", "no"}},

    {"ca_name", "Name in the certificates made here", true, own_pki,
     [](A) -> Fallback { return "NDES-CRP"; }, check_ca_name},
    {"ca_days", "Days that the CA certificates made here are good for", false, own_pki,
     [](A) -> Fallback { return "3650"; }, check_days},
    {"certificate_days", "Days that the other certificates made here are good for", false, own_pki,
     [](A) -> Fallback { return "825"; }, check_certificate_days},

    {"ca_certificate", "Issuing CA, then its chain: PEM", true, given_ca, none, check_certificates},
    {"ca_key", "Its key: PEM", true, given_ca_key, none, check_key},
    {"ra_signing_certificate", "RA certificate that signs: PEM", true, given_ra, none,
     check_certificates},
    {"ra_signing_key", "Its key: PEM", true, given_ra, none, check_key},
    {"ra_encryption_certificate", "RA certificate that devices encrypt to: PEM", true, given_ra,
     none, check_certificates},
    {"ra_encryption_key", "Its key: PEM", true, given_ra, none, check_key},
    {"crp_certificate", "crpd's server certificate: PEM", true, given_crp, none,
     check_certificates},
    {"crp_key", "Its key: PEM", true, given_crp, none, check_key},
    {"crp_ca", "CA of crpd's server certificate: PEM", true, given_both, none, check_certificates},
    {"client_ca", "CA of the callers' client certificates: PEM", true, given_both, none,
     check_certificates},
    {"module_certificate", "Client certificate of ndesd's policy module: PEM", true, given_both,
     none, check_certificates},
    {"module_key", "Its key: PEM", true, given_scep, none, check_key},
    {"admin_certificate", "Client certificate of the administrator: PEM", true, given_both, none,
     check_certificates},
    {"admin_key", "Its key: PEM", true, given_both, none, check_key},
    {"mdm_certificate", "Client certificate of the MDM: PEM", true, given_both, none,
     check_certificates},
    {"site_certificate", "Server certificate of ndesd's admin listener: PEM; empty: no listener",
     true, given_scep, empty, check_certificates},
    {"site_key", "Its key: PEM", true,
     [](A a) { return given_scep(a) && !a.get("site_certificate").empty(); }, none, check_key},

    {"issuer_url", "URL of the CA", true, by_network, none, check_web_url},
    {"issuer_server_ca", "Who issued that server's certificate: PEM", true, by_network,
     [](A a) { return a.is("issuer", "est") ? std::nullopt : Fallback(""); }, check_certificates},
    {"issuer_auth_key", "File with the hex key of cfssl's auth_keys", true, by_cfssl, none,
     check_readable},
    {"issuer_client_certificate", "ndesd's client certificate for EST: PEM", true, by_est, none,
     check_certificates},
    {"issuer_client_key", "Its key: PEM", true, by_est, none, check_key},
    {"issuer_command", "Program that issues, and its arguments, with commas between", true,
     by_command, none, check_command},

    {"store", "Database: sqlite, postgresql", true, with_crp,
     [](A) -> Fallback { return "sqlite"; }, check_any, {"sqlite", "postgresql"}},
    {"store_path", "Database file", false, on_sqlite,
     [](A a) -> Fallback { return a.get("state_dir") + "/crpd/crp.db"; }, check_absolute},
    {"store_connection", "libpq keywords of crpd's role, e.g. host=db user=crp_run dbname=crp",
     true, on_postgresql, none, check_conninfo},
    {"store_owner", "libpq keywords of the schema's owner; empty: the database is made later",
     true, on_postgresql, empty, check_conninfo},

    {"admin_name", "Name of the administrator in logs", false, always,
     [](A) -> Fallback { return "admin"; }, check_name},
    {"mdm_name", "Name of the MDM in logs", true, always,
     [](A) -> Fallback { return "mdm-1"; }, check_name},
    {"policy", "First policy's ID; none: the MDM brings its own", true,
     [](A a) { return a.with_crp() && (on_sqlite(a) || !a.get("store_owner").empty()); },
     [](A) -> Fallback { return "first"; }, check_name},
    {"policy_subject", "Subject of its certificates", true, with_policy,
     [](A) -> Fallback { return "CN={{DeviceName}}"; }, check_subject},
    {"policy_template", "Template of ndesd's requests, and of that policy", false, always,
     [](A) -> Fallback { return "GeneralPurpose"; }, check_name},
    {"policy_days", "Days that its certificates are good for", false, with_policy,
     [](A) -> Fallback { return "365"; }, check_days},
    {"device", "First device, which may have it", true, with_policy,
     [](A) -> Fallback { return "device-1"; }, check_name},
};
// clang-format on

}  // namespace

const std::vector<InitQuestion>& init_questions() { return kQuestions; }

std::string option_of(const InitQuestion& question) {
    std::string name = std::string("--") + question.key;
    std::ranges::replace(name, '_', '-');
    return name;
}

Result<void> check_answer(const InitQuestion& question, const InitAnswers& answers,
                          const std::string& text) {
    const auto wrong = [&](const std::string& what) {
        return fail(ErrorCode::bad_request, option_of(question) + ": \"" + text + "\": " + what);
    };
    if (text.empty()) {
        const auto fallback = question.fallback(answers);
        if (fallback && fallback->empty()) return {};
        return fail(ErrorCode::bad_request, option_of(question) + ": must not be empty");
    }
    if (!question.words.empty() &&
        std::ranges::find(question.words, text) == question.words.end()) {
        std::string known;
        for (const std::string& word : question.words)
            known += (known.empty() ? "" : ", ") + word;
        return wrong("must be one of " + known);
    }
    auto good = question.check(answers, text);
    return good ? Result<void>() : wrong(good.error().text);
}

}  // namespace ndes::crp::cli
