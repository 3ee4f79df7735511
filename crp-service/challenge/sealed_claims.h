// What a sealed challenge says: strict JSON ↔ SealedClaims. The fields are those of an MDM's
// README (README.md of this folder); unknown and duplicate ones are refused.
// Knows no key, signature or record. Pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/clock.h"
#include "crp-service/domain/challenge.h"

namespace ndes::crp {

inline constexpr int kSealedVersion = 1;
inline constexpr std::size_t kMaxSealedClaimsOctets = 8 * 1024;
// The MDM chooses the ID; a short one could be guessed or chosen twice.
inline constexpr std::size_t kShortestSealedId = 16;
// From not-before to expiry, and from issue to expiry.
inline constexpr std::chrono::hours kLongestSealedLifetime{30 * 24};

struct SealedClaims {
    std::string challenge_id;
    std::string policy_id;
    std::string certificate_request_id;
    std::string device_id;
    std::string user_id;   // empty: without user
    std::string audience;  // name of the CRP it is for
    WallTime issued_at{};
    WallTime not_before{};  // absent in the text: issued_at
    WallTime expires_at{};
    ExpectedOverrides expected;
};

// Why claims cannot be used: a reason of phase 2 and the field.
struct ClaimsFault {
    std::string_view reason;
    std::string detail;
};

// Faults: BadCertificateRequestIdInChallenge, BadDeviceIdInChallenge, BadUserIdInChallenge (the
// field is missing or no identifier), ChallengeInvalidTimestamp (a time is missing, unreadable, not
// in order, or the lifetime too long), ChallengeDeserializationError (everything else).
tl::expected<SealedClaims, ClaimsFault> read_sealed_claims(std::string_view json);

}  // namespace ndes::crp
