// OpenedChallenge: what became of reading one challenge string, whatever its kind.
// Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "crp-service/challenge/sealed_claims.h"
#include "crp-service/domain/challenge.h"

namespace ndes::crp {

// What a challenge says of itself: minted and sealed ones.
struct ChallengeClaims {
    std::string challenge_id;
    std::string certificate_request_id_digest;  // see ChallengeCodec::digest_of
    std::string device_id;
    std::string user_id;
    WallTime not_before{};
    WallTime expires_at{};
};

struct OpenedChallenge {
    ChallengeKind kind = ChallengeKind::posted;
    ChallengeClaims claims;              // minted, sealed
    std::optional<SealedClaims> sealed;  // sealed
    std::string owner;                   // sealed: of the signer
    std::string key_id;                  // minted: the key; sealed: the decryption certificate
    std::vector<std::string> lookups;    // posted: hex HMAC under each pepper, current one first
    std::string reason;                  // empty when it could be read, else why not: a word of
                                         // the catalogue
    std::string detail;

    bool makes_claims() const { return kind != ChallengeKind::posted; }
};

inline OpenedChallenge unreadable(ChallengeKind kind, std::string_view reason, std::string detail) {
    OpenedChallenge opened;
    opened.kind = kind;
    opened.reason = reason;
    opened.detail = std::move(detail);
    return opened;
}

}  // namespace ndes::crp
