#include "crp-service/http/watched_files.h"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/file.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxCrlFile = 16UL * 1024 * 1024;

Result<void> add(WatchedFiles& files, const std::string& use, const std::filesystem::path& path,
                 bool leaf_only = false) {
    if (path.empty()) return {};
    auto certificates = load_certificates(path);
    if (!certificates) return pass_on(certificates, use);
    for (const Certificate& certificate : *certificates) {
        files.others.push_back({use, certificate});
        if (leaf_only) break;
    }
    return {};
}

Result<void> add_crls(WatchedFiles& files, const std::filesystem::path& path) {
    if (path.empty()) return {};
    auto pem = read_file(path, kMaxCrlFile);
    if (!pem) return pass_on(pem, "client-crl");
    const BioPtr source(::BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
    while (const X509CrlPtr crl{::PEM_read_bio_X509_CRL(source.get(), nullptr, nullptr, nullptr)}) {
        std::tm parts{};
        const ASN1_TIME* const next = ::X509_CRL_get0_nextUpdate(crl.get());
        if (next == nullptr || ::ASN1_TIME_to_tm(next, &parts) != 1) continue;
        const WallTime at{std::chrono::seconds(::timegm(&parts))};
        auto issuer = DistinguishedName::from_x509(::X509_CRL_get_issuer(crl.get()));
        files.crls.push_back({"client-crl", issuer ? issuer->to_text() : "", at});
    }
    ::ERR_clear_error();  // the end of the file
    return {};
}

}  // namespace

Result<WatchedFiles> load_watched_files(const CrpdConfig& config) {
    auto chain = load_certificates(config.tls_files.certificate);
    if (!chain) return pass_on(chain, "server");
    WatchedFiles files{chain->front()};
    const SinkOptions& sinks = config.state_messages;
    std::vector<Result<void>> added;
    added.push_back(add(files, "client-ca", config.tls_files.client_ca));
    added.push_back(add_crls(files, config.tls_files.client_crl));
    added.push_back(add(files, "issuing-ca", config.challenge.ca_certificate_file, true));
    added.push_back(add(files, "smx-signer", sinks.inbox_seal.signing_certificate, true));
    added.push_back(add(files, "smx-recipient", sinks.inbox_seal.recipients));
    const ChallengeKeyFiles& challenge = config.challenge.files;
    for (const SealedRecipientFiles& recipient : challenge.recipients) {
        added.push_back(add(files, "sealed-recipient", recipient.certificate, true));
    }
    for (const SealedSignerFiles& signer : challenge.signers) {
        for (const auto& file : signer.certificates) {
            added.push_back(add(files, "sealed-signer", file));
        }
        for (const auto& file : signer.issuers) {
            added.push_back(add(files, "sealed-signer-issuer", file));
        }
    }
    for (const WebhookOptions& webhook : sinks.webhooks) {
        const std::string use = "webhook-" + webhook.name;
        added.push_back(add(files, use + "-ca", webhook.server_ca));
        added.push_back(add(files, use + "-client", webhook.client_certificate, true));
    }
    for (Result<void>& one : added) {
        if (!one) return pass_on(one);
    }
    return files;
}

}  // namespace ndes::crp
