// The layout of a minted token's claims: ChallengeClaims ↔ octets. Reading and writing stand
// together. Knows no key and no cipher. Pure functions; any thread.
//
//   octets   content (integers big-endian)
//    0..15   challenge ID: its 32 hexadecimal digits as 16 octets
//   16..27   first 12 octets of SHA-256(certificate request ID)
//   28..33   expiry: milliseconds since 1970-01-01 UTC
//   34..38   lifetime: milliseconds from not-before to expiry, at most 34 years
//   39..     device ID, NUL, user ID as 7-bit characters, most significant bit first, the last
//            octet filled up with zero bits
//
// 7-bit text and a short digest keep the token of the longest identifiers (64 octets each) within
// the 255 characters that a SCEP client must carry: 39 + ceil(129 * 7 / 8) = 152 octets.
#pragma once

#include <cstddef>
#include <optional>

#include "common/bytes.h"
#include "crp-service/challenge/challenge_codec.h"

namespace ndes::crp {

inline constexpr std::size_t kMaxClaimsOctets = 152;
inline constexpr std::size_t kRequestIdDigestOctets = 12;

// nullopt when the claims do not fit the layout (an ID that is too long or not ASCII, …).
std::optional<Bytes> encode_claims(const ChallengeClaims& claims);

// nullopt unless `whole` is exactly what encode_claims makes of the claims returned.
std::optional<ChallengeClaims> decode_claims(ByteView whole);

}  // namespace ndes::crp
