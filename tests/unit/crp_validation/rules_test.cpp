// Every rule: one request that it lets pass, and one for each way in which it refuses.
#include <algorithm>
#include <functional>

#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/rule.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/samples.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

const WallTime kNow = from_unix_ms(1'780'000'000'000);

// A request that every rule lets pass, with all facts in place.
struct Sample {
    VerifyInput input;
    ValidationOptions options;
    std::unique_ptr<Context> context;

    Context& facts() { return *context; }
    CertificateRequest& csr() { return *context->csr; }
    Challenge& challenge() { return *context->challenge; }
    ExpectedContents& expected() { return *context->expected; }
};

const CertificateRequest& good_request() {
    static const CertificateRequest csr = [] {
        test::RequestParts parts;
        parts.challenge = "opened elsewhere";
        const auto parsed = parse_csr(test::make_request(test::rsa_key(0), parts));
        if (!parsed) throw std::runtime_error(parsed.error().text);
        return *parsed;
    }();
    return csr;
}

void fill_common(Sample& sample) {
    sample.input.transaction_id = "t-1";
    sample.input.request_id = "r-1";
    sample.input.template_name = "GeneralPurpose";
    sample.context = std::make_unique<Context>(sample.input, sample.options, kNow);
    Context& facts = sample.facts();
    facts.csr = good_request();
    facts.csr_sha256 = facts.csr->sha256;
    facts.device_id = "phone-1";
    facts.user_id = "alice";
    facts.policy_id = "wifi";
    facts.template_record = test::sample_template();
    facts.device = test::sample_device();
    facts.user = test::sample_user();
    facts.policy = test::sample_policy();
    facts.expected = expected_contents(*facts.policy, *facts.device, &*facts.user, {});
}

std::unique_ptr<Sample> initial() {
    auto sample = std::make_unique<Sample>();
    fill_common(*sample);
    Context& facts = sample->facts();
    facts.challenge = test::sample_challenge(kNow);
    OpenedChallenge opened;
    opened.kind = ChallengeKind::minted;
    opened.claims.challenge_id = facts.challenge->id;
    opened.claims.certificate_request_id_digest =
        ChallengeCodec::digest_of(facts.challenge->certificate_request_id);
    opened.claims.device_id = "phone-1";
    opened.claims.user_id = "alice";
    opened.claims.not_before = facts.challenge->not_before;
    opened.claims.expires_at = facts.challenge->expires_at;
    facts.opened = opened;
    return sample;
}

std::unique_ptr<Sample> renewal() {
    auto sample = std::make_unique<Sample>();
    test::CertificateParts parts;
    parts.not_before = kNow - 24h * 90;
    parts.not_after = kNow + 24h * 10;
    const Certificate signer = test::issue(test::rsa_key(0), parts);
    sample->input.signing_certificate = signer.der();
    fill_common(*sample);
    Context& facts = sample->facts();
    facts.signer = signer;
    facts.signing_sha256 = signer.sha256();
    IssuedCertificate record;
    record.sha256 = signer.sha256();
    record.serial = signer.serial();
    record.not_before = signer.not_before();
    record.not_after = signer.not_after();
    record.device_id = "phone-1";
    facts.renewed = record;
    return sample;
}

RuleResult judge(std::string_view name, const Context& context) {
    const auto rules = all_rules();
    const auto rule = std::ranges::find(rules, name, &Rule::name);
    REQUIRE(rule != rules.end());
    return rule->check(context);
}

using Change = std::function<void(Sample&)>;
struct Case {
    const char* rule;
    const char* name;
    const char* reason;
    Change change;
};

void check_cases(const std::vector<Case>& cases, std::unique_ptr<Sample> (*make)()) {
    for (const Case& c : cases) {
        INFO(c.rule << ": " << c.name);
        const std::unique_ptr<Sample> sample = make();
        REQUIRE(judge(c.rule, sample->facts()).passed());
        c.change(*sample);
        const RuleResult result = judge(c.rule, sample->facts());
        CHECK(result.reason == c.reason);
        if (result.passed()) continue;
        CHECK_FALSE(result.detail.empty());
        const Reason* const reason = find_reason(result.reason);
        REQUIRE(reason != nullptr);
    }
}

constexpr const char* kPasses = "Success";

}  // namespace

TEST_CASE("all rules let a good initial request and a good renewal pass") {
    for (auto* const make : {initial, renewal}) {
        const std::unique_ptr<Sample> sample = make();
        Findings findings;
        CHECK(run_phase(Phase::request, sample->facts(), all_rules(), findings));
        CHECK(run_phase(Phase::challenge, sample->facts(), all_rules(), findings));
        CHECK(run_phase(Phase::records, sample->facts(), all_rules(), findings));
        INFO(findings.reason << ": " << findings.detail);
        CHECK_FALSE(findings.refused());
        CHECK(findings.outcomes.size() == (make == initial ? 28 : 26));
        CHECK(std::ranges::all_of(findings.outcomes, &RuleOutcome::passed));
    }
}

TEST_CASE("phase 1: the request by itself") {
    check_cases(
        {
            {"csr_decodes", "unreadable", "CertificateRequestDecodingFailed",
             [](Sample& s) {
                 s.facts().csr.reset();
                 s.facts().csr_fault = "not DER";
             }},
            {"key_acceptable", "RSA over 4096 bits", "KeyNotAcceptable",
             [](Sample& s) { s.csr().key.bits = 4097; }},
            {"key_acceptable", "RSA of 4096 bits", kPasses,
             [](Sample& s) { s.csr().key.bits = 4096; }},
            {"key_acceptable", "RSA exponent", "KeyNotAcceptable",
             [](Sample& s) { s.csr().key.standard_exponent = false; }},
            {"key_acceptable", "explicit curve", "KeyNotAcceptable",
             [](Sample& s) {
                 s.csr().key = {KeyType::ec, 256, true, false};
             }},
            {"key_acceptable", "named curve", kPasses,
             [](Sample& s) {
                 s.csr().key = {KeyType::ec, 256, true, true};
             }},
            {"key_acceptable", "other algorithm", "KeyNotAcceptable",
             [](Sample& s) { s.csr().key.type = KeyType::other; }},
            {"csr_self_signature", "signed by another key", "CertificateRequestSignatureInvalid",
             [](Sample& s) {
                 test::RequestParts parts;
                 parts.spki = test::spki_of(test::rsa_key(1));
                 s.facts().csr = *parse_csr(test::make_request(test::rsa_key(0), parts));
             }},
            {"challenge_present", "none", "ChallengePasswordMissing",
             [](Sample& s) { s.csr().challenge.reset(); }},
            {"challenge_present", "empty", "ChallengePasswordMissing",
             [](Sample& s) { s.csr().challenge = ""; }},
            {"challenge_authentic", "not base64url", "ChallengeDecodingError",
             [](Sample& s) {
                 s.facts().opened->reason = "ChallengeDecodingError";
                 s.facts().opened->detail = "cut off";
             }},
            {"challenge_authentic", "forged", "ChallengeDecryptionError",
             [](Sample& s) {
                 s.facts().opened->reason = "ChallengeDecryptionError";
                 s.facts().opened->detail = "forged";
             }},
            {"challenge_authentic", "a reason that the catalogue does not have",
             "ChallengeDecodingError",
             [](Sample& s) {
                 s.facts().opened->reason = "Whatever";
                 s.facts().opened->detail = "?";
             }},
            {"challenge_authentic", "authentic, though unreadable", kPasses,
             [](Sample& s) { s.facts().opened->reason = "ChallengeDeserializationError"; }},
        },
        initial);
    check_cases({{"signer_decodes", "unreadable", "RenewalSignerUnreadable",
                  [](Sample& s) {
                      s.facts().signer.reset();
                      s.facts().signer_fault = "not DER";
                  }}},
                renewal);
}

TEST_CASE("phase 2: the challenge by itself") {
    check_cases(
        {
            {"challenge_contents", "unreadable", "ChallengeDeserializationError",
             [](Sample& s) {
                 s.facts().opened->reason = "ChallengeDeserializationError";
                 s.facts().opened->detail = "not ours";
             }},
            {"challenge_contents", "ends when it begins", "ChallengeInvalidTimestamp",
             [](Sample& s) {
                 s.facts().opened->claims.expires_at = s.facts().opened->claims.not_before;
             }},
            {"challenge_not_expired", "last millisecond", kPasses,
             [](Sample& s) { s.facts().opened->claims.expires_at = kNow + 1ms; }},
            {"challenge_not_expired", "expiry has no tolerance", "ChallengeExpired",
             [](Sample& s) { s.facts().opened->claims.expires_at = kNow; }},
            {"challenge_not_expired", "the MDM's clock is ahead, within the tolerance", kPasses,
             [](Sample& s) { s.facts().opened->claims.not_before = kNow + 300s; }},
            {"challenge_not_expired", "the MDM's clock is further ahead", "ChallengeNotYetValid",
             [](Sample& s) { s.facts().opened->claims.not_before = kNow + 300s + 1ms; }},
            {"challenge_not_expired", "posted: times stand in the record", "ChallengeExpired",
             [](Sample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.challenge().expires_at = kNow;
             }},
            {"challenge_not_expired", "posted without record: not judged here", kPasses,
             [](Sample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.facts().challenge.reset();
             }},
        },
        initial);
}

TEST_CASE("phase 3: the challenge and its record") {
    check_cases(
        {
            {"challenge_known", "minted without record", "ChallengeUnknown",
             [](Sample& s) { s.facts().challenge.reset(); }},
            {"challenge_known", "posted without record", "ChallengeUnknown",
             [](Sample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.facts().challenge.reset();
             }},
            {"challenge_matches_record", "request ID", "BadCertificateRequestIdInChallenge",
             [](Sample& s) { s.challenge().certificate_request_id += "x"; }},
            {"challenge_matches_record", "device", "BadDeviceIdInChallenge",
             [](Sample& s) { s.challenge().device_id = "phone-2"; }},
            {"challenge_matches_record", "user", "BadUserIdInChallenge",
             [](Sample& s) { s.challenge().user_id = "bob"; }},
            {"challenge_matches_record", "posted: claims nothing", kPasses,
             [](Sample& s) {
                 s.facts().opened = OpenedChallenge{};
                 s.challenge().device_id = "phone-2";
             }},
        },
        initial);

    const auto with = [](ChallengeState state, bool same) {
        return [state, same](Sample& s) {
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
             [&with](Sample& s) {
                 with(State::reserved, true)(s);
                 s.challenge().transaction_id = "t-2";
             }},
        },
        initial);
}

TEST_CASE("phase 0: read and enroll on the template") {
    const auto permit = [](std::string principal, bool read, bool enroll) {
        return [=](Sample& s) {
            s.facts().template_record->permissions = {
                {.principal = principal, .read = read, .enroll = enroll}};
        };
    };
    check_cases(
        {
            {"template_permission", "no record", "TemplateNotPermitted",
             [](Sample& s) { s.facts().template_record.reset(); }},
            {"template_permission", "no record, but that is permitted", kPasses,
             [](Sample& s) {
                 s.facts().template_record.reset();
                 s.options.skip_template_check_if_access_denied = true;
             }},
            {"template_permission", "record forbids, and that still counts", "TemplateNotPermitted",
             [](Sample& s) {
                 s.facts().template_record->permissions.clear();
                 s.options.skip_template_check_if_access_denied = true;
             }},
            {"template_permission", "no check at all", kPasses,
             [](Sample& s) {
                 s.facts().template_record.reset();
                 s.options.skip_template_check = true;
             }},
            {"template_permission", "nobody", "TemplateNotPermitted",
             [](Sample& s) { s.facts().template_record->permissions.clear(); }},
            {"template_permission", "read alone", "TemplateNotPermitted", permit("*", true, false)},
            {"template_permission", "enroll alone", "TemplateNotPermitted",
             permit("*", false, true)},
            {"template_permission", "the user", kPasses, permit("user:alice", true, true)},
            {"template_permission", "another user", "TemplateNotPermitted",
             permit("user:bob", true, true)},
            {"template_permission", "a group of the user", kPasses,
             permit("group:field", true, true)},
            {"template_permission", "another group", "TemplateNotPermitted",
             permit("group:admins", true, true)},
            {"template_permission", "the device", kPasses, permit("device:phone-1", true, true)},
            {"template_permission", "another device", "TemplateNotPermitted",
             permit("device:phone-2", true, true)},
            {"template_permission", "a principal of no kind", "TemplateNotPermitted",
             permit("alice", true, true)},
            {"template_permission", "an unknown kind", "TemplateNotPermitted",
             permit("robot:alice", true, true)},
            {"template_permission", "an empty principal and no user", "TemplateNotPermitted",
             [&permit](Sample& s) {
                 permit("user:", true, true)(s);
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"template_permission", "two that add up", kPasses,
             [](Sample& s) {
                 s.facts().template_record->permissions = {
                     {.principal = "group:staff", .read = true, .enroll = false},
                     {.principal = "user:alice", .read = false, .enroll = true}};
             }},
        },
        initial);
}

TEST_CASE("phase 3: device, user and policy") {
    const auto device_is = [](EnrollmentState state) {
        return [state](Sample& s) { s.facts().device->enrollment_state = state; };
    };
    const auto assign = [](Assignments to) {
        return [to](Sample& s) { s.facts().policy->assignments = to; };
    };
    check_cases(
        {
            {"device_known", "not on record", "DeviceUnknown",
             [](Sample& s) { s.facts().device.reset(); }},
            {"device_enrolled", "pending", "DeviceNotEnrolled",
             device_is(EnrollmentState::pending)},
            {"device_enrolled", "retired", "DeviceRetired", device_is(EnrollmentState::retired)},
            {"device_enrolled", "wiped", "DeviceRetired", device_is(EnrollmentState::wiped)},
            {"user_enabled", "not on record", "UserUnknown",
             [](Sample& s) { s.facts().user.reset(); }},
            {"user_enabled", "disabled", "UserDisabled",
             [](Sample& s) { s.facts().user->enabled = false; }},
            {"user_enabled", "no user at all", kPasses,
             [](Sample& s) {
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"policy_known", "gone", "PolicyUnknown", [](Sample& s) { s.facts().policy.reset(); }},
            {"policy_known", "another version", "PolicyVersionMismatch",
             [](Sample& s) { s.facts().policy->certificate_request_id += ";Version=2"; }},
            {"policy_assigned", "to nobody", "ScepProfileNoLongerTargetedToTheClient", assign({})},
            {"policy_assigned", "to others", "ScepProfileNoLongerTargetedToTheClient",
             assign({{"bob"}, {"admins"}, {"phone-2"}, false})},
            {"policy_assigned", "to everybody", kPasses, assign({{}, {}, {}, true})},
            {"policy_assigned", "to a group of the user", kPasses,
             assign({{}, {"staff"}, {}, false})},
            {"policy_assigned", "to the device", kPasses, assign({{}, {}, {"phone-1"}, false})},
            {"policy_assigned", "to an empty user ID", "ScepProfileNoLongerTargetedToTheClient",
             [](Sample& s) {
                 s.facts().policy->assignments = {{""}, {}, {}, false};
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"template_matches", "another", "TemplateMismatch",
             [](Sample& s) { s.input.template_name = "Signature"; }},
            {"contents_expand", "a fault of expansion", "VariableUnknown",
             [](Sample& s) {
                 s.expected().reason = "VariableUnknown";
                 s.expected().detail = "{{Nothing}}";
             }},
            {"key_not_reused", "key of another device", "KeyReused",
             [](Sample& s) {
                 s.facts().key_of_other_device = IssuedCertificate{};
                 s.facts().key_of_other_device->device_id = "phone-2";
             }},
        },
        initial);
}

TEST_CASE("phase 3: key and hash") {
    const auto hash_is = [](std::string hash, std::vector<std::string> listed) {
        return [=](Sample& s) {
            s.csr().signature_hash = hash;
            s.facts().policy->hash_algorithms = listed;
        };
    };
    check_cases(
        {
            {"key_type_and_size", "one bit too short", "KeyLengthMismatch",
             [](Sample& s) { s.csr().key.bits = 2047; }},
            {"key_type_and_size", "longer", kPasses, [](Sample& s) { s.csr().key.bits = 3072; }},
            {"key_type_and_size", "EC for RSA", "KeyTypeMismatch",
             [](Sample& s) { s.csr().key.type = KeyType::ec; }},
            {"key_type_and_size", "RSA for EC", "KeyTypeMismatch",
             [](Sample& s) { s.facts().policy->key_type = PolicyKeyType::ec; }},
            {"key_type_and_size", "EC for EC", kPasses,
             [](Sample& s) {
                 s.csr().key = {KeyType::ec, 256, true, true};
                 s.facts().policy->key_type = PolicyKeyType::ec;
                 s.facts().policy->minimum_key_size = 256;
             }},
            {"hash_allowed", "not listed", "HashAlgorithmNotPermitted",
             hash_is("SHA-1", {"SHA-256", "SHA-512"})},
            {"hash_allowed", "listed", kPasses, hash_is("SHA-1", {"SHA-1"})},
            {"hash_allowed", "no list means SHA-2", kPasses, hash_is("SHA-384", {})},
            {"hash_allowed", "no list, SHA-1", "HashAlgorithmNotPermitted", hash_is("SHA-1", {})},
            {"hash_allowed", "unknown hash", "HashAlgorithmNotPermitted", hash_is("", {""})},
        },
        initial);
}

TEST_CASE("phase 3: the CSR says what the record says, no less and no more") {
    using Names = std::vector<SubjectAltName>;
    const auto subject_is = [](const char* text) {
        return [text](Sample& s) { s.csr().subject = *DistinguishedName::from_text(text); };
    };
    const auto san_is = [](std::optional<Names> names) {
        return [names](Sample& s) { s.csr().subject_alt_names = names; };
    };
    const auto usage_is = [](std::optional<std::vector<KeyUsage>> usage,
                             std::optional<std::vector<std::string>> extended) {
        return [=](Sample& s) {
            s.csr().key_usage = usage;
            s.csr().extended_key_usage = extended;
        };
    };
    const std::vector<KeyUsage> both{KeyUsage::digital_signature, KeyUsage::key_encipherment};
    const std::vector<KeyUsage> one{KeyUsage::digital_signature};
    const std::vector<std::string> client{test::kClientAuth};
    const std::vector<std::string> two{test::kClientAuth, test::kServerAuth};
    const Names right{{SubjectAltNameType::dns, "phone-1.example.org"}};

    check_cases(
        {
            {"subject_matches", "none", "SubjectNameMissing", subject_is("")},
            {"subject_matches", "another name", "SubjectNameMismatch",
             subject_is("CN=mallory@example.org,O=Example")},
            {"subject_matches", "a part too few", "SubjectNameMismatch",
             subject_is("CN=alice@example.org")},
            {"subject_matches", "a part too many", "SubjectNameMismatch",
             subject_is("CN=alice@example.org,OU=x,O=Example")},
            {"subject_matches", "a part twice", "SubjectNameMismatch",
             subject_is("CN=alice@example.org,CN=alice@example.org,O=Example")},
            {"subject_matches", "another case", "SubjectNameMismatch",
             subject_is("CN=Alice@example.org,O=Example")},
            {"subject_matches", "another order", kPasses,
             subject_is("O=Example,CN=alice@example.org")},
            {"san_matches", "no extension", "SubjectAltNameMissing", san_is(std::nullopt)},
            {"san_matches", "empty", "SubjectAltNameMissing", san_is(Names{})},
            {"san_matches", "another name", "SubjectAltNameMismatch",
             san_is(Names{{SubjectAltNameType::dns, "dc1.example.org"}})},
            {"san_matches", "another type", "SubjectAltNameMismatch",
             san_is(Names{{SubjectAltNameType::uri, "phone-1.example.org"}})},
            {"san_matches", "a name too many", "SubjectAltNameMismatch",
             san_is(Names{{SubjectAltNameType::dns, "phone-1.example.org"},
                          {SubjectAltNameType::upn, "administrator@example.org"}})},
            {"san_matches", "DNS names ignore case", kPasses,
             san_is(Names{{SubjectAltNameType::dns, "PHONE-1.example.org"}})},
            {"san_matches", "one too many for a record without", "SubjectAltNameMismatch",
             [&right](Sample& s) {
                 s.expected().contents.subject_alt_names.clear();
                 s.csr().subject_alt_names = right;
             }},
            {"san_matches", "none for a record without", kPasses,
             [](Sample& s) {
                 s.expected().contents.subject_alt_names.clear();
                 s.csr().subject_alt_names.reset();
             }},
            {"key_usage_matches", "no usage named at all", kPasses,
             usage_is(std::nullopt, std::nullopt)},
            {"key_usage_matches", "missing beside EKU", "KeyUsageMismatch",
             usage_is(std::nullopt, client)},
            {"key_usage_matches", "one too few", "KeyUsageMismatch", usage_is(one, client)},
            {"key_usage_matches", "one too many", "KeyUsageMismatch",
             usage_is(std::vector{KeyUsage::digital_signature, KeyUsage::key_encipherment,
                                  KeyUsage::data_encipherment},
                      client)},
            {"extended_key_usage_matches", "no usage named at all", kPasses,
             usage_is(std::nullopt, std::nullopt)},
            {"extended_key_usage_matches", "missing beside key usage", "EnhancedKeyUsageMissing",
             usage_is(both, std::nullopt)},
            {"extended_key_usage_matches", "another", "EnhancedKeyUsageMissing",
             usage_is(both, std::vector<std::string>{test::kServerAuth})},
            {"extended_key_usage_matches", "one too many", "EnhancedKeyUsageMismatch",
             usage_is(both, two)},
            {"extended_key_usage_matches", "another order", kPasses,
             [&both](Sample& s) {
                 s.csr().key_usage = both;
                 s.csr().extended_key_usage = {test::kServerAuth, test::kClientAuth};
                 s.expected().contents.extended_key_usage = {test::kClientAuth, test::kServerAuth};
             }},
            {"no_ca_request", "basicConstraints", "CertificateAuthorityRequested",
             [](Sample& s) { s.csr().asks_for_ca = true; }},
            {"no_ca_request", "keyCertSign", "CertificateAuthorityRequested",
             usage_is(std::vector{KeyUsage::digital_signature, KeyUsage::key_cert_sign}, client)},
            {"critical_extensions_known", "unknown", "CriticalExtensionUnknown",
             [](Sample& s) { s.csr().unknown_critical_extensions = {"1.2.3.4"}; }},
            {"sid_matches", "the user's own", kPasses,
             [](Sample& s) { s.csr().security_identifier = test::kSid; }},
            {"sid_matches", "somebody else's", "SecurityIdentifierMismatch",
             [](Sample& s) { s.csr().security_identifier = "S-1-5-21-1-2-3-500"; }},
            {"sid_matches", "the user has none", "SecurityIdentifierMismatch",
             [](Sample& s) {
                 s.csr().security_identifier = "";
                 s.facts().user->security_identifier.clear();
             }},
            {"sid_matches", "no user", "SecurityIdentifierMismatch",
             [](Sample& s) {
                 s.csr().security_identifier = test::kSid;
                 s.facts().user.reset();
             }},
        },
        initial);
}

TEST_CASE("phase 3: renewals") {
    check_cases(
        {
            {"renewal_signer_known", "not issued here", "RenewalSignerUnknown",
             [](Sample& s) { s.facts().renewed.reset(); }},
            {"renewal_signer_valid", "revoked", "RenewalSignerRevoked",
             [](Sample& s) { s.facts().renewed->revoked = true; }},
            {"renewal_signer_valid", "expired", "RenewalSignerExpired",
             [](Sample& s) { s.facts().renewed->not_after = kNow; }},
            {"renewal_signer_valid", "last millisecond", kPasses,
             [](Sample& s) { s.facts().renewed->not_after = kNow + 1ms; }},
            {"renewal_in_window", "10 of 100 days left, 10 % asked", kPasses,
             [](Sample& s) { s.facts().policy->renewal_threshold_percent = 10; }},
            {"renewal_in_window", "10 of 100 days left, 9 % asked", "RenewalNotPermitted",
             [](Sample& s) { s.facts().policy->renewal_threshold_percent = 9; }},
            {"renewal_in_window", "at any time, the CA's clock ahead", kPasses,
             [](Sample& s) { s.facts().renewed->not_before = kNow + 1h; }},
            {"renewal_same_identity", "another subject", "RenewalSubjectMismatch",
             [](Sample& s) { s.csr().subject = *DistinguishedName::from_text("CN=bob"); }},
            {"renewal_same_identity", "another SAN", "RenewalSubjectMismatch",
             [](Sample& s) {
                 s.csr().subject_alt_names = {{SubjectAltNameType::dns, "dc1.example.org"}};
             }},
            {"renewal_same_identity", "no SAN", "RenewalSubjectMismatch",
             [](Sample& s) { s.csr().subject_alt_names.reset(); }},
            {"policy_known", "another version: renewals follow the policy", kPasses,
             [](Sample& s) { s.facts().policy->certificate_request_id += ";Version=2"; }},
        },
        renewal);
}

TEST_CASE("the first refusal wins, ends the run and is recorded") {
    const std::unique_ptr<Sample> sample = initial();
    sample->facts().device->enrollment_state = EnrollmentState::retired;
    sample->facts().user->enabled = false;
    Findings findings;
    CHECK_FALSE(run_phase(Phase::records, sample->facts(), all_rules(), findings));
    CHECK(findings.reason == "DeviceRetired");
    CHECK(findings.phase == Phase::records);
    REQUIRE(findings.outcomes.size() == 6);
    CHECK(findings.outcomes.back().rule == "device_enrolled");
    CHECK_FALSE(findings.outcomes.back().passed);
    CHECK(findings.outcomes.back().reason == "DeviceRetired");

    // And nothing is judged after a refusal.
    CHECK_FALSE(run_phase(Phase::request, sample->facts(), all_rules(), findings));
    CHECK(findings.outcomes.size() == 6);
}

TEST_CASE("a refused template permission is reported as phase 0") {
    const std::unique_ptr<Sample> sample = initial();
    sample->facts().template_record.reset();
    Findings findings;
    CHECK_FALSE(run_phase(Phase::records, sample->facts(), all_rules(), findings));
    CHECK(findings.reason == "TemplateNotPermitted");
    CHECK(findings.phase == Phase::template_permission);
    CHECK(findings.outcomes.back().phase == 0);
}
