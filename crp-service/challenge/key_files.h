// Key files: loads all that ChallengeCodec works with: minting keys, peppers, the certificates that
// sealed challenges are encrypted to, and those whose signature on them counts.
// Key files must be readable by their owner alone, or be systemd credentials (common/file.h).
// One thread, at start and reload.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/certificate_contents.h"
#include "common/error.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/domain/validity_period.h"

namespace ndes::crp {

struct SealedRecipientFiles {
    std::filesystem::path certificate;  // PEM; RSA with keyEncipherment, or EC with keyAgreement
    std::filesystem::path key;          // PEM
};

// See SealedSigner; one of certificates, pins, or issuers with san.
struct SealedSignerFiles {
    std::string owner;
    std::vector<std::filesystem::path> certificates;
    std::vector<std::string> spki_sha256;
    std::vector<std::filesystem::path> issuers;
    std::optional<SubjectAltName> san;
    ValidityPeriod validity = {};  // of the caller of that name
};

struct ChallengeKeyFiles {
    std::vector<std::filesystem::path> keys;     // 64 hex digits each; stem: key ID; first mints
    std::vector<std::filesystem::path> peppers;  // at least 32 hex digits; first makes look-ups
    std::vector<SealedRecipientFiles> recipients;
    std::vector<SealedSignerFiles> signers;
    // What callers' certificates are held against: signers' are as well. No CRL: not checked.
    std::filesystem::path client_ca = {};
    std::filesystem::path client_crl = {};
};

// configuration, not_found or too_large, naming the file.
Result<std::unique_ptr<ChallengeCodec>> load_challenge_codec(const ChallengeKeyFiles& files);

}  // namespace ndes::crp
