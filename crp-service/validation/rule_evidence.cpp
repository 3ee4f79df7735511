#include "crp-service/validation/rule_evidence.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/crypto/distinguished_name.h"
#include "common/logging/cmtrace.h"
#include "crp-service/validation/challenge_validity.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxShown = 256;
constexpr const char* kNothing = "(none)";

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ", ") + loggable(item, kMaxShown);
    return text.empty() ? kNothing : text;
}

std::string names_text(const std::vector<SubjectAltName>& names) {
    std::vector<std::string> items;
    for (const SubjectAltName& name : names)
        items.push_back(std::string(to_string(name.type)) + ":" + name.value);
    std::ranges::sort(items);
    return joined(items);
}

std::string usage_text(const std::vector<KeyUsage>& usages) {
    std::vector<std::string> items;
    for (const KeyUsage usage : usages)
        items.emplace_back(to_string(usage));
    return joined(items);
}

std::string or_nothing(const std::string& text) {
    return text.empty() ? kNothing : loggable(text, kMaxShown);
}

const char* type_name(KeyType type) {
    switch (type) {
        case KeyType::rsa: return "RSA";
        case KeyType::ec: return "EC";
        case KeyType::other: break;
    }
    return "another algorithm";
}

RuleEvidence of_key(const Context& context) {
    const Policy& policy = context.policy.value();
    const KeyFacts& key = context.csr.value().key;
    return {std::string(policy.key_type == PolicyKeyType::rsa ? "RSA" : "EC") + ", at least " +
                std::to_string(policy.minimum_key_size) + " bits",
            std::string(type_name(key.type)) + ", " + std::to_string(key.bits) + " bits"};
}

RuleEvidence of_subject(const Context& context) {
    return {or_nothing(context.expected.value().contents.subject),
            or_nothing(context.csr.value().subject.to_text())};
}

RuleEvidence of_names(const Context& context) {
    const auto& asked = context.csr.value().subject_alt_names;
    return {names_text(context.expected.value().contents.subject_alt_names),
            asked ? names_text(*asked) : kNothing};
}

RuleEvidence of_sid(const Context& context) {
    const auto& asked = context.csr.value().security_identifier;
    return {context.user ? or_nothing(context.user->security_identifier) : kNothing,
            asked ? or_nothing(*asked) : kNothing};
}

RuleEvidence of_key_usage(const Context& context) {
    const auto& asked = context.csr.value().key_usage;
    return {usage_text(context.expected.value().contents.key_usage),
            asked ? usage_text(*asked) : "(left to the record)"};
}

RuleEvidence of_extended_key_usage(const Context& context) {
    const auto& asked = context.csr.value().extended_key_usage;
    return {joined(context.expected.value().contents.extended_key_usage),
            asked ? joined(*asked) : "(left to the record)"};
}

RuleEvidence of_hash(const Context& context) {
    return {joined(context.policy.value().hash_algorithms),
            or_nothing(context.csr.value().signature_hash)};
}

RuleEvidence of_expiry(const Context& context) {
    const auto validity = challenge_validity(context);
    if (!validity) return {};
    return {to_rfc3339(validity->not_before) + " to " + to_rfc3339(validity->expires_at),
            to_rfc3339(context.now)};
}

RuleEvidence of_audience(const Context& context) {
    const auto& sealed = context.opened.value().sealed;
    if (!sealed) return {};
    return {context.options.crp_name, loggable(sealed->audience, kMaxShown)};
}

RuleEvidence of_use(const Context& context) {
    const Challenge& record = context.challenge.value();
    return {"issued, or bound to this very request",
            std::string(to_string(record.state)) +
                (record.transaction_id.empty()
                     ? ""
                     : " by transaction " + loggable(record.transaction_id, kMaxShown))};
}

RuleEvidence of_version(const Context& context) {
    if (!context.policy) return {"policy " + context.policy_id, kNothing};
    if (context.is_renewal()) return {};
    return {context.policy->certificate_request_id,
            context.challenge.value().certificate_request_id};
}

RuleEvidence of_template(const Context& context) {
    return {context.policy.value().template_name, or_nothing(context.input.template_name)};
}

RuleEvidence of_device(const Context& context) {
    return {"a record of device " + context.device_id, context.device ? "on record" : kNothing};
}

RuleEvidence of_enrolment(const Context& context) {
    constexpr std::array kStates{"pending", "enrolled", "retired", "wiped"};
    const auto state = static_cast<std::size_t>(context.device.value().enrollment_state);
    return {"enrolled", state < kStates.size() ? kStates.at(state) : "unknown"};
}

RuleEvidence of_user(const Context& context) {
    if (context.user_id.empty()) return {"enabled, if there is a user", "no user"};
    if (!context.user) return {"user " + context.user_id + " enabled", kNothing};
    return {"user " + context.user_id + " enabled", context.user->enabled ? "enabled" : "disabled"};
}

RuleEvidence of_device_owner(const Context& context) {
    return {
        context.user_id.empty() ? "any, without a user" : "user " + context.user_id + ", or none",
        or_nothing(context.device.value().owner_user_id)};
}

RuleEvidence of_assignment(const Context& context) {
    const Assignments& to = context.policy.value().assignments;
    std::string groups = context.user ? joined(context.user->groups) : kNothing;
    return {to.all ? "everybody"
                   : "users " + joined(to.users) + "; groups " + joined(to.groups) + "; devices " +
                         joined(to.devices),
            "device " + context.device_id + "; user " + or_nothing(context.user_id) + "; groups " +
                groups};
}

RuleEvidence of_permission(const Context& context) {
    std::string found = kNothing;
    if (context.template_record) {
        std::vector<std::string> principals;
        for (const TemplatePermission& one : context.template_record->permissions) {
            principals.push_back(one.principal + (one.read ? " read" : "") +
                                 (one.enroll ? " enroll" : ""));
        }
        found = joined(principals);
    }
    return {"read and enroll on " + or_nothing(context.input.template_name), found};
}

struct EvidenceOf {
    std::string_view rule;
    RuleEvidence (*show)(const Context&);
};
constexpr std::array kTable{
    EvidenceOf{"challenge_not_expired", of_expiry},
    EvidenceOf{"challenge_for_this_crp", of_audience},
    EvidenceOf{"challenge_unused", of_use},
    EvidenceOf{"template_permission", of_permission},
    EvidenceOf{"device_known", of_device},
    EvidenceOf{"device_enrolled", of_enrolment},
    EvidenceOf{"user_enabled", of_user},
    EvidenceOf{"device_owner", of_device_owner},
    EvidenceOf{"policy_known", of_version},
    EvidenceOf{"policy_assigned", of_assignment},
    EvidenceOf{"template_matches", of_template},
    EvidenceOf{"key_type_and_size", of_key},
    EvidenceOf{"hash_allowed", of_hash},
    EvidenceOf{"sid_matches", of_sid},
    EvidenceOf{"subject_matches", of_subject},
    EvidenceOf{"san_matches", of_names},
    EvidenceOf{"key_usage_matches", of_key_usage},
    EvidenceOf{"extended_key_usage_matches", of_extended_key_usage},
};

}  // namespace

RuleEvidence evidence_of(std::string_view rule, const Context& context) {
    const auto found = std::ranges::find(kTable, rule, &EvidenceOf::rule);
    return found == kTable.end() ? RuleEvidence{} : found->show(context);
}

}  // namespace ndes::crp
