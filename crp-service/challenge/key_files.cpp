#include "crp-service/challenge/key_files.h"

#include <algorithm>
#include <utility>

#include "common/crypto/aead.h"
#include "common/crypto/crl.h"
#include "common/crypto/key.h"
#include "common/file.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxKeyIdCharacters = 8;
constexpr std::size_t kLeastPepperOctets = 16;
constexpr std::size_t kMostPepperOctets = 1024;
constexpr std::size_t kMostCrlOctets = 16UL * 1024 * 1024;

bool is_key_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxKeyIdCharacters && std::ranges::all_of(id, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

// The name before the extension. The files of a folder that systemd hands over
// (LoadCredential=keys: FOLDER) have names that begin with the credential's: keys_k1.key.
std::string key_id_of(const std::filesystem::path& path) {
    const std::string stem = path.stem().string();
    if (!is_systemd_credential(path)) return stem;
    return stem.substr(stem.rfind('_') + 1);
}

// One line of hexadecimal digits, as `openssl rand -hex 32` writes it.
Result<Secret> read_hex_key(const std::filesystem::path& path, std::size_t least,
                            std::size_t most) {
    Result<Secret> file = read_secret_file(path);
    if (!file) return pass_on(file);
    std::string_view text = as_text(file->expose());
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    Result<Bytes> octets = from_hex(text);
    if (!octets || octets->size() < least || octets->size() > most) {
        return fail(ErrorCode::configuration,
                    path.string() + " must hold " + (least == most ? "" : "at least ") +
                        std::to_string(2 * least) + " hexadecimal digits and nothing else");
    }
    return Secret(std::move(*octets));
}

Result<std::vector<ChallengeKey>> load_keys(const std::vector<std::filesystem::path>& files,
                                            std::size_t least, std::size_t most) {
    std::vector<ChallengeKey> keys;
    for (const auto& path : files) {
        ChallengeKey key{key_id_of(path), Secret()};
        if (!is_key_id(key.id)) {
            return fail(ErrorCode::configuration,
                        path.string() +
                            ": the name before the extension is the key ID: 1 to 8 of A-Z a-z 0-9");
        }
        if (std::ranges::find(keys, key.id, &ChallengeKey::id) != keys.end()) {
            return fail(ErrorCode::configuration, path.string() + ": key ID is used twice");
        }
        Result<Secret> octets = read_hex_key(path, least, most);
        if (!octets) return pass_on(octets);
        key.key = std::move(*octets);
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<CmsRecipient> load_recipient(const SealedRecipientFiles& files) {
    auto certificates = load_certificates(files.certificate);
    if (!certificates) return pass_on(certificates);
    Certificate& certificate = certificates->front();
    auto key = load_private_key(files.key);
    if (!key) return pass_on(key);
    if (!certificate.matches(key->get())) {
        return fail(ErrorCode::configuration, files.key.string() + " is not the private key of " +
                                                  files.certificate.string());
    }
    const KeyFacts facts = key_facts(key->get());
    const bool rsa = facts.type == KeyType::rsa && facts.bits >= 2048;
    const bool ec = facts.type == KeyType::ec && facts.named_curve;
    if (!rsa && !ec) {
        return fail(
            ErrorCode::configuration,
            files.certificate.string() + ": its key must be RSA of 2048 bits or more, or EC");
    }
    if (!certificate.has_key_usage(rsa ? KeyUsage::key_encipherment : KeyUsage::key_agreement)) {
        return fail(ErrorCode::configuration, files.certificate.string() +
                                                  ": its key usage does not permit " +
                                                  (rsa ? "keyEncipherment" : "keyAgreement"));
    }
    return CmsRecipient{files.certificate.stem().string(), certificate, std::move(*key)};
}

Result<std::vector<Certificate>> load_all(const std::vector<std::filesystem::path>& files) {
    std::vector<Certificate> all;
    for (const auto& path : files) {
        auto certificates = load_certificates(path);
        if (!certificates) return pass_on(certificates);
        all.insert(all.end(), certificates->begin(), certificates->end());
    }
    return all;
}

Result<SealedSigner> load_signer(const SealedSignerFiles& files) {
    SealedSigner signer;
    signer.owner = files.owner;
    signer.spki_sha256 = files.spki_sha256;
    signer.san = files.san;
    signer.validity = files.validity;
    auto certificates = load_all(files.certificates);
    if (!certificates) return pass_on(certificates);
    signer.certificates = std::move(*certificates);
    auto issuers = load_all(files.issuers);
    if (!issuers) return pass_on(issuers);
    signer.issuers = std::move(*issuers);
    return signer;
}

// The lists for callers' certificates; authorities are those of callers and of signers.
Result<RevocationLists> load_revocations(const ChallengeKeyFiles& files,
                                         const std::vector<SealedSigner>& signers) {
    if (signers.empty() || files.client_crl.empty()) return RevocationLists();
    auto text = read_file(files.client_crl, kMostCrlOctets);
    if (!text) return pass_on(text);
    auto authorities = load_certificates(files.client_ca);
    if (!authorities) return pass_on(authorities);
    for (const SealedSigner& signer : signers)
        authorities->insert(authorities->end(), signer.issuers.begin(), signer.issuers.end());
    return RevocationLists(read_crls(*text), *authorities);
}

}  // namespace

Result<std::unique_ptr<ChallengeCodec>> load_challenge_codec(const ChallengeKeyFiles& files) {
    auto keys = load_keys(files.keys, kAeadKeyOctets, kAeadKeyOctets);
    if (!keys) return pass_on(keys, "challenge key");
    auto peppers = load_keys(files.peppers, kLeastPepperOctets, kMostPepperOctets);
    if (!peppers) return pass_on(peppers, "challenge pepper");
    if (keys->empty() || peppers->empty()) {
        return fail(ErrorCode::configuration,
                    "challenge.key_files and pepper_files must each name a file");
    }
    std::vector<CmsRecipient> recipients;
    for (const SealedRecipientFiles& one : files.recipients) {
        auto recipient = load_recipient(one);
        if (!recipient) return pass_on(recipient, "sealed_recipient");
        if (std::ranges::find(recipients, recipient->name, &CmsRecipient::name) !=
            recipients.end()) {
            return fail(ErrorCode::configuration,
                        one.certificate.string() +
                            ": another certificate file has that name, which "
                            "is the key's name in records");
        }
        recipients.push_back(std::move(*recipient));
    }
    std::vector<SealedSigner> signers;
    for (const SealedSignerFiles& one : files.signers) {
        auto signer = load_signer(one);
        if (!signer) return pass_on(signer, "sealed_signer");
        signers.push_back(std::move(*signer));
    }
    auto revocations = load_revocations(files, signers);
    if (!revocations) return pass_on(revocations, "client CRL");
    return std::make_unique<ChallengeCodec>(
        std::move(*keys), std::move(*peppers),
        SealedReader(std::move(signers), std::move(recipients), std::move(*revocations)));
}

}  // namespace ndes::crp
