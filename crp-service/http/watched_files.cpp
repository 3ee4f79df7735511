#include "crp-service/http/watched_files.h"

#include <utility>

namespace ndes::crp {
namespace {

void add_pair(ExpiringList& list, const std::string& use, const std::filesystem::path& certificate,
              const std::filesystem::path& key) {
    add_certificates(list, use, certificate, Take::first);
    add_key(list, use, key);
}

void add_keys(ExpiringList& list, const std::string& use,
              const std::vector<std::filesystem::path>& files) {
    for (const auto& file : files)
        add_key(list, use, file);
}

void add_challenge(ExpiringList& list, const ChallengeConfig& challenge) {
    add_certificates(list, "issuing-ca", challenge.ca_certificate_file, Take::first);
    add_keys(list, "challenge-key", challenge.files.keys);
    add_keys(list, "challenge-pepper", challenge.files.peppers);
    for (const SealedRecipientFiles& recipient : challenge.files.recipients)
        add_pair(list, "sealed-recipient", recipient.certificate, recipient.key);
    for (const SealedSignerFiles& signer : challenge.files.signers) {
        for (const auto& file : signer.certificates)
            add_certificates(list, "sealed-signer", file, Take::all);
        for (const auto& file : signer.issuers)
            add_certificates(list, "sealed-signer-issuer", file, Take::all);
    }
}

void add_sinks(ExpiringList& list, const SinkOptions& sinks) {
    add_pair(list, "smx-signer", sinks.inbox_seal.signing_certificate,
             sinks.inbox_seal.signing_key);
    add_certificates(list, "smx-recipient", sinks.inbox_seal.recipients, Take::all);
    for (const WebhookOptions& webhook : sinks.webhooks) {
        const std::string use = "webhook-" + webhook.name;
        add_certificates(list, use + "-ca", webhook.server_ca, Take::all);
        add_pair(list, use + "-client", webhook.client_certificate, webhook.client_key);
        add_keys(list, use + "-secret", webhook.secret_files);
    }
}

}  // namespace

ExpiringList own_files(const CrpdConfig& config) {
    ExpiringList list;
    add_pair(list, "server", config.tls_files.certificate, config.tls_files.key);
    add_certificates(list, "client-ca", config.tls_files.client_ca, Take::all);
    add_crls(list, "client-crl", config.tls_files.client_crl);
    add_challenge(list, config.challenge);
    add_sinks(list, config.state_messages);
    for (const CallerRule& caller : config.callers)
        for (const auto& credential : caller.credentials)
            add_keys(list, "caller-secret/" + caller.name, credential.secrets);
    add_key(list, "audit-key", config.audit.signing_key_file);
    add_key(list, "database", config.store.connection_file);
    return list;
}

Result<WatchedFiles> load_watched_files(const CrpdConfig& config) {
    ExpiringList own = own_files(config);
    std::optional<Certificate> server;
    std::vector<WatchedCertificate> others;
    std::vector<WatchedCrl> crls;
    for (const Expiring& one : own) {
        if (one.kind == ExpiringKind::key) continue;  // judged by who loads it
        if (!one.fault.empty()) return fail(ErrorCode::configuration, one.use + ": " + one.fault);
        if (one.kind == ExpiringKind::crl) {
            if (one.ends) crls.push_back({one.use, one.subject, *one.ends});
        } else if (!server) {
            server = one.certificate;  // the first of the list
        } else {
            others.push_back({one.use, *one.certificate});
        }
    }
    return WatchedFiles{std::move(*server), std::move(others), std::move(crls), std::move(own)};
}

}  // namespace ndes::crp
