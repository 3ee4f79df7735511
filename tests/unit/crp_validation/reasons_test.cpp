#include "crp-service/validation/reasons.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "crp-service/validation/reasons_man_page.h"
#include "crp-service/validation/rule.h"
#include "tests/catch.h"

using namespace ndes::crp;

TEST_CASE("the words of the catalogue are fixed: they stand in databases and scripts") {
    std::string words;
    for (const Reason& reason : all_reasons()) {
        words += std::to_string(reason.phase) + " " + std::string(reason.word) +
                 (reason.counts_as_refusal ? " counts" : "") + "\n";
    }
    CHECK(words ==
          "0 TemplateNotPermitted\n"
          "1 CertificateRequestDecodingFailed\n"
          "1 CertificateRequestSignatureInvalid\n"
          "1 ChallengeDecodingError\n"
          "1 ChallengeDecryptionError\n"
          "1 ChallengePasswordMissing\n"
          "1 KeyNotAcceptable\n"
          "1 KeyWeak\n"
          "1 RenewalSignerUnreadable\n"
          "1 SignatureValidationFailed\n"
          "1 SigningCertThumbprintMismatch\n"
          "2 BadCertificateRequestIdInChallenge\n"
          "2 BadDeviceIdInChallenge\n"
          "2 BadUserIdInChallenge\n"
          "2 ChallengeDeserializationError\n"
          "2 ChallengeExpired\n"
          "2 ChallengeInvalidTimestamp\n"
          "2 ChallengeNotYetValid\n"
          "2 ChallengeWrongAudience\n"
          "3 AadKeyIdentifierListMissing\n"
          "3 CertificateAuthorityRequested counts\n"
          "3 ChallengeIdTaken\n"
          "3 ChallengeLocked\n"
          "3 ChallengeReplayed\n"
          "3 ChallengeRevoked\n"
          "3 ChallengeUnknown\n"
          "3 CriticalExtensionUnknown counts\n"
          "3 DeviceNotEnrolled\n"
          "3 DeviceOwnerMismatch\n"
          "3 DeviceRetired\n"
          "3 DeviceUnknown\n"
          "3 EnhancedKeyUsageMismatch counts\n"
          "3 EnhancedKeyUsageMissing counts\n"
          "3 ExpectedContentsInvalid\n"
          "3 HashAlgorithmNotPermitted counts\n"
          "3 KeyLengthMismatch counts\n"
          "3 KeyReused counts\n"
          "3 KeyTypeMismatch counts\n"
          "3 KeyUsageMismatch counts\n"
          "3 PolicyUnknown\n"
          "3 PolicyVersionMismatch\n"
          "3 RegisteredKeyMismatch counts\n"
          "3 RenewalNotPermitted\n"
          "3 RenewalSignerExpired\n"
          "3 RenewalSignerNotYetValid\n"
          "3 RenewalSignerRevoked\n"
          "3 RenewalSignerUnknown\n"
          "3 RenewalSubjectMismatch\n"
          "3 ScepProfileNoLongerTargetedToTheClient\n"
          "3 SecurityIdentifierMismatch counts\n"
          "3 SubjectAltNameMismatch counts\n"
          "3 SubjectAltNameMissing counts\n"
          "3 SubjectNameMismatch counts\n"
          "3 SubjectNameMissing counts\n"
          "3 TemplateMismatch\n"
          "3 UserDisabled\n"
          "3 UserUnknown\n"
          "3 VariableUnknown\n"
          "3 VariableWithoutValue\n");
}

TEST_CASE("every reason tells cause and fix in a sentence, and no word stands twice") {
    std::set<std::string_view> seen;
    for (const Reason& reason : all_reasons()) {
        INFO(reason.word);
        CHECK(seen.insert(reason.word).second);
        CHECK(reason.cause.ends_with('.'));
        CHECK(reason.fix.ends_with('.'));
        CHECK((reason.intune.empty() || reason.intune == reason.word));
        CHECK(find_reason(reason.word) == &reason);
    }
    CHECK(find_reason("NoSuchReason") == nullptr);
    CHECK(find_reason(kSuccess) == nullptr);
}

TEST_CASE("the API's description lists the very words of the catalogue") {
    std::ifstream file(std::string(NDES_TEST_DATA) + "/../../schema/crp-v1.openapi.yaml");
    std::string line;
    while (std::getline(file, line) && line != "    VerifyReason:") {
    }
    std::set<std::string> described;
    while (std::getline(file, line) && line.starts_with("      ")) {
        const std::string mark = "        - ";
        if (line.starts_with(mark)) described.insert(line.substr(mark.size()));
    }
    std::set<std::string> catalogue{std::string(kSuccess)};
    for (const Reason& reason : all_reasons())
        catalogue.insert(std::string(reason.word));
    CHECK(described == catalogue);
}

TEST_CASE("the man page tells of every reason, in order") {
    const std::string page = reasons_man_page();
    std::size_t at = 0;
    for (const Reason& reason : all_reasons()) {
        INFO(reason.word);
        at = page.find("*" + std::string(reason.word) + "*", at);
        REQUIRE(at != std::string::npos);
    }
    CHECK(page.find("PUT /api/v1/templates/{name}") != std::string::npos);
    CHECK(page.find("challenge.key\\_files") != std::string::npos);
}

TEST_CASE("there is no reason that no rule, commit or challenge kind can give") {
    // Each word stands in the source of a rule, of what makes it, or in the store's answer.
    namespace fs = std::filesystem;
    std::string sources;
    const fs::path crp = fs::path(NDES_TEST_DATA) / "../../crp-service";
    for (const fs::path& folder : {crp / "validation", crp / "challenge"}) {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            if (entry.path().extension() != ".cpp" || entry.path().filename() == "reasons.cpp") {
                continue;
            }
            std::ifstream file(entry.path());
            sources.append(std::istreambuf_iterator<char>(file), {});
        }
    }
    for (const Reason& reason : all_reasons()) {
        // Sealed challenges give these two.
        INFO(reason.word);
        CHECK(sources.find("\"" + std::string(reason.word) + "\"") != std::string::npos);
    }
}

TEST_CASE("the order of the rules is part of the contract") {
    std::string list;
    for (const Rule& rule : all_rules()) {
        const char* const applies = rule.applies_to == AppliesTo::every_request     ? ""
                                    : rule.applies_to == AppliesTo::initial_request ? " initial"
                                                                                    : " renewal";
        list +=
            std::to_string(number_of(rule.phase)) + " " + std::string(rule.name) + applies + "\n";
        CHECK_FALSE(rule.citation.empty());
    }
    CHECK(list ==
          "1 csr_decodes\n"
          "1 key_acceptable\n"
          "1 csr_self_signature\n"
          "1 signer_decodes renewal\n"
          "1 challenge_present initial\n"
          "1 challenge_authentic initial\n"
          "2 challenge_contents initial\n"
          "2 challenge_for_this_crp initial\n"
          "2 challenge_not_expired initial\n"
          "3 challenge_known initial\n"
          "3 challenge_matches_record initial\n"
          "3 challenge_unused initial\n"
          "3 renewal_signer_known renewal\n"
          "3 renewal_signer_valid renewal\n"
          "0 template_permission\n"
          "3 device_known\n"
          "3 device_enrolled\n"
          "3 user_enabled\n"
          "3 device_owner\n"
          "3 policy_known\n"
          "3 policy_assigned\n"
          "3 template_matches\n"
          "3 renewal_in_window renewal\n"
          "3 renewal_same_identity renewal\n"
          "3 contents_expand\n"
          "3 key_type_and_size\n"
          "3 key_registered\n"
          "3 hash_allowed\n"
          "3 no_ca_request\n"
          "3 critical_extensions_known\n"
          "3 sid_matches\n"
          "3 subject_matches\n"
          "3 san_matches\n"
          "3 key_usage_matches\n"
          "3 extended_key_usage_matches\n"
          "3 key_not_reused\n");
}
