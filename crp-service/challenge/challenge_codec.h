// ChallengeCodec: mints, recognises and opens challenge strings.
// Minted: AES-256-GCM token under a named key, at most 255 characters, URL-safe; a forged one is
// refused without touching the store. Posted: the MDM's own password, found by its HMAC.
// Knows no store, HTTP or JSON. Immutable after construction (replaced whole on reload); any
// thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/random.h"
#include "common/secret.h"
#include "crp-service/domain/challenge.h"

namespace ndes::crp {

// Form of a minted token: "crp1.", key ID, ".", base64url of nonce, ciphertext and tag.
// A challenge that an MDM posts must not begin so, or it would never be looked up.
inline constexpr std::string_view kMintedPrefix = "crp1.";
inline constexpr std::size_t kMaxMintedCharacters = 255;

struct ChallengeKey {
    std::string id;  // 1..8 characters A-Z a-z 0-9: the file's stem
    Secret key;      // 32 octets
};

// What a minted token says.
struct ChallengeClaims {
    std::string challenge_id;
    std::string certificate_request_id_digest;  // see digest_of
    std::string device_id;
    std::string user_id;
    WallTime not_before{};
    WallTime expires_at{};
};

// What became of reading a challenge string; the reasons are words of the catalogue.
struct OpenedChallenge {
    ChallengeKind kind = ChallengeKind::posted;
    ChallengeClaims claims;  // minted
    std::string lookup;      // posted: hex HMAC
    std::string reason;      // empty when it could be read, else why not
    std::string detail;
};

class ChallengeCodec {
  public:
    // `keys`: the first mints, all open. At least one. `pepper`: at least 16 octets.
    ChallengeCodec(std::vector<ChallengeKey> keys, Secret pepper);

    // The token. Empty when the claims cannot be put into one (see minted_claims.h): an ID over
    // its limits, or a lifetime that is negative or over 34 years.
    std::string mint(const ChallengeClaims& claims, Random& random) const;

    // Tells the kind by form and opens it: ChallengeDecodingError, ChallengeDecryptionError,
    // ChallengeDeserializationError for what begins like a minted token; anything else is posted.
    OpenedChallenge open(std::string_view challenge) const;

    // Lookup value of a posted challenge.
    std::string lookup_of(std::string_view challenge) const;

    // Encrypts text that must be given out again later but never stored in clear (the recorded
    // answer of an idempotent call). Under the first key; opens under all.
    std::string seal(std::string_view text, Random& random) const;
    Result<std::string> unseal(std::string_view sealed) const;

    // The digest of a certificate request ID that a token carries: the first 12 octets of its
    // SHA-256, in hex.
    static std::string digest_of(std::string_view certificate_request_id);

  private:
    const ChallengeKey* find_key(std::string_view id) const;
    OpenedChallenge open_minted(std::string_view challenge) const;

    std::vector<ChallengeKey> keys_;
    Secret pepper_;
};

// Reads key files (32 octets as 64 hex digits, each readable by its owner alone) and the pepper.
Result<std::unique_ptr<ChallengeCodec>> load_challenge_codec(
    const std::vector<std::filesystem::path>& key_files, const std::filesystem::path& pepper_file);

}  // namespace ndes::crp
