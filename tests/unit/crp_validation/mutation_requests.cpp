// Mutations of the challenge's record and of what the device sends.
#include "tests/unit/crp_validation/mutation.h"

namespace ndes::test {

using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

constexpr const char* kYes = "Success";
constexpr const char* kUndecodable = "CertificateRequestDecodingFailed";
constexpr const char* kRenewalName = "RenewalSubjectMismatch";

using S = Scene;

// A renewal has no challenge of its own: nothing of these matters to it, save the overrides, which
// are those of the challenge that began its line and were in force when that was made.
std::vector<Mutation> challenge_mutations() {
    const auto in_state = [](ChallengeState state) {
        return [state](S& s) {
            s.challenge.state = state;
            s.challenge.transaction_id = "another";
            s.challenge.csr_sha256 = "another";
        };
    };
    return {
        {"challenge.id", "changed", "ChallengeUnknown", kYes,
         [](S& s) { s.challenge.id.back() = '0'; }, kYes},
        {"challenge.kind", "changed", "ChallengeUnknown", kYes,
         [](S& s) { s.challenge.kind = ChallengeKind::posted; }, kYes},
        {"challenge.lookup", "changed", kYes, kYes, [](S& s) { s.challenge.lookup = "00"; },
         "ChallengeUnknown"},
        {"challenge.device_id", "changed", "BadDeviceIdInChallenge", kYes,
         [](S& s) { s.challenge.device_id = "phone-2"; }, "DeviceUnknown"},
        {"challenge.user_id", "changed", "BadUserIdInChallenge", kYes,
         [](S& s) { s.challenge.user_id = "bob"; }, "TemplateNotPermitted"},
        {"challenge.user_id", "absent", "BadUserIdInChallenge", kYes,
         [](S& s) { s.challenge.user_id.clear(); }, "TemplateNotPermitted"},
        {"challenge.policy_id", "changed", "PolicyUnknown", kYes,
         [](S& s) { s.challenge.policy_id = "vpn"; }},
        {"challenge.certificate_request_id", "changed", "BadCertificateRequestIdInChallenge", kYes,
         [](S& s) { s.challenge.certificate_request_id += "0"; }, "PolicyVersionMismatch"},
        {"challenge.expected", "extra: none beside the policy's", kYes, kYes,
         [](S& s) { s.challenge.expected = {}; }},
        {"expected.subject", "changed", "SubjectNameMismatch", kYes,
         [](S& s) { s.challenge.expected.subject = "CN=bob"; }},
        {"expected.subject_alt_names", "absent", "SubjectAltNameMismatch", kYes,
         [](S& s) { s.challenge.expected.subject_alt_names.emplace(); }},
        {"expected.key_usage", "changed", "KeyUsageMismatch", kYes,
         [](S& s) { s.challenge.expected.key_usage = {{KeyUsage::digital_signature}}; }},
        {"expected.extended_key_usage", "changed", "EnhancedKeyUsageMissing", kYes,
         [](S& s) { s.challenge.expected.extended_key_usage = {{kServerAuth}}; }},
        {"expected.validity_days", "changed", "ExpectedContentsInvalid", kYes,
         [](S& s) { s.challenge.expected.validity_days = -1; }},
        {"challenge.not_before", "changed", kYes, kYes,
         [](S& s) { s.challenge.not_before += 10min; }, "ChallengeNotYetValid"},
        {"challenge.expires_at", "changed: caught by the commit", "ChallengeExpired", kYes,
         [](S& s) { s.challenge.expires_at = s.challenge.not_before - 1ms; },
         "ChallengeInvalidTimestamp"},
        {"challenge.created_at", "changed", kYes, kYes, [](S& s) { s.challenge.created_at += 1h; }},
        {"challenge.owner", "changed", kYes, kYes, [](S& s) { s.challenge.owner = "mdm-2"; }},
        {"challenge.key_id", "changed", kYes, kYes, [](S& s) { s.challenge.key_id = "k0"; }},
        {"challenge.state", "reserved", "ChallengeReplayed", kYes,
         in_state(ChallengeState::reserved)},
        {"challenge.state", "completed", "ChallengeReplayed", kYes,
         in_state(ChallengeState::completed)},
        {"challenge.state", "expired", "ChallengeExpired", kYes, in_state(ChallengeState::expired)},
        {"challenge.state", "revoked", "ChallengeRevoked", kYes, in_state(ChallengeState::revoked)},
        {"challenge.state", "locked", "ChallengeLocked", kYes, in_state(ChallengeState::locked)},
        {"challenge.state", "unconfirmed", "ChallengeReplayed", kYes,
         in_state(ChallengeState::unconfirmed)},
        {"challenge.state", "failed", "ChallengeReplayed", kYes, in_state(ChallengeState::failed)},
        {"challenge.refusals", "changed: locked by its state alone", kYes, kYes,
         [](S& s) { s.challenge.refusals = 4; }},
        {"challenge.transaction_id", "extra: of no account while issued", kYes, kYes,
         [](S& s) { s.challenge.transaction_id = "another"; }},
        {"challenge.csr_sha256", "extra: of no account while issued", kYes, kYes,
         [](S& s) { s.challenge.csr_sha256 = "another"; }},
    };
}

std::vector<Mutation> name_mutations() {
    return {
        {"request.subject", "absent", "SubjectNameMissing", kRenewalName,
         [](S& s) { s.request.subject.clear(); }},
        {"request.subject", "one absent", "SubjectNameMismatch", kRenewalName,
         [](S& s) { s.request.subject.pop_back(); }},
        {"request.subject", "changed", "SubjectNameMismatch", kRenewalName,
         [](S& s) { s.request.subject[2].second = "administrator@example.org"; }},
        {"request.subject", "extra", "SubjectNameMismatch", kRenewalName,
         [](S& s) { s.request.subject.emplace_back("2.5.4.3", "administrator"); }},
        {"request.subject", "duplicated", "SubjectNameMismatch", kRenewalName,
         [](S& s) { s.request.subject.push_back(s.request.subject[2]); }},
        {"request.subject", "another order", kYes, kYes,
         [](S& s) { std::swap(s.request.subject[0], s.request.subject[2]); }},
        {"request.dns_names", "absent", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.dns_names.clear(); }},
        {"request.dns_names", "all absent", "SubjectAltNameMissing", kRenewalName,
         [](S& s) {
             s.request.dns_names.clear();
             s.request.uris.clear();
         }},
        {"request.dns_names", "changed", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.dns_names = {"dc1.example.org"}; }},
        {"request.dns_names", "extra", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.dns_names.push_back("dc1.example.org"); }},
        {"request.dns_names", "duplicated", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.request.dns_names.push_back(s.request.dns_names[0]); }},
        {"request.upns", "extra", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.upns = {"administrator@example.org"}; }},
        {"request.uris", "absent", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.uris.clear(); }},
        {"request.uris", "changed", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) { s.request.uris = {"urn:imei:1"}; }},
        {"request.uris", "extra: another's SID", "SecurityIdentifierMismatch", kRenewalName,
         [](S& s) {
             s.request.uris.push_back("TAG:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500");
         }},
        {"request.uris", "extra: the user's own SID", "SubjectAltNameMismatch", kRenewalName,
         [](S& s) {
             s.request.uris.push_back(std::string("tag:microsoft.com,2022-09-14:sid:") + kSid);
         }},
        {"request.sid", "absent: it is never taken from there", kYes, kYes,
         [](S& s) { s.request.sid.clear(); }},
        {"request.sid", "changed", "SecurityIdentifierMismatch", nullptr,
         [](S& s) { s.request.sid = "S-1-5-21-1-2-3-500"; }},
    };
}

std::vector<Mutation> csr_mutations() {
    return {
        {"request.challenge", "absent", "ChallengePasswordMissing", kYes,
         [](S& s) { s.request.challenge.reset(); }},
        {"request.challenge", "empty", "ChallengePasswordMissing", kYes,
         [](S& s) { s.request.challenge = ""; }},
        {"request.challenge", "changed", "ChallengeUnknown", kYes,
         [](S& s) { s.request.challenge = "another password"; }},
        {"request.challenge", "forged", "ChallengeDecodingError", kYes,
         [](S& s) { s.request.challenge = "crp1.k1.forged"; }},
        {"request.key_usage", "absent", "KeyUsageMismatch", nullptr,
         [](S& s) { s.request.key_usage.reset(); }},
        {"request.key_usage", "changed", "KeyUsageMismatch", nullptr,
         [](S& s) {
             s.request.key_usage = Bytes{0x05, 0x20};
         }},
        {"request.key_usage", "extra", "KeyUsageMismatch", nullptr,
         [](S& s) {
             s.request.key_usage = Bytes{0x04, 0xB0};
         }},
        {"request.key_usage", "keyCertSign", "CertificateAuthorityRequested", nullptr,
         [](S& s) {
             s.request.key_usage = Bytes{0x02, 0xA4};
         }},
        {"request.extended_key_usage", "absent", "EnhancedKeyUsageMissing", nullptr,
         [](S& s) { s.request.extended_key_usage.clear(); }},
        {"request.extended_key_usage", "changed", "EnhancedKeyUsageMissing", nullptr,
         [](S& s) { s.request.extended_key_usage = {kServerAuth}; }},
        {"request.extended_key_usage", "extra", "EnhancedKeyUsageMismatch", nullptr,
         [](S& s) { s.request.extended_key_usage.push_back(kServerAuth); }},
        {"request.extended_key_usage", "duplicated", kUndecodable, nullptr,
         [](S& s) { s.request.extended_key_usage.push_back(kClientAuth); }},
        {"request.ca", "extra", "CertificateAuthorityRequested", nullptr,
         [](S& s) { s.request.ca = true; }},
        {"request.critical_extension", "extra", "CriticalExtensionUnknown", nullptr,
         [](S& s) { s.request.critical_extension = "1.2.3.4"; }},
        {"request.critical_extension", "duplicated: a known one", kUndecodable, nullptr,
         [](S& s) { s.request.critical_extension = "2.5.29.15"; }},
        {"request.digest", "SHA-1", "HashAlgorithmNotPermitted", nullptr,
         [](S& s) { s.request.digest = "SHA1"; }},
        {"request.digest", "MD5", "CertificateRequestSignatureInvalid", nullptr,
         [](S& s) { s.request.digest = "MD5"; }},
        {"request.spki", "changed: somebody else's key", "CertificateRequestSignatureInvalid",
         nullptr, [](S& s) { s.request.spki = spki_of(rsa_key(1)); }},
        {"request.spki", "changed: another key of the device", "RegisteredKeyMismatch", nullptr,
         [](S& s) { s.key = 1; }},
    };
}

std::vector<Mutation> call_mutations() {
    return {
        {"input.transaction_id", "changed", kYes, nullptr,
         [](S& s) { s.input.transaction_id = "t-2"; }},
        {"input.request_id", "changed", kYes, nullptr, [](S& s) { s.input.request_id = "r-2"; }},
        {"input.certificate_request", "changed", kUndecodable, nullptr,
         [](S& s) {
             s.input.certificate_request = Bytes{0x30, 0x00};
         }},
        {"input.certificate_request", "duplicated", kUndecodable, nullptr,
         [](S& s) {
             const Bytes one = make_request(rsa_key(0), s.request);
             s.input.certificate_request = join({one, one});
         }},
        {"input.signing_certificate", "extra, or changed: not one", "RenewalSignerUnreadable",
         nullptr,
         [](S& s) {
             s.input.signing_certificate = Bytes{0x30, 0x00};
         }},
        {"input.signing_certificate", "extra, or changed: not of ours", "RenewalSignerUnknown",
         nullptr,
         [](S& s) {
             CertificateParts parts;
             parts.not_before = FakeClock().now();
             parts.not_after = parts.not_before + 24h * 100;
             s.input.signing_certificate = issue(rsa_key(0), parts).der();
         }},
        {"input.template_name", "changed", "TemplateNotPermitted", nullptr,
         [](S& s) { s.input.template_name = "Signature"; }},
        {"input.ca_name", "changed: for the records", kYes, nullptr,
         [](S& s) { s.input.ca_name = "Other CA"; }},
        {"input.device_address", "changed: for the records", kYes, nullptr,
         [](S& s) { s.input.device_address = "203.0.113.1"; }},
    };
}

}  // namespace

std::vector<Mutation> request_mutations() {
    std::vector<Mutation> all;
    for (auto* const make : {challenge_mutations, name_mutations, csr_mutations, call_mutations}) {
        const std::vector<Mutation> some = make();
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace ndes::test
