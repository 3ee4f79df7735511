// Rules on template, device, user, policy and renewed certificate: a sample that passes and one for
// each way to refuse.
#include "crp-service/validation/pipeline.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/rule_sample.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;
using namespace std::chrono_literals;

TEST_CASE("phase 0: read and enroll on the template") {
    const auto permit = [](std::string principal, bool read, bool enroll) {
        return [=](RuleSample& s) {
            s.facts().template_record->permissions = {
                {.principal = principal, .read = read, .enroll = enroll}};
        };
    };
    check_cases(
        {
            {"template_permission", "no record", "TemplateNotPermitted",
             [](RuleSample& s) { s.facts().template_record.reset(); }},
            {"template_permission", "no record, but that is permitted", kPasses,
             [](RuleSample& s) {
                 s.facts().template_record.reset();
                 s.options.skip_template_check_if_access_denied = true;
             }},
            {"template_permission", "record forbids, and that still counts", "TemplateNotPermitted",
             [](RuleSample& s) {
                 s.facts().template_record->permissions.clear();
                 s.options.skip_template_check_if_access_denied = true;
             }},
            {"template_permission", "no check at all", kPasses,
             [](RuleSample& s) {
                 s.facts().template_record.reset();
                 s.options.skip_template_check = true;
             }},
            {"template_permission", "nobody", "TemplateNotPermitted",
             [](RuleSample& s) { s.facts().template_record->permissions.clear(); }},
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
             [&permit](RuleSample& s) {
                 permit("user:", true, true)(s);
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"template_permission", "two that add up", kPasses,
             [](RuleSample& s) {
                 s.facts().template_record->permissions = {
                     {.principal = "group:staff", .read = true, .enroll = false},
                     {.principal = "user:alice", .read = false, .enroll = true}};
             }},
        },
        initial_sample);
}

TEST_CASE("phase 3: device, user and policy") {
    const auto device_is = [](EnrollmentState state) {
        return [state](RuleSample& s) { s.facts().device->enrollment_state = state; };
    };
    const auto assign = [](Assignments to) {
        return [to](RuleSample& s) { s.facts().policy->assignments = to; };
    };
    check_cases(
        {
            {"device_known", "not on record", "DeviceUnknown",
             [](RuleSample& s) { s.facts().device.reset(); }},
            {"device_enrolled", "pending", "DeviceNotEnrolled",
             device_is(EnrollmentState::pending)},
            {"device_enrolled", "retired", "DeviceRetired", device_is(EnrollmentState::retired)},
            {"device_enrolled", "wiped", "DeviceRetired", device_is(EnrollmentState::wiped)},
            {"user_enabled", "not on record", "UserUnknown",
             [](RuleSample& s) { s.facts().user.reset(); }},
            {"user_enabled", "disabled", "UserDisabled",
             [](RuleSample& s) { s.facts().user->enabled = false; }},
            {"user_enabled", "no user at all", kPasses,
             [](RuleSample& s) {
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"device_owner", "another", "DeviceOwnerMismatch",
             [](RuleSample& s) { s.facts().device->owner_user_id = "bob"; }},
            {"device_owner", "none: shared", kPasses,
             [](RuleSample& s) { s.facts().device->owner_user_id.clear(); }},
            {"device_owner", "a request without user", kPasses,
             [](RuleSample& s) { s.facts().user_id.clear(); }},
            {"policy_known", "gone", "PolicyUnknown",
             [](RuleSample& s) { s.facts().policy.reset(); }},
            {"policy_known", "another version", "PolicyVersionMismatch",
             [](RuleSample& s) { s.facts().policy->certificate_request_id += ";Version=2"; }},
            {"policy_assigned", "to nobody", "ScepProfileNoLongerTargetedToTheClient", assign({})},
            {"policy_assigned", "to others", "ScepProfileNoLongerTargetedToTheClient",
             assign({{"bob"}, {"admins"}, {"phone-2"}, false})},
            {"policy_assigned", "to everybody", kPasses, assign({{}, {}, {}, true})},
            {"policy_assigned", "to a group of the user", kPasses,
             assign({{}, {"staff"}, {}, false})},
            {"policy_assigned", "to the device", kPasses, assign({{}, {}, {"phone-1"}, false})},
            {"policy_assigned", "to an empty user ID", "ScepProfileNoLongerTargetedToTheClient",
             [](RuleSample& s) {
                 s.facts().policy->assignments = {{""}, {}, {}, false};
                 s.facts().user_id.clear();
                 s.facts().user.reset();
             }},
            {"template_matches", "another", "TemplateMismatch",
             [](RuleSample& s) { s.input.template_name = "Signature"; }},
            {"contents_expand", "a fault of expansion", "VariableUnknown",
             [](RuleSample& s) {
                 s.expected().reason = "VariableUnknown";
                 s.expected().detail = "{{Nothing}}";
             }},
            {"key_not_reused", "key of another device", "KeyReused",
             [](RuleSample& s) {
                 s.facts().key_of_other_device = KeyHolder{};
                 s.facts().key_of_other_device->device_id = "phone-2";
             }},
        },
        initial_sample);
}

TEST_CASE("phase 3: renewals") {
    check_cases(
        {
            {"renewal_signer_known", "not issued here", "RenewalSignerUnknown",
             [](RuleSample& s) { s.facts().renewed.reset(); }},
            {"renewal_signer_valid", "revoked", "RenewalSignerRevoked",
             [](RuleSample& s) { s.facts().renewed->revoked = true; }},
            {"renewal_signer_valid", "expired", "RenewalSignerExpired",
             [](RuleSample& s) { s.facts().renewed->not_after = kSampleNow; }},
            {"renewal_signer_valid", "last millisecond", kPasses,
             [](RuleSample& s) { s.facts().renewed->not_after = kSampleNow + 1ms; }},
            {"renewal_signer_valid", "begins within the clock tolerance", kPasses,
             [](RuleSample& s) { s.facts().renewed->not_before = kSampleNow + 300s; }},
            {"renewal_signer_valid", "begins later", "RenewalSignerNotYetValid",
             [](RuleSample& s) { s.facts().renewed->not_before = kSampleNow + 300s + 1ms; }},
            {"renewal_in_window", "10 of 100 days left, 10 % asked", kPasses,
             [](RuleSample& s) { s.facts().policy->renewal_threshold_percent = 10; }},
            {"renewal_in_window", "10 of 100 days left, 9 % asked", "RenewalNotPermitted",
             [](RuleSample& s) { s.facts().policy->renewal_threshold_percent = 9; }},
            {"renewal_in_window", "at any time, the CA's clock ahead", kPasses,
             [](RuleSample& s) { s.facts().renewed->not_before = kSampleNow + 1h; }},
            {"renewal_same_identity", "another subject", "RenewalSubjectMismatch",
             [](RuleSample& s) { s.csr().subject = *DistinguishedName::from_text("CN=bob"); }},
            {"renewal_same_identity", "another SAN", "RenewalSubjectMismatch",
             [](RuleSample& s) {
                 s.csr().subject_alt_names = {{SubjectAltNameType::dns, "dc1.example.org"}};
             }},
            {"renewal_same_identity", "no SAN", "RenewalSubjectMismatch",
             [](RuleSample& s) { s.csr().subject_alt_names.reset(); }},
            {"policy_known", "another version: renewals follow the policy", kPasses,
             [](RuleSample& s) { s.facts().policy->certificate_request_id += ";Version=2"; }},
        },
        renewal_sample);
}
