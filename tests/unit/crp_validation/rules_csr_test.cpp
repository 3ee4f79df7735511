// Rules that hold the CSR against the record: a sample that passes and one for each way to refuse.
#include "crp-service/validation/pipeline.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/rule_sample.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;
using namespace std::chrono_literals;

TEST_CASE("phase 3: key and hash") {
    const auto hash_is = [](std::string hash, std::vector<std::string> listed) {
        return [=](RuleSample& s) {
            s.csr().signature_hash = hash;
            s.facts().policy->hash_algorithms = listed;
        };
    };
    check_cases(
        {
            {"key_type_and_size", "one bit too short", "KeyLengthMismatch",
             [](RuleSample& s) { s.csr().key.bits = 2047; }},
            {"key_type_and_size", "longer", kPasses,
             [](RuleSample& s) { s.csr().key.bits = 3072; }},
            {"key_type_and_size", "EC for RSA", "KeyTypeMismatch",
             [](RuleSample& s) { s.csr().key.type = KeyType::ec; }},
            {"key_type_and_size", "RSA for EC", "KeyTypeMismatch",
             [](RuleSample& s) { s.facts().policy->key_type = PolicyKeyType::ec; }},
            {"key_type_and_size", "EC for EC", kPasses,
             [](RuleSample& s) {
                 s.csr().key = {KeyType::ec, 256, true, true};
                 s.facts().policy->key_type = PolicyKeyType::ec;
                 s.facts().policy->minimum_key_size = 256;
             }},
            {"key_registered", "none registered", "AadKeyIdentifierListMissing",
             [](RuleSample& s) { s.facts().policy->require_registered_key = true; }},
            {"key_registered", "another registered", "RegisteredKeyMismatch",
             [](RuleSample& s) {
                 s.facts().policy->require_registered_key = true;
                 s.facts().device->registered_keys = {std::string(64, '0')};
             }},
            {"key_registered", "one of two registered", kPasses,
             [](RuleSample& s) {
                 s.facts().policy->require_registered_key = true;
                 s.facts().device->registered_keys = {std::string(64, '0'), s.csr().spki_sha256};
             }},
            {"key_registered", "another registered, and of no account", kPasses,
             [](RuleSample& s) { s.facts().device->registered_keys = {std::string(64, '0')}; }},
            {"hash_allowed", "not listed", "HashAlgorithmNotPermitted",
             hash_is("SHA-1", {"SHA-256", "SHA-512"})},
            {"hash_allowed", "listed", kPasses, hash_is("SHA-1", {"SHA-1"})},
            {"hash_allowed", "no list means SHA-2", kPasses, hash_is("SHA-384", {})},
            {"hash_allowed", "no list, SHA-1", "HashAlgorithmNotPermitted", hash_is("SHA-1", {})},
            {"hash_allowed", "unknown hash", "HashAlgorithmNotPermitted", hash_is("", {""})},
        },
        initial_sample);
}

TEST_CASE("phase 3: the CSR says what the record says, no less and no more") {
    using Names = std::vector<SubjectAltName>;
    const auto subject_is = [](const char* text) {
        return [text](RuleSample& s) { s.csr().subject = *DistinguishedName::from_text(text); };
    };
    const auto san_is = [](std::optional<Names> names) {
        return [names](RuleSample& s) { s.csr().subject_alt_names = names; };
    };
    const auto usage_is = [](std::optional<std::vector<KeyUsage>> usage,
                             std::optional<std::vector<std::string>> extended) {
        return [=](RuleSample& s) {
            s.csr().key_usage = usage;
            s.csr().extended_key_usage = extended;
        };
    };
    const std::vector<KeyUsage> both{KeyUsage::digital_signature, KeyUsage::key_encipherment};
    const std::vector<KeyUsage> one{KeyUsage::digital_signature};
    const std::vector<std::string> client{kClientAuth};
    const std::vector<std::string> two{kClientAuth, kServerAuth};
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
            {"san_matches", "a name twice", "SubjectAltNameMismatch",
             san_is(Names{{SubjectAltNameType::dns, "phone-1.example.org"},
                          {SubjectAltNameType::dns, "PHONE-1.example.org"}})},
            {"san_matches", "DNS names ignore case", kPasses,
             san_is(Names{{SubjectAltNameType::dns, "PHONE-1.example.org"}})},
            {"san_matches", "one too many for a record without", "SubjectAltNameMismatch",
             [&right](RuleSample& s) {
                 s.expected().contents.subject_alt_names.clear();
                 s.csr().subject_alt_names = right;
             }},
            {"san_matches", "none for a record without", kPasses,
             [](RuleSample& s) {
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
             usage_is(both, std::vector<std::string>{kServerAuth})},
            {"extended_key_usage_matches", "one too many", "EnhancedKeyUsageMismatch",
             usage_is(both, two)},
            {"extended_key_usage_matches", "another order", kPasses,
             [&both](RuleSample& s) {
                 s.csr().key_usage = both;
                 s.csr().extended_key_usage = {kServerAuth, kClientAuth};
                 s.expected().contents.extended_key_usage = {kClientAuth, kServerAuth};
             }},
            {"no_ca_request", "basicConstraints", "CertificateAuthorityRequested",
             [](RuleSample& s) { s.csr().asks_for_ca = true; }},
            {"no_ca_request", "keyCertSign", "CertificateAuthorityRequested",
             usage_is(std::vector{KeyUsage::digital_signature, KeyUsage::key_cert_sign}, client)},
            {"critical_extensions_known", "unknown", "CriticalExtensionUnknown",
             [](RuleSample& s) { s.csr().unknown_critical_extensions = {"1.2.3.4"}; }},
            {"sid_matches", "the user's own", kPasses,
             [](RuleSample& s) { s.csr().security_identifier = kSid; }},
            {"sid_matches", "somebody else's", "SecurityIdentifierMismatch",
             [](RuleSample& s) { s.csr().security_identifier = "S-1-5-21-1-2-3-500"; }},
            {"sid_matches", "somebody else's as URI", "SecurityIdentifierMismatch",
             san_is(Names{{SubjectAltNameType::uri,
                           "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500"}})},
            {"sid_matches", "the prefix in another case", "SecurityIdentifierMismatch",
             san_is(Names{{SubjectAltNameType::uri,
                           "TAG:Microsoft.com,2022-09-14:SID:S-1-5-21-1-2-3-500"}})},
            {"sid_matches", "the user's own as URI", kPasses,
             san_is(Names{{SubjectAltNameType::uri,
                           std::string("tag:microsoft.com,2022-09-14:sid:") + kSid}})},
            {"sid_matches", "an empty one as URI", "SecurityIdentifierMismatch",
             san_is(Names{{SubjectAltNameType::uri, "tag:microsoft.com,2022-09-14:sid:"}})},
            {"sid_matches", "another tag", kPasses,
             san_is(Names{{SubjectAltNameType::uri, "tag:example.org,2022:sid:S-1-5-21-500"}})},
            {"sid_matches", "one that the record promises", kPasses,
             [](RuleSample& s) {
                 const SubjectAltName name{SubjectAltNameType::uri,
                                           "tag:microsoft.com,2022-09-14:sid:S-1-5-21-9-9-9-515"};
                 s.expected().contents.subject_alt_names = {name};
                 s.csr().subject_alt_names = {name};
             }},
            {"sid_matches", "the user has none", "SecurityIdentifierMismatch",
             [](RuleSample& s) {
                 s.csr().security_identifier = "";
                 s.facts().user->security_identifier.clear();
             }},
            {"sid_matches", "no user", "SecurityIdentifierMismatch",
             [](RuleSample& s) {
                 s.csr().security_identifier = kSid;
                 s.facts().user.reset();
             }},
        },
        initial_sample);
}
