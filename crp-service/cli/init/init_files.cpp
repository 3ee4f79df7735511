#include "crp-service/cli/init/init_files.h"

#include "common/bytes.h"
#include "common/file.h"
#include "common/random.h"
#include "crp-service/cli/init/init_config.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kPublic = 0644;
constexpr unsigned kSecret = 0600;
constexpr unsigned kOpenFolder = 0755;
constexpr unsigned kProgramFolder = 0750;  // its user reads, root writes
constexpr unsigned kSecretFolder = 0700;
constexpr std::size_t kRandomKeyOctets = 32;

std::string random_key() { return to_hex(system_random().bytes(kRandomKeyOctets)) + "\n"; }

void plan_pair(InitPlan& plan, const fs::path& stem, const PemPair& pair, const FileOwner& owner) {
    if (pair.certificate.empty()) return;
    plan.file(stem.string() + ".pem", pair.certificate, kPublic, {});
    if (!pair.key.empty()) plan.file(stem.string() + ".key", pair.key, kSecret, owner);
}

Result<void> plan_crpd(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                       InitPlan& plan) {
    auto config = crpd_config_text(answers, layout, pki);
    if (!config) return pass_on(config);
    const std::string user = answers.get("crpd_user");
    const FileOwner owner = owner_of_user(user);
    const FileOwner group = group_of_user(user);
    plan.folder(layout.crpd, kProgramFolder, group);
    plan.folder(layout.crpd / "tls", kProgramFolder, group);
    // As credentials they stay root's: systemd hands them over.
    plan.folder(layout.crpd / "keys", kSecretFolder, answers.by_systemd() ? FileOwner{} : owner);
    plan.folder(layout.crpd_state, kSecretFolder, owner);
    plan.folder(layout.crpd_state / "inbox", kSecretFolder, owner);
    plan.folder(layout.crpd_log, kProgramFolder, owner);
    plan.file(layout.crpd_config, *config, kPublic, {});
    plan.file(layout.crpd / "ca.pem", pki.ca.certificate, kPublic, {});
    plan.file(layout.crpd / "tls/client-ca.pem", pki.client_ca, kPublic, {});
    plan_pair(plan, layout.crpd / "tls/crp", pki.crp, owner);
    for (const char* name : {"k1", "pepper"}) {
        plan.file(layout.crpd / "keys" / (std::string(name) + ".key"), random_key(), kSecret,
                  answers.by_systemd() ? FileOwner{} : owner);
    }
    if (answers.is("store", "sqlite")) {
        plan.folder(fs::path(answers.get("store_path")).parent_path(), kSecretFolder, owner);
        plan.made_later(answers.get("store_path"));
    } else {
        plan.file(layout.crpd / "postgresql.conn", answers.get("store_connection") + "\n", kSecret,
                  owner);
    }
    return {};
}

// What the answers name and ndesd reads itself.
Result<void> plan_issuer(const InitAnswers& answers, const fs::path& folder, const FileOwner& owner,
                         InitPlan& plan) {
    struct Copy {
        const char* key;
        const char* name;
        unsigned mode;
    };
    for (const Copy& one : {Copy{"issuer_server_ca", "server-ca.pem", kPublic},
                            Copy{"issuer_auth_key", "cfssl.key", kSecret},
                            Copy{"issuer_client_certificate", "client.pem", kPublic},
                            Copy{"issuer_client_key", "client.key", kSecret}}) {
        const std::string file = answers.get(one.key);
        if (file.empty()) continue;
        auto contents = read_file(file);
        if (!contents) return fail(ErrorCode::configuration, contents.error().text);
        plan.file(folder / one.name, std::move(*contents), one.mode,
                  one.mode == kSecret ? owner : FileOwner{});
    }
    return {};
}

Result<void> plan_ndesd(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                        InitPlan& plan) {
    auto config = ndesd_config_text(answers, layout, pki);
    if (!config) return pass_on(config);
    const std::string user = answers.get("ndesd_user");
    const FileOwner owner = owner_of_user(user);
    const FileOwner group = group_of_user(user);
    const fs::path& folder = layout.ndesd;
    plan.folder(folder, kProgramFolder, group);
    for (const char* below : {"issuer", "site"})
        plan.folder(folder / below, kProgramFolder, group);
    for (const char* below : {"ca", "keys"})
        plan.folder(folder / below, kSecretFolder, owner);
    plan.folder(layout.ndesd_state, kSecretFolder, owner);
    plan.folder(layout.ra, kSecretFolder, owner);
    plan.folder(layout.module_store, kSecretFolder, owner);
    plan.folder(layout.ndesd_log, kProgramFolder, owner);
    plan.file(layout.ndesd_config, *config, kPublic, {});
    plan.file(layout.module_config, module_config_text(answers, layout), kPublic, {});
    plan.file(folder / "crp-ca.pem", pki.crp_ca, kPublic, {});
    plan_pair(plan, folder / "ca/ca", pki.ca, owner);
    plan_pair(plan, layout.ra / "signing", pki.ra_signing, owner);
    plan_pair(plan, layout.ra / "encryption", pki.ra_encryption, owner);
    plan_pair(plan, layout.module_store / "client", pki.module, owner);
    plan_pair(plan, folder / "site/site", pki.site, owner);
    if (!pki.site.certificate.empty())
        plan.file(folder / "site/client-ca.pem", pki.client_ca, kPublic, {});
    plan.file(folder / "keys/journal.key", random_key(), kSecret, owner);
    return plan_issuer(answers, folder / "issuer", owner, plan);
}

void plan_for_ndesd(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                    InitPlan& plan) {
    const fs::path& folder = layout.for_ndesd;
    plan.folder(folder, kSecretFolder, {});
    plan.file(folder / "answers.toml", ndesd_answers_text(answers), kPublic, {});
    plan.file(folder / "tls-ca.pem", pki.crp_ca, kPublic, {});
    plan.file(folder / "client-ca.pem", pki.client_ca, kPublic, {});
    if (answers.own_ca()) {
        plan_pair(plan, folder / "ca", pki.ca, {});
        plan_pair(plan, folder / "ra-signing", pki.ra_signing, {});
        plan_pair(plan, folder / "ra-encryption", pki.ra_encryption, {});
    }
    plan_pair(plan, folder / "module", pki.module, {});
    plan_pair(plan, folder / "admin", pki.admin, {});
    plan_pair(plan, folder / "site", pki.site, {});
    plan.file(folder / "mdm.pem", pki.mdm.certificate, kPublic, {});
}

void plan_clients(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                  InitPlan& plan) {
    plan.folder(layout.clients, kSecretFolder, {});
    plan.file(layout.client_config, client_config_text(answers, pki), kPublic, {});
    plan.file(layout.clients / "ca.pem", pki.crp_ca, kPublic, {});
    plan_pair(plan, layout.clients / "admin", pki.admin, {});
    plan_pair(plan, layout.clients / "mdm", pki.mdm, {});
}

}  // namespace

Result<void> plan_files(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                        InitPlan& plan) {
    plan.folder(layout.dir, kOpenFolder, {});
    if (answers.with_crp()) {
        if (auto done = plan_crpd(answers, layout, pki, plan); !done) return done;
    }
    if (answers.with_scep()) {
        if (auto done = plan_ndesd(answers, layout, pki, plan); !done) return done;
    }
    plan_clients(answers, layout, pki, plan);
    if (!answers.own_pki()) return {};
    plan.folder(layout.tls_ca, kSecretFolder, {});
    plan_pair(plan, layout.tls_ca / "ca", pki.tls_ca, {});
    if (!answers.with_scep()) plan_for_ndesd(answers, layout, pki, plan);
    return {};
}

}  // namespace ndes::crp::cli
