// ChallengeCodec: mints, recognises and opens challenge strings.
// Minted: AES-256-GCM token under a named key, at most 255 characters, URL-safe; a forged one is
// refused without touching the store. Posted: the MDM's own password, found by its HMAC. Sealed:
// minted by an MDM, signed and encrypted; see sealed_reader.h.
// Knows no store or HTTP. Immutable after construction (replaced whole on reload); any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/random.h"
#include "common/secret.h"
#include "crp-service/challenge/opened_challenge.h"
#include "crp-service/challenge/sealed_reader.h"
#include "crp-service/domain/challenge.h"

namespace ndes::crp {

// The kind of a challenge shows in its form alone: what has more than kMaxShortCharacters is
// sealed; of the rest, what begins with kMintedPrefix is minted, and all else posted. A minted
// token and a posted password (PKCS#9's bound) never have more, a CMS message always has.
inline constexpr std::size_t kMaxShortCharacters = 255;

// Form of a minted token: "crp1.", key ID, ".", base64url of nonce, ciphertext and tag.
// A challenge that an MDM posts must not begin so, or it would never be looked up.
inline constexpr std::string_view kMintedPrefix = "crp1.";

// A named secret of a roll-over list: the first is in use, the others still open or find what was
// made under them.
struct ChallengeKey {
    std::string id;  // 1..8 characters A-Z a-z 0-9: the file's stem
    Secret key;      // 32 octets; a pepper: at least 16
};

class ChallengeCodec {
  public:
    // `keys`: the first mints, all open. `peppers`: the first makes look-up values, all are tried.
    // At least one of each.
    ChallengeCodec(std::vector<ChallengeKey> keys, std::vector<ChallengeKey> peppers,
                   SealedReader sealed = {});

    // The token. Empty when the claims cannot be put into one (see minted_claims.h): an ID over
    // its limits, or a lifetime that is negative or over 34 years.
    std::string mint(const ChallengeClaims& claims, Random& random) const;

    // Tells the kind by form and opens it. Minted: ChallengeDecodingError,
    // ChallengeDecryptionError, ChallengeDeserializationError. Sealed: see SealedReader::open.
    // `now`: for the dates of a signer's certificate.
    OpenedChallenge open(std::string_view challenge, WallTime now) const;

    // Look-up values of a posted challenge under each pepper, the current one's first.
    std::vector<std::string> lookups_of(std::string_view challenge) const;

    // Encrypts text that must be given out again later but never stored in clear (the recorded
    // answer of an idempotent call). Under the first key; opens under all.
    std::string seal(std::string_view text, Random& random) const;
    Result<std::string> unseal(std::string_view sealed) const;

    const std::vector<ChallengeKey>& keys() const { return keys_; }
    const std::vector<ChallengeKey>& peppers() const { return peppers_; }
    const SealedReader& sealed() const { return sealed_; }

    // The digest of a certificate request ID that a token carries: the first 12 octets of its
    // SHA-256, in hex.
    static std::string digest_of(std::string_view certificate_request_id);

  private:
    const ChallengeKey* find_key(std::string_view id) const;
    OpenedChallenge open_minted(std::string_view challenge) const;

    std::vector<ChallengeKey> keys_;
    std::vector<ChallengeKey> peppers_;
    SealedReader sealed_;
};

}  // namespace ndes::crp
