// THE list of rules, in the order in which they are judged; the first refusal wins.
// Cheap before costly, and what proves who asks before what is asked for, so that a stranger
// learns nothing about records. A rule whose file is not named here fails scripts/check_layers.sh.
#include <array>

#include "crp-service/validation/rule.h"

namespace ndes::crp {
namespace {

constexpr AppliesTo kEvery = AppliesTo::every_request;
constexpr AppliesTo kInitial = AppliesTo::initial_request;
constexpr AppliesTo kRenewal = AppliesTo::renewal;
constexpr Judges kRecords = Judges::records;
constexpr Judges kRequest = Judges::request;
constexpr Phase k0 = Phase::template_permission;
constexpr Phase k1 = Phase::request;
constexpr Phase k2 = Phase::challenge;
constexpr Phase k3 = Phase::records;

}  // namespace

// RULE(name and file, phase, which requests, what it judges by, where the demand comes from)
// clang-format off
#define NDES_CRP_RULES(RULE) \
    RULE(csr_decodes,                k1, kEvery,   kRequest, "RFC 2986 section 4; RFC 8894 section 3.3.1") \
    RULE(key_acceptable,             k1, kEvery,   kRequest, "RFC 8017 section 3.1; RFC 5480 section 2.1.1") \
    RULE(csr_self_signature,         k1, kEvery,   kRequest, "RFC 2986 section 4.2; RFC 8894 section 7.6") \
    RULE(signer_decodes,             k1, kRenewal, kRequest, "RFC 8894 section 2.3") \
    RULE(challenge_present,          k1, kInitial, kRequest, "RFC 8894 section 2.4; NDES event 28") \
    RULE(challenge_authentic,        k1, kInitial, kRequest, "CERT VU#971035") \
    RULE(challenge_contents,         k2, kInitial, kRequest, "CERT VU#971035") \
    RULE(challenge_for_this_crp,     k2, kInitial, kRequest, "the original's phase 2: right CRP") \
    RULE(challenge_not_expired,      k2, kInitial, kRequest, "RFC 8894 section 7.3") \
    RULE(challenge_known,            k3, kInitial, kRequest, "NDES event 29") \
    RULE(challenge_matches_record,   k3, kInitial, kRequest, "CERT VU#971035") \
    RULE(challenge_unused,           k3, kInitial, kRequest, "RFC 8894 section 7.3; CVE-2010-3869") \
    RULE(renewal_signer_known,       k3, kRenewal, kRequest, "RFC 8894 section 2.3") \
    RULE(renewal_signer_valid,       k3, kRenewal, kRequest, "CVE-2020-25276; CVE-2021-20179") \
    RULE(template_permission,        k0, kEvery,   kRecords, "SkipTemplateCheck of the original") \
    RULE(device_known,               k3, kEvery,   kRecords, "CERT VU#971035") \
    RULE(device_enrolled,            k3, kEvery,   kRecords, "CERT VU#971035") \
    RULE(user_enabled,               k3, kEvery,   kRecords, "CERT VU#971035") \
    RULE(device_owner,               k3, kEvery,   kRecords, "CERT VU#971035") \
    RULE(policy_known,               k3, kEvery,   kRecords, "Intune: profile still targeted") \
    RULE(policy_assigned,            k3, kEvery,   kRecords, "Intune: profile still targeted") \
    RULE(template_matches,           k3, kEvery,   kRequest, "NDES key usage to template") \
    RULE(renewal_in_window,          k3, kRenewal, kRequest, "renewalThresholdPercent of the policy") \
    RULE(renewal_same_identity,      k3, kRenewal, kRequest, "NDES event 28, renewal") \
    RULE(contents_expand,            k3, kEvery,   kRecords, "Intune profile variables") \
    RULE(key_type_and_size,          k3, kEvery,   kRequest, "Intune KeyLengthMismatch") \
    RULE(key_registered,             k3, kEvery,   kRequest, "Intune RegisteredKeyMismatch") \
    RULE(hash_allowed,               k3, kEvery,   kRequest, "RFC 8894 section 2.9") \
    RULE(no_ca_request,              k3, kEvery,   kRequest, "RFC 5280 section 4.2.1.9") \
    RULE(critical_extensions_known,  k3, kEvery,   kRequest, "RFC 5280 section 4.2") \
    RULE(sid_matches,                k3, kEvery,   kRequest, "KB5014754") \
    RULE(subject_matches,            k3, kEvery,   kRequest, "RFC 5280 section 7.1; Intune SubjectName*") \
    RULE(san_matches,                k3, kEvery,   kRequest, "CVE-2022-34831; Intune SubjectAltName*") \
    RULE(key_usage_matches,          k3, kEvery,   kRequest, "Intune KeyUsageMismatch") \
    RULE(extended_key_usage_matches, k3, kEvery,   kRequest, "Intune EnhancedKeyUsage*") \
    RULE(key_not_reused,             k3, kEvery,   kRequest, "one key, one device")
// clang-format on

// Each name is the check function of the file of that name in rules/.
#define NDES_CRP_DECLARE(name, phase, applies_to, judges, citation) \
    RuleResult name(const Context& context);
NDES_CRP_RULES(NDES_CRP_DECLARE)

#define NDES_CRP_ROW(name, phase, applies_to, judges, citation) \
    Rule{#name, phase, applies_to, judges, citation, name},

std::span<const Rule> all_rules() {
    static constexpr std::array kRules = std::to_array<Rule>({NDES_CRP_RULES(NDES_CRP_ROW)});
    return kRules;
}

}  // namespace ndes::crp
