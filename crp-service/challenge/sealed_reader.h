// SealedReader: opens challenges that an MDM minted outside: base64 of CMS SignedData over
// EnvelopedData to one of our certificates. Who signed is settled before anything is decrypted.
// Knows no store. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/certificate_contents.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/cms_reader.h"
#include "common/crypto/revocation.h"
#include "crp-service/challenge/opened_challenge.h"
#include "crp-service/domain/validity_period.h"

namespace ndes::crp {

// A [[challenge.sealed_signer]] table: whose signature counts, and for which owner.
struct SealedSigner {
    std::string owner;                      // name of the caller whose challenges these are
    std::vector<Certificate> certificates;  // these very certificates, or …
    std::vector<std::string> spki_sha256;   // … any with these keys (hex), or …
    std::vector<Certificate> issuers;       // … any of these authorities …
    std::optional<SubjectAltName> san;      // … with this alternative name; present with issuers
    ValidityPeriod validity = {};           // the caller's
};

class SealedReader {
  public:
    SealedReader() = default;  // refuses every sealed challenge
    // `revocations`: signers' certificates that do not count any more.
    SealedReader(std::vector<SealedSigner> signers, std::vector<CmsRecipient> recipients,
                 RevocationLists revocations = {});

    // `text`: base64, line ends anywhere. Reasons of phase 1: ChallengeDecodingError (not base64,
    // not one CMS SignedData of the accepted shape), SigningCertThumbprintMismatch (the signer is
    // not on the list, its caller not in force, or its certificate out of date, revoked or not for
    // signatures),
    // SignatureValidationFailed, ChallengeDecryptionError (every way in which the envelope cannot
    // be opened); of phase 2: see read_sealed_claims.
    OpenedChallenge open(std::string_view text, WallTime now) const;

    bool has_signer_of(std::string_view owner) const;
    const std::vector<SealedSigner>& signers() const { return signers_; }
    const std::vector<CmsRecipient>& recipients() const { return recipients_; }

  private:
    const SealedSigner* find_signer(const Certificate& certificate) const;
    // Why the signer may not sign now; empty when it may.
    std::string signer_fault(const SealedSigner& signer, const Certificate& certificate,
                             WallTime now) const;

    std::vector<SealedSigner> signers_;
    std::vector<CmsRecipient> recipients_;
    RevocationLists revocations_;
    std::vector<Certificate> known_;  // certificates of all signers
};

}  // namespace ndes::crp
