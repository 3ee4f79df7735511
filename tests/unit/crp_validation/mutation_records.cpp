// Mutations of what the MDM has posted. One line each: field, how it is changed, what comes of it.
#include "tests/unit/crp_validation/mutation.h"

namespace ndes::test {

using namespace ndes::crp;

namespace {

constexpr const char* kYes = "Success";
constexpr const char* kNotTargeted = "ScepProfileNoLongerTargetedToTheClient";
constexpr const char* kNotPermitted = "TemplateNotPermitted";

using S = Scene;

std::vector<Mutation> user_mutations() {
    return {
        {"user.id", "changed: no groups either", kNotPermitted, nullptr,
         [](S& s) { s.user.id = "bob"; }},
        {"user.user_principal_name", "changed", "SubjectNameMismatch", nullptr,
         [](S& s) { s.user.user_principal_name = "bob@example.org"; }},
        {"user.user_principal_name", "absent", "VariableWithoutValue", nullptr,
         [](S& s) { s.user.user_principal_name.clear(); }},
        {"user.display_name", "changed", kYes, nullptr, [](S& s) { s.user.display_name = "B"; }},
        {"user.email", "changed", kYes, nullptr, [](S& s) { s.user.email = "b@example.org"; }},
        {"user.security_identifier", "changed", "SecurityIdentifierMismatch", nullptr,
         [](S& s) { s.user.security_identifier = "S-1-5-21-1-2-3-500"; }},
        {"user.security_identifier", "absent", "SecurityIdentifierMismatch", nullptr,
         [](S& s) { s.user.security_identifier.clear(); }},
        {"user.enabled", "changed", "UserDisabled", nullptr, [](S& s) { s.user.enabled = false; }},
        {"user.groups", "absent: on the template", kNotPermitted, nullptr,
         [](S& s) { s.user.groups = {"staff"}; }},
        {"user.groups", "absent: on the policy", kNotTargeted, nullptr,
         [](S& s) { s.user.groups = {"field"}; }},
        {"user.groups", "extra", kYes, nullptr, [](S& s) { s.user.groups.push_back("more"); }},
        {"user.owner", "changed", "TemplateNotPermitted", nullptr,
         [](S& s) { s.user.owner = "mdm-2"; }},
        {"user.revision", "changed", kYes, nullptr, [](S& s) { s.user.revision = "x"; }},
    };
}

std::vector<Mutation> device_mutations() {
    return {
        {"device.id", "changed", "DeviceUnknown", nullptr, [](S& s) { s.device.id = "phone-2"; }},
        {"device.device_type", "changed", kYes, nullptr,
         [](S& s) { s.device.device_type = "tablet"; }},
        {"device.name", "changed", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.device.name = "dc1.example.org"; }},
        {"device.name", "absent", "VariableWithoutValue", nullptr,
         [](S& s) { s.device.name.clear(); }},
        {"device.serial_number", "changed", "SubjectNameMismatch", nullptr,
         [](S& s) { s.device.serial_number = "SN0002"; }},
        {"device.serial_number", "absent", "VariableWithoutValue", nullptr,
         [](S& s) { s.device.serial_number.clear(); }},
        {"device.imei", "changed", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.device.imei = "1"; }},
        {"device.imei", "absent", "VariableWithoutValue", nullptr,
         [](S& s) { s.device.imei.clear(); }},
        {"device.owner_user_id", "changed", "DeviceOwnerMismatch", nullptr,
         [](S& s) { s.device.owner_user_id = "bob"; }},
        {"device.owner_user_id", "absent: shared", kYes, nullptr,
         [](S& s) { s.device.owner_user_id.clear(); }},
        {"device.enrollment_state", "pending", "DeviceNotEnrolled", nullptr,
         [](S& s) { s.device.enrollment_state = EnrollmentState::pending; }},
        {"device.enrollment_state", "retired", "DeviceRetired", nullptr,
         [](S& s) { s.device.enrollment_state = EnrollmentState::retired; }},
        {"device.enrollment_state", "wiped", "DeviceRetired", nullptr,
         [](S& s) { s.device.enrollment_state = EnrollmentState::wiped; }},
        {"device.compliant", "changed: told, not judged", kYes, nullptr,
         [](S& s) { s.device.compliant = false; }},
        {"device.registered_keys", "absent", "AadKeyIdentifierListMissing", nullptr,
         [](S& s) { s.device.registered_keys.clear(); }},
        {"device.registered_keys", "changed", "RegisteredKeyMismatch", nullptr,
         [](S& s) { s.device.registered_keys.front().back() ^= 1; }},
        {"device.registered_keys", "extra", kYes, nullptr,
         [](S& s) { s.device.registered_keys.insert(s.device.registered_keys.begin(), "00"); }},
        {"device.owner", "changed", "DeviceUnknown", nullptr,
         [](S& s) { s.device.owner = "mdm-2"; }},
        {"device.revision", "changed", kYes, nullptr, [](S& s) { s.device.revision = "x"; }},
    };
}

std::vector<Mutation> policy_content_mutations() {
    return {
        {"policy.subject_format", "changed", "SubjectNameMismatch", nullptr,
         [](S& s) { s.policy.subject_format = "CN={{UserPrincipalName}},O=Example"; }},
        {"policy.subject_format", "absent", "SubjectNameMismatch", nullptr,
         [](S& s) { s.policy.subject_format.clear(); }},
        {"policy.subject_format", "extra", "SubjectNameMismatch", nullptr,
         [](S& s) { s.policy.subject_format += ",OU=x"; }},
        {"policy.subject_format", "duplicated", "SubjectNameMismatch", nullptr,
         [](S& s) { s.policy.subject_format += ",O=Example"; }},
        {"policy.subject_format", "unknown variable", "VariableUnknown", nullptr,
         [](S& s) { s.policy.subject_format = "CN={{Nothing}}"; }},
        {"policy.subject_format", "not a name", "ExpectedContentsInvalid", nullptr,
         [](S& s) { s.policy.subject_format = "nothing"; }},
        {"policy.subject_alt_names", "absent", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.policy.subject_alt_names.clear(); }},
        {"policy.subject_alt_names", "one absent", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.policy.subject_alt_names.pop_back(); }},
        {"policy.subject_alt_names", "changed", "SubjectAltNameMismatch", nullptr,
         [](S& s) { s.policy.subject_alt_names.front().type = SubjectAltNameType::uri; }},
        {"policy.subject_alt_names", "extra", "SubjectAltNameMismatch", nullptr,
         [](S& s) {
             s.policy.subject_alt_names.push_back({SubjectAltNameType::upn, "a@b"});
         }},
        {"policy.subject_alt_names", "duplicated", kYes, nullptr,
         [](S& s) { s.policy.subject_alt_names.push_back(s.policy.subject_alt_names[0]); }},
        {"policy.key_usage", "absent", "KeyUsageMismatch", nullptr,
         [](S& s) { s.policy.key_usage.clear(); }},
        {"policy.key_usage", "changed", "KeyUsageMismatch", nullptr,
         [](S& s) { s.policy.key_usage.pop_back(); }},
        {"policy.key_usage", "extra", "KeyUsageMismatch", nullptr,
         [](S& s) { s.policy.key_usage.push_back(KeyUsage::data_encipherment); }},
        {"policy.key_usage", "duplicated", kYes, nullptr,
         [](S& s) { s.policy.key_usage.push_back(s.policy.key_usage[0]); }},
        {"policy.extended_key_usage", "absent", "EnhancedKeyUsageMismatch", nullptr,
         [](S& s) { s.policy.extended_key_usage.clear(); }},
        {"policy.extended_key_usage", "changed", "EnhancedKeyUsageMissing", nullptr,
         [](S& s) { s.policy.extended_key_usage = {kServerAuth}; }},
        {"policy.extended_key_usage", "extra", "EnhancedKeyUsageMissing", nullptr,
         [](S& s) { s.policy.extended_key_usage.push_back(kServerAuth); }},
        {"policy.extended_key_usage", "duplicated", kYes, nullptr,
         [](S& s) { s.policy.extended_key_usage.push_back(kClientAuth); }},
        {"policy.key_type", "changed", "KeyTypeMismatch", nullptr,
         [](S& s) { s.policy.key_type = PolicyKeyType::ec; }},
        {"policy.minimum_key_size", "changed", "KeyLengthMismatch", nullptr,
         [](S& s) { s.policy.minimum_key_size = 2049; }},
        {"policy.hash_algorithms", "changed", "HashAlgorithmNotPermitted", nullptr,
         [](S& s) { s.policy.hash_algorithms = {"SHA-512"}; }},
        {"policy.hash_algorithms", "absent: SHA-2", kYes, nullptr,
         [](S& s) { s.policy.hash_algorithms.clear(); }},
        {"policy.validity_days", "absent", "ExpectedContentsInvalid", nullptr,
         [](S& s) { s.policy.validity_days = 0; }},
        {"policy.security_identifier_extension", "changed", kYes, nullptr,
         [](S& s) { s.policy.security_identifier_extension = true; }},
    };
}

std::vector<Mutation> policy_use_mutations() {
    return {
        {"policy.id", "changed", "PolicyUnknown", nullptr, [](S& s) { s.policy.id = "vpn"; }},
        {"policy.certificate_request_id", "changed", "PolicyVersionMismatch", kYes,
         [](S& s) { s.policy.certificate_request_id += "0"; }},
        {"policy.template_name", "changed", "TemplateMismatch", nullptr,
         [](S& s) { s.policy.template_name = "Signature"; }},
        {"policy.renewal_threshold_percent", "changed", kYes, "RenewalNotPermitted",
         [](S& s) { s.policy.renewal_threshold_percent = 9; }},
        {"policy.challenge_ttl_seconds", "changed: for challenges to come", kYes, nullptr,
         [](S& s) { s.policy.challenge_ttl_seconds = 60; }},
        {"policy.retry_window_seconds", "changed: for repetitions", kYes, nullptr,
         [](S& s) { s.policy.retry_window_seconds = 0; }},
        {"policy.assignments", "absent", kNotTargeted, nullptr,
         [](S& s) { s.policy.assignments = {}; }},
        {"assignments.users", "another", kNotTargeted, nullptr,
         [](S& s) {
             s.policy.assignments = {{"bob"}, {}, {}, false};
         }},
        {"assignments.users", "the user", kYes, nullptr,
         [](S& s) {
             s.policy.assignments = {{"alice"}, {}, {}, false};
         }},
        {"assignments.groups", "another", kNotTargeted, nullptr,
         [](S& s) {
             s.policy.assignments = {{}, {"admins"}, {}, false};
         }},
        {"assignments.devices", "another", kNotTargeted, nullptr,
         [](S& s) {
             s.policy.assignments = {{}, {}, {"phone-2"}, false};
         }},
        {"assignments.devices", "the device", kYes, nullptr,
         [](S& s) {
             s.policy.assignments = {{}, {}, {"phone-1"}, false};
         }},
        {"assignments.all", "changed", kYes, nullptr,
         [](S& s) {
             s.policy.assignments = {{}, {}, {}, true};
         }},
        {"policy.require_registered_key", "changed", kYes, nullptr,
         [](S& s) { s.policy.require_registered_key = false; }},
        {"policy.owner", "changed", "PolicyUnknown", nullptr,
         [](S& s) { s.policy.owner = "mdm-2"; }},
        {"policy.revision", "changed", kYes, nullptr, [](S& s) { s.policy.revision = "x"; }},
    };
}

std::vector<Mutation> template_mutations() {
    return {
        {"template_record.name", "changed", kNotPermitted, nullptr,
         [](S& s) { s.template_record.name = "Signature"; }},
        {"template_record.permissions", "absent", kNotPermitted, nullptr,
         [](S& s) { s.template_record.permissions.clear(); }},
        {"template_record.permissions", "extra", kYes, nullptr,
         [](S& s) {
             s.template_record.permissions.push_back({"user:bob", true, true});
         }},
        {"template_record.owner", "changed", "TemplateNotPermitted", nullptr,
         [](S& s) { s.template_record.owner = "mdm-2"; }},
        {"template_record.revision", "changed", kYes, nullptr,
         [](S& s) { s.template_record.revision = "x"; }},
        {"permission.principal", "changed", kNotPermitted, nullptr,
         [](S& s) { s.template_record.permissions[0].principal = "group:admins"; }},
        {"permission.principal", "absent", kNotPermitted, nullptr,
         [](S& s) { s.template_record.permissions[0].principal = "group:"; }},
        {"permission.read", "absent", kNotPermitted, nullptr,
         [](S& s) { s.template_record.permissions[0].read = false; }},
        {"permission.enroll", "absent", kNotPermitted, nullptr,
         [](S& s) { s.template_record.permissions[0].enroll = false; }},
    };
}

}  // namespace

std::vector<Mutation> record_mutations() {
    std::vector<Mutation> all;
    for (auto* const make : {user_mutations, device_mutations, policy_content_mutations,
                             policy_use_mutations, template_mutations}) {
        const std::vector<Mutation> some = make();
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace ndes::test
