#include "crp-service/challenge/minted_claims.h"

#include <algorithm>
#include <cstdint>

#include "crp-service/domain/records.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kChallengeIdOctets = 16;
constexpr std::size_t kExpiryOctets = 6;
constexpr std::size_t kLifetimeOctets = 5;
constexpr std::size_t kTextStart =
    kChallengeIdOctets + kRequestIdDigestOctets + kExpiryOctets + kLifetimeOctets;

void append_integer(Bytes& out, std::uint64_t value, std::size_t octets) {
    for (std::size_t i = octets; i-- > 0;) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

std::uint64_t read_integer(ByteView octets) {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets)
        value = value << 8 | octet;
    return value;
}

void append_7bit(Bytes& out, std::string_view text) {
    unsigned pending = 0;
    int bits = 0;
    for (const char c : text) {
        pending = pending << 7 | static_cast<unsigned char>(c);
        bits += 7;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>(pending >> bits));
            pending &= (1U << bits) - 1;
        }
    }
    if (bits > 0) out.push_back(static_cast<std::uint8_t>(pending << (8 - bits)));
}

std::string read_7bit(ByteView octets) {
    std::string text;
    unsigned pending = 0;
    int bits = 0;
    for (const std::uint8_t octet : octets) {
        pending = pending << 8 | octet;
        bits += 8;
        while (bits >= 7) {
            bits -= 7;
            text.push_back(static_cast<char>(pending >> bits & 0x7f));
            pending &= (1U << bits) - 1;
        }
    }
    return text;
}

bool is_id_text(std::string_view text) {
    if (text.size() > kMaxIdOctets) return false;
    for (const char c : text) {
        if (c <= ' ' || c > '~') return false;
    }
    return true;
}

}  // namespace

std::optional<Bytes> encode_claims(const ChallengeClaims& claims) {
    const Result<Bytes> id = from_hex(claims.challenge_id);
    const Result<Bytes> digest = from_hex(claims.certificate_request_id_digest);
    const std::int64_t expiry = to_unix_ms(claims.expires_at);
    const std::int64_t lifetime = expiry - to_unix_ms(claims.not_before);
    if (!id || id->size() != kChallengeIdOctets) return std::nullopt;
    if (!digest || digest->size() != kRequestIdDigestOctets) return std::nullopt;
    if (expiry < 0 || expiry >> (8 * kExpiryOctets) != 0) return std::nullopt;
    if (lifetime < 0 || lifetime >> (8 * kLifetimeOctets) != 0) return std::nullopt;
    if (claims.device_id.empty()) return std::nullopt;
    if (!is_id_text(claims.device_id) || !is_id_text(claims.user_id)) return std::nullopt;

    Bytes out;
    out.reserve(kMaxClaimsOctets);
    out.insert(out.end(), id->begin(), id->end());
    out.insert(out.end(), digest->begin(), digest->end());
    append_integer(out, static_cast<std::uint64_t>(expiry), kExpiryOctets);
    append_integer(out, static_cast<std::uint64_t>(lifetime), kLifetimeOctets);
    append_7bit(out, claims.device_id + '\0' + claims.user_id);
    return out;
}

std::optional<ChallengeClaims> decode_claims(ByteView whole) {
    ByteView octets = whole;
    if (octets.size() <= kTextStart || octets.size() > kMaxClaimsOctets) return std::nullopt;
    ChallengeClaims claims;
    claims.challenge_id = to_hex(octets.first(kChallengeIdOctets));
    octets = octets.subspan(kChallengeIdOctets);
    claims.certificate_request_id_digest = to_hex(octets.first(kRequestIdDigestOctets));
    octets = octets.subspan(kRequestIdDigestOctets);
    const auto expiry = static_cast<std::int64_t>(read_integer(octets.first(kExpiryOctets)));
    octets = octets.subspan(kExpiryOctets);
    const auto lifetime = static_cast<std::int64_t>(read_integer(octets.first(kLifetimeOctets)));
    octets = octets.subspan(kLifetimeOctets);
    claims.expires_at = from_unix_ms(expiry);
    claims.not_before = from_unix_ms(expiry - lifetime);

    const std::string text = read_7bit(octets);
    const std::size_t end_of_device = text.find('\0');
    if (end_of_device == std::string::npos) return std::nullopt;
    claims.device_id = text.substr(0, end_of_device);
    claims.user_id = text.substr(end_of_device + 1);
    // Seven zero bits of filling read as one more NUL.
    if (!claims.user_id.empty() && claims.user_id.back() == '\0') claims.user_id.pop_back();

    const std::optional<Bytes> again = encode_claims(claims);
    if (!again || !std::ranges::equal(*again, whole)) return std::nullopt;
    return claims;
}

}  // namespace ndes::crp
