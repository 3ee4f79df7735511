#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult challenge_matches_record(const Context& context) {
    const OpenedChallenge& opened = context.opened.value();
    if (opened.kind != ChallengeKind::minted) return pass();  // it claims nothing
    const Challenge& record = context.challenge.value();
    if (opened.claims.certificate_request_id_digest !=
        ChallengeCodec::digest_of(record.certificate_request_id)) {
        return refuse("BadCertificateRequestIdInChallenge",
                      "the record says " + record.certificate_request_id);
    }
    if (opened.claims.device_id != record.device_id) {
        return refuse("BadDeviceIdInChallenge",
                      "challenge says " + opened.claims.device_id + ", record " + record.device_id);
    }
    if (opened.claims.user_id != record.user_id) {
        return refuse("BadUserIdInChallenge",
                      "challenge says " + opened.claims.user_id + ", record " + record.user_id);
    }
    return pass();
}

}  // namespace ndes::crp
