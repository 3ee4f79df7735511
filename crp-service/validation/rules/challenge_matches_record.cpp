#include "crp-service/validation/rule.h"

namespace ndes::crp {
namespace {

RuleResult compare_ids(const ChallengeClaims& claims, const Challenge& record) {
    if (claims.certificate_request_id_digest !=
        ChallengeCodec::digest_of(record.certificate_request_id)) {
        return refuse("BadCertificateRequestIdInChallenge",
                      "the record says " + record.certificate_request_id);
    }
    if (claims.device_id != record.device_id) {
        return refuse("BadDeviceIdInChallenge",
                      "challenge says " + claims.device_id + ", record " + record.device_id);
    }
    if (claims.user_id != record.user_id) {
        return refuse("BadUserIdInChallenge",
                      "challenge says " + claims.user_id + ", record " + record.user_id);
    }
    return pass();
}

// Each sealed challenge needs an ID of its own: what was recorded at its first use stands.
RuleResult compare_sealed(const OpenedChallenge& opened, const Challenge& record) {
    const SealedClaims& claims = opened.sealed.value();
    if (record.kind != ChallengeKind::sealed || record.owner != opened.owner) {
        return refuse("ChallengeIdTaken", "challenge " + record.id + " is another one");
    }
    // Withdrawn before it was met: the record holds nothing but the ID (see challenge_unused).
    if (record.state == ChallengeState::revoked) return pass();
    if (RuleResult ids = compare_ids(opened.claims, record); !ids.passed()) return ids;
    const bool same = claims.policy_id == record.policy_id &&
                      claims.not_before == record.not_before &&
                      claims.expires_at == record.expires_at && claims.expected == record.expected;
    if (same) return pass();
    return refuse(
        "ChallengeIdTaken",
        "challenge " + record.id + " was met before with another policy, times or expected values");
}

}  // namespace

RuleResult challenge_matches_record(const Context& context) {
    const OpenedChallenge& opened = context.opened.value();
    const Challenge& record = context.challenge.value();
    switch (opened.kind) {
        case ChallengeKind::posted: return pass();  // it claims nothing
        case ChallengeKind::sealed: return compare_sealed(opened, record);
        case ChallengeKind::minted: break;
    }
    if (record.kind != ChallengeKind::minted) {
        return refuse("ChallengeUnknown", "challenge " + record.id + " was not minted here");
    }
    return compare_ids(opened.claims, record);
}

}  // namespace ndes::crp
