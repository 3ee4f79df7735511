#include "crp-service/challenge/sealed_claims.h"

#include <array>
#include <utility>

#include "crp-service/challenge/contents_json.h"
#include "crp-service/domain/record_id.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {
namespace {

constexpr std::string_view kUnreadable = "ChallengeDeserializationError";
constexpr std::string_view kBadTime = "ChallengeInvalidTimestamp";
constexpr std::size_t kMaxRequestIdOctets = 512;
constexpr std::size_t kMaxAudienceOctets = 64;

// Faults of these fields have a reason of their own.
struct FieldReason {
    std::string_view field;
    std::string_view reason;
};
constexpr std::array kFieldReasons{
    FieldReason{"certificateRequestId", "BadCertificateRequestIdInChallenge"},
    FieldReason{"deviceId", "BadDeviceIdInChallenge"},
    FieldReason{"userId", "BadUserIdInChallenge"},
    FieldReason{"issuedAt", kBadTime},
    FieldReason{"notBefore", kBadTime},
    FieldReason{"expiresAt", kBadTime},
};

// A JsonReader's fault begins with the field's name and a colon.
ClaimsFault to_fault(const Error& error) {
    for (const FieldReason& known : kFieldReasons) {
        if (error.text.starts_with(std::string(known.field) + ":")) {
            return {known.reason, error.text};
        }
    }
    return {kUnreadable, error.text};
}

void check_id(JsonReader& reader, std::string_view field, const std::string& id) {
    if (!id.empty() && !is_record_id(id)) reader.fault(field, "is no identifier");
}

WallTime read_time(JsonReader& reader, std::string_view field) {
    if (!reader.has(field)) reader.fault(field, "is missing");
    return reader.optional_time(field).value_or(WallTime{});
}

void read_ids(JsonReader& reader, SealedClaims& claims) {
    claims.challenge_id = reader.text("challengeId", kMaxIdOctets);
    if (claims.challenge_id.size() < kShortestSealedId) {
        reader.fault("challengeId", "must have 16 to 64 characters");
    }
    check_id(reader, "challengeId", claims.challenge_id);
    claims.policy_id = reader.text("policyId", kMaxIdOctets);
    check_id(reader, "policyId", claims.policy_id);
    claims.certificate_request_id = reader.text("certificateRequestId", kMaxRequestIdOctets);
    claims.device_id = reader.text("deviceId", kMaxIdOctets);
    check_id(reader, "deviceId", claims.device_id);
    claims.user_id = reader.optional_text("userId", kMaxIdOctets).value_or("");
    check_id(reader, "userId", claims.user_id);
    claims.audience = reader.text("audience", kMaxAudienceOctets);
}

void read_times(JsonReader& reader, SealedClaims& claims) {
    claims.issued_at = read_time(reader, "issuedAt");
    claims.not_before = reader.optional_time("notBefore").value_or(claims.issued_at);
    claims.expires_at = read_time(reader, "expiresAt");
    if (claims.not_before < claims.issued_at) reader.fault("notBefore", "is before issuedAt");
    if (claims.expires_at <= claims.not_before) reader.fault("expiresAt", "is not after notBefore");
    if (claims.expires_at - claims.issued_at > kLongestSealedLifetime) {
        reader.fault("expiresAt", "is more than 30 days after issuedAt");
    }
}

}  // namespace

tl::expected<SealedClaims, ClaimsFault> read_sealed_claims(std::string_view json) {
    const Result<Json> body = parse_json(json, kMaxSealedClaimsOctets);
    if (!body) return tl::unexpected(to_fault(body.error()));
    if (!body->is_object()) return tl::unexpected(ClaimsFault{kUnreadable, "not a JSON object"});
    JsonReader reader(*body);
    SealedClaims claims;
    reader.integer("version", kSealedVersion, kSealedVersion);
    read_ids(reader, claims);
    read_times(reader, claims);
    Result<ExpectedOverrides> expected = read_expected(reader);
    if (!expected) return tl::unexpected(to_fault(expected.error()));
    claims.expected = std::move(*expected);
    if (const Result<void> sound = reader.finish(); !sound) {
        return tl::unexpected(to_fault(sound.error()));
    }
    if (const Result<void> final = check_expected(claims.expected, ""); !final) {
        return tl::unexpected(to_fault(final.error()));
    }
    return claims;
}

}  // namespace ndes::crp
