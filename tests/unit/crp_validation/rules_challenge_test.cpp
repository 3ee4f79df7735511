// Rules on the request by itself, its challenge and the challenge's record: a sample that passes
// and one for each way to refuse.
#include "crp-service/validation/pipeline.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/rule_sample.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;
using namespace std::chrono_literals;

TEST_CASE("phase 1: the request by itself") {
    check_cases(
        {
            {"csr_decodes", "unreadable", "CertificateRequestDecodingFailed",
             [](RuleSample& s) {
                 s.facts().csr.reset();
                 s.facts().csr_fault = "not DER";
             }},
            {"key_acceptable", "RSA over 4096 bits", "KeyNotAcceptable",
             [](RuleSample& s) { s.csr().key.bits = 4097; }},
            {"key_acceptable", "RSA of 4096 bits", kPasses,
             [](RuleSample& s) { s.csr().key.bits = 4096; }},
            {"key_acceptable", "RSA exponent", "KeyNotAcceptable",
             [](RuleSample& s) { s.csr().key.standard_exponent = false; }},
            {"key_acceptable", "explicit curve", "KeyNotAcceptable",
             [](RuleSample& s) {
                 s.csr().key = {KeyType::ec, 256, true, false};
             }},
            {"key_acceptable", "named curve", kPasses,
             [](RuleSample& s) {
                 s.csr().key = {KeyType::ec, 256, true, true};
             }},
            {"key_acceptable", "uncommon curve", "KeyNotAcceptable",
             [](RuleSample& s) { s.csr().key = {KeyType::ec, 256, true, true, false, ""}; }},
            {"key_acceptable", "weak modulus", "KeyWeak",
             [](RuleSample& s) { s.csr().key.weakness = "the modulus is even"; }},
            {"key_acceptable", "other algorithm", "KeyNotAcceptable",
             [](RuleSample& s) { s.csr().key.type = KeyType::other; }},
            {"csr_self_signature", "signed by another key", "CertificateRequestSignatureInvalid",
             [](RuleSample& s) {
                 RequestParts parts;
                 parts.spki = spki_of(rsa_key(1));
                 s.facts().csr = *parse_csr(make_request(rsa_key(0), parts));
             }},
            {"challenge_present", "none", "ChallengePasswordMissing",
             [](RuleSample& s) { s.csr().challenge.reset(); }},
            {"challenge_present", "empty", "ChallengePasswordMissing",
             [](RuleSample& s) { s.csr().challenge = ""; }},
            {"challenge_authentic", "not base64url", "ChallengeDecodingError",
             [](RuleSample& s) {
                 s.facts().opened->reason = "ChallengeDecodingError";
                 s.facts().opened->detail = "cut off";
             }},
            {"challenge_authentic", "forged", "ChallengeDecryptionError",
             [](RuleSample& s) {
                 s.facts().opened->reason = "ChallengeDecryptionError";
                 s.facts().opened->detail = "forged";
             }},
            {"challenge_authentic", "a reason that the catalogue does not have",
             "ChallengeDecodingError",
             [](RuleSample& s) {
                 s.facts().opened->reason = "Whatever";
                 s.facts().opened->detail = "?";
             }},
            {"challenge_authentic", "authentic, though unreadable", kPasses,
             [](RuleSample& s) { s.facts().opened->reason = "ChallengeDeserializationError"; }},
        },
        initial_sample);
    check_cases({{"signer_decodes", "unreadable", "RenewalSignerUnreadable",
                  [](RuleSample& s) {
                      s.facts().signer.reset();
                      s.facts().signer_fault = "not DER";
                  }}},
                renewal_sample);
}

TEST_CASE("phase 2: the challenge by itself") {
    check_cases(
        {
            {"challenge_contents", "unreadable", "ChallengeDeserializationError",
             [](RuleSample& s) {
                 s.facts().opened->reason = "ChallengeDeserializationError";
                 s.facts().opened->detail = "not ours";
             }},
            {"challenge_contents", "ends when it begins", "ChallengeInvalidTimestamp",
             [](RuleSample& s) {
                 s.facts().opened->claims.expires_at = s.facts().opened->claims.not_before;
             }},
            {"challenge_not_expired", "last millisecond", kPasses,
             [](RuleSample& s) { s.facts().opened->claims.expires_at = kSampleNow + 1ms; }},
            {"challenge_not_expired", "expiry has no tolerance", "ChallengeExpired",
             [](RuleSample& s) { s.facts().opened->claims.expires_at = kSampleNow; }},
            {"challenge_not_expired", "the MDM's clock is ahead, within the tolerance", kPasses,
             [](RuleSample& s) { s.facts().opened->claims.not_before = kSampleNow + 300s; }},
            {"challenge_not_expired", "the MDM's clock is further ahead", "ChallengeNotYetValid",
             [](RuleSample& s) { s.facts().opened->claims.not_before = kSampleNow + 300s + 1ms; }},
            {"challenge_not_expired", "posted: times stand in the record", "ChallengeExpired",
             [](RuleSample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.challenge().expires_at = kSampleNow;
             }},
            {"challenge_not_expired", "posted without record: not judged here", kPasses,
             [](RuleSample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.facts().challenge.reset();
             }},
        },
        initial_sample);
}

TEST_CASE("phase 3: the challenge and its record") {
    check_cases(
        {
            {"challenge_known", "minted without record", "ChallengeUnknown",
             [](RuleSample& s) { s.facts().challenge.reset(); }},
            {"challenge_known", "posted without record", "ChallengeUnknown",
             [](RuleSample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.facts().challenge.reset();
             }},
            {"challenge_matches_record", "request ID", "BadCertificateRequestIdInChallenge",
             [](RuleSample& s) { s.challenge().certificate_request_id += "x"; }},
            {"challenge_matches_record", "device", "BadDeviceIdInChallenge",
             [](RuleSample& s) { s.challenge().device_id = "phone-2"; }},
            {"challenge_matches_record", "user", "BadUserIdInChallenge",
             [](RuleSample& s) { s.challenge().user_id = "bob"; }},
            {"challenge_matches_record", "posted: claims nothing", kPasses,
             [](RuleSample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.challenge().device_id = "phone-2";
             }},
        },
        initial_sample);

    const auto with = [](ChallengeState state, bool same) {
        return [state, same](RuleSample& s) {
            s.challenge().state = state;
            s.challenge().transaction_id = "t-1";
            s.challenge().csr_sha256 = same ? s.facts().csr_sha256 : "another";
        };
    };
    using State = ChallengeState;
    check_cases(
        {
            {"challenge_unused", "reserved for this", kPasses, with(State::reserved, true)},
            {"challenge_unused", "failed for this", kPasses, with(State::failed, true)},
            {"challenge_unused", "unconfirmed for this", kPasses, with(State::unconfirmed, true)},
            {"challenge_unused", "completed by this", "ChallengeReplayed",
             with(State::completed, true)},
            {"challenge_unused", "reserved", "ChallengeReplayed", with(State::reserved, false)},
            {"challenge_unused", "failed", "ChallengeReplayed", with(State::failed, false)},
            {"challenge_unused", "unconfirmed", "ChallengeReplayed",
             with(State::unconfirmed, false)},
            {"challenge_unused", "completed", "ChallengeReplayed", with(State::completed, false)},
            {"challenge_unused", "expired", "ChallengeExpired", with(State::expired, false)},
            {"challenge_unused", "revoked", "ChallengeRevoked", with(State::revoked, false)},
            {"challenge_unused", "locked", "ChallengeLocked", with(State::locked, false)},
            {"challenge_unused", "same CSR, other transaction", "ChallengeReplayed",
             [&with](RuleSample& s) {
                 with(State::reserved, true)(s);
                 s.challenge().transaction_id = "t-2";
             }},
        },
        initial_sample);
}
