#include "crp-service/validation/expected_contents.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/crypto/general_names.h"

namespace ndes::crp {
namespace {

struct Subjects {
    const Device& device;
    const User* user;  // may be null
};

std::string of_user(const Subjects& from, std::string User::*field) {
    return from.user == nullptr ? std::string() : from.user->*field;
}

// "janedoe" of "janedoe@contoso.com", as Intune defines {{UserName}}.
std::string user_name(const Subjects& from) {
    const std::string upn = of_user(from, &User::user_principal_name);
    return upn.substr(0, upn.find('@'));
}

struct Variable {
    std::string_view name;  // lower case: Intune's profiles spell them in several ways
    std::string (*value)(const Subjects&);
};

// Intune's names (certificates-profile-scep.md), as far as an MDM tells the CRP a value for them.
constexpr std::array kVariables = std::to_array<Variable>({
    {"username", user_name},
    {"userprincipalname",
     [](const Subjects& from) { return of_user(from, &User::user_principal_name); }},
    {"emailaddress", [](const Subjects& from) { return of_user(from, &User::email); }},
    {"displayname", [](const Subjects& from) { return of_user(from, &User::display_name); }},
    {"onpremisessecurityidentifier",
     [](const Subjects& from) { return of_user(from, &User::security_identifier); }},
    {"deviceid", [](const Subjects& from) { return from.device.id; }},
    // The MDM's device ID is the only one that the CRP knows of.
    {"aad_device_id", [](const Subjects& from) { return from.device.id; }},
    {"devicename", [](const Subjects& from) { return from.device.name; }},
    {"serialnumber", [](const Subjects& from) { return from.device.serial_number; }},
    {"device_serial", [](const Subjects& from) { return from.device.serial_number; }},
    {"imei", [](const Subjects& from) { return from.device.imei; }},
    {"imeinumber", [](const Subjects& from) { return from.device.imei; }},
    {"device_imei", [](const Subjects& from) { return from.device.imei; }},
});

const Variable* find_variable(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto found = std::ranges::find(kVariables, lower, &Variable::name);
    return found == kVariables.end() ? nullptr : &*found;
}

// The next "{{name}}" at or after `from`; nullopt when there is none (a lone "{{" is text).
struct Place {
    std::size_t begin;
    std::size_t end;  // behind "}}"
    std::string_view name;
};
std::optional<Place> next_variable(std::string_view text, std::size_t from) {
    const std::size_t begin = text.find("{{", from);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t end = text.find("}}", begin + 2);
    if (end == std::string_view::npos) return std::nullopt;
    return Place{begin, end + 2, text.substr(begin + 2, end - begin - 2)};
}

enum class Escaping { none, distinguished_name };

// Replaces in one pass, so that a value which itself looks like a variable stays text. On a fault
// sets reason and detail of `out` and returns what there is.
std::string expand(std::string_view text, const Subjects& from, Escaping escaping,
                   std::string_view field, ExpectedContents& out) {
    std::string expanded;
    std::size_t done = 0;
    while (const std::optional<Place> place = next_variable(text, done)) {
        expanded += text.substr(done, place->begin - done);
        done = place->end;
        const Variable* const variable = find_variable(place->name);
        const std::string value = variable == nullptr ? std::string() : variable->value(from);
        if (value.empty()) {
            out.reason = variable == nullptr ? "VariableUnknown" : "VariableWithoutValue";
            out.detail = std::string(field) + " of the policy uses {{" + std::string(place->name) +
                         "}}, " +
                         (variable == nullptr ? "which does not exist" : "which has no value here");
            return expanded;
        }
        expanded += escaping == Escaping::none ? value : escape_name_value(value);
    }
    expanded += text.substr(done);
    return expanded;
}

template <class T>
std::vector<T> sorted_unique(std::vector<T> values) {
    std::ranges::sort(values);
    const auto repeated = std::ranges::unique(values);
    values.erase(repeated.begin(), repeated.end());
    return values;
}

void expand_subject(const Policy& policy, const Subjects& from, const ExpectedOverrides& overrides,
                    ExpectedContents& out) {
    out.contents.subject = overrides.subject
                               ? *overrides.subject
                               : expand(policy.subject_format, from, Escaping::distinguished_name,
                                        "subjectFormat", out);
    if (!out.reason.empty() || out.contents.subject.empty()) return;
    Result<DistinguishedName> name = DistinguishedName::from_text(out.contents.subject);
    if (!name) {
        out.reason = "ExpectedContentsInvalid";
        out.detail = "the expected subject is not a name: " + name.error().text;
        return;
    }
    out.subject = std::move(*name);
}

void expand_alt_names(const Policy& policy, const Subjects& from,
                      const ExpectedOverrides& overrides, ExpectedContents& out) {
    if (overrides.subject_alt_names) {
        out.contents.subject_alt_names = *overrides.subject_alt_names;
    } else {
        for (const SubjectAltName& name : policy.subject_alt_names) {
            std::string value = expand(name.value, from, Escaping::none, "subjectAltNames", out);
            if (!out.reason.empty()) return;
            out.contents.subject_alt_names.push_back({name.type, std::move(value)});
        }
    }
    if (out.contents.subject_alt_names.empty()) return;
    // A value that its type cannot hold would otherwise be found by the issuer, after a yes.
    Result<GeneralNamesPtr> built = to_general_names(out.contents.subject_alt_names);
    if (!built) {
        out.reason = "ExpectedContentsInvalid";
        out.detail = "the expected subject alternative names: " + built.error().text;
    }
}

void expect_security_identifier(const Policy& policy, const Subjects& from, ExpectedContents& out) {
    if (!policy.security_identifier_extension) return;
    out.contents.security_identifier = of_user(from, &User::security_identifier);
    if (!out.contents.security_identifier.empty()) return;
    out.reason = "VariableWithoutValue";
    out.detail = "the policy asks for the security identifier extension and the user has none";
}

}  // namespace

ExpectedContents expected_contents(const Policy& policy, const Device& device, const User* user,
                                   const ExpectedOverrides& overrides) {
    const Subjects from{device, user};
    ExpectedContents out;
    out.contents.template_name = policy.template_name;
    out.contents.validity_days = overrides.validity_days.value_or(policy.validity_days);
    out.contents.key_usage = sorted_unique(overrides.key_usage.value_or(policy.key_usage));
    out.contents.extended_key_usage =
        sorted_unique(overrides.extended_key_usage.value_or(policy.extended_key_usage));
    expand_subject(policy, from, overrides, out);
    if (out.reason.empty()) expand_alt_names(policy, from, overrides, out);
    if (out.reason.empty()) expect_security_identifier(policy, from, out);
    if (!out.reason.empty()) return out;

    if (std::ranges::any_of(out.contents.key_usage, is_usage_of_a_ca)) {
        out.reason = "ExpectedContentsInvalid";
        out.detail = "a key usage of a certification authority is expected";
    } else if (out.contents.validity_days <= 0) {
        out.reason = "ExpectedContentsInvalid";
        out.detail = "the validity is not a positive number of days";
    } else if (out.subject.empty() && out.contents.subject_alt_names.empty()) {
        // RFC 5280 section 4.1.2.6: a certificate names its subject in one of the two places.
        out.reason = "ExpectedContentsInvalid";
        out.detail = "neither a subject nor a subject alternative name is expected";
    }
    return out;
}

bool has_known_variables(std::string_view text, std::string& unknown) {
    std::size_t done = 0;
    while (const std::optional<Place> place = next_variable(text, done)) {
        if (find_variable(place->name) == nullptr) {
            unknown = std::string(place->name);
            return false;
        }
        done = place->end;
    }
    return true;
}

}  // namespace ndes::crp
