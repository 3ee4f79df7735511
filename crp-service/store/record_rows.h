// Rows of what the MDM tells: their columns in order, and one reader each for every SQL backend.
// `Row` gives a row's columns in order: text(), integer(), number(), boolean(), time(),
// optional_text(), optional_time(), word(enumeration). A row that cannot be read is storage.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "common/error.h"
#include "crp-service/domain/records.h"
#include "crp-service/store/json_columns.h"

// Literals, so that statements are put together by the compiler.
#define USER_COLUMNS                                                               \
    "id, user_principal_name, display_name, email, security_identifier, enabled, " \
    "groups_json, owner, revision"
#define DEVICE_COLUMNS                                            \
    "id, device_type, name, serial_number, imei, owner_user_id, " \
    "enrollment_state, compliant, registered_keys_json, owner, revision"
#define POLICY_COLUMNS                                                                    \
    "id, certificate_request_id, template_name, subject_format, subject_alt_names_json, " \
    "key_usage_json, extended_key_usage_json, key_type, minimum_key_size, "               \
    "hash_algorithms_json, validity_days, renewal_threshold_percent, "                    \
    "challenge_ttl_seconds, retry_window_seconds, assignments_json, "                     \
    "require_registered_key, security_identifier_extension, owner, revision"
#define TEMPLATE_COLUMNS "name, permissions_json, owner, revision"

namespace ndes::crp {

// The words in the database: never changed, never reused.
inline constexpr std::array<std::pair<EnrollmentState, const char*>, 4> kEnrollmentStates{{
    {EnrollmentState::pending, "pending"},
    {EnrollmentState::enrolled, "enrolled"},
    {EnrollmentState::retired, "retired"},
    {EnrollmentState::wiped, "wiped"},
}};
inline constexpr std::array<std::pair<PolicyKeyType, const char*>, 2> kPolicyKeyTypes{{
    {PolicyKeyType::rsa, "RSA"},
    {PolicyKeyType::ec, "EC"},
}};

template <class Enum, std::size_t size>
const char* word_of(const std::array<std::pair<Enum, const char*>, size>& words, Enum value) {
    for (const auto& [one, word] : words) {
        if (one == value) return word;
    }
    return "";
}

template <class Enum, std::size_t size>
Result<void> value_of(const std::array<std::pair<Enum, const char*>, size>& words,
                      const std::string& text, Enum& value) {
    for (const auto& [one, word] : words) {
        if (text != word) continue;
        value = one;
        return {};
    }
    return fail(ErrorCode::storage, "a record in the database is damaged", "unknown word");
}

template <class Row>
Result<User> read_user(Row& row) {
    User user;
    user.id = row.text();
    user.user_principal_name = row.text();
    user.display_name = row.text();
    user.email = row.text();
    user.security_identifier = row.text();
    user.enabled = row.boolean();
    if (auto groups = decode(row.text(), user.groups); !groups) return pass_on(groups);
    user.owner = row.text();
    user.revision = row.text();
    return user;
}

template <class Row>
Result<Device> read_device(Row& row) {
    Device device;
    device.id = row.text();
    device.device_type = row.text();
    device.name = row.text();
    device.serial_number = row.text();
    device.imei = row.text();
    device.owner_user_id = row.text();
    auto state = value_of(kEnrollmentStates, row.text(), device.enrollment_state);
    if (!state) return pass_on(state);
    device.compliant = row.boolean();
    if (auto keys = decode(row.text(), device.registered_keys); !keys) return pass_on(keys);
    device.owner = row.text();
    device.revision = row.text();
    return device;
}

template <class Row>
Result<Policy> read_policy(Row& row) {
    Policy policy;
    policy.id = row.text();
    policy.certificate_request_id = row.text();
    policy.template_name = row.text();
    policy.subject_format = row.text();
    if (auto done = decode(row.text(), policy.subject_alt_names); !done) return pass_on(done);
    if (auto done = decode(row.text(), policy.key_usage); !done) return pass_on(done);
    if (auto done = decode(row.text(), policy.extended_key_usage); !done) return pass_on(done);
    auto key_type = value_of(kPolicyKeyTypes, row.text(), policy.key_type);
    if (!key_type) return pass_on(key_type);
    policy.minimum_key_size = row.number();
    if (auto done = decode(row.text(), policy.hash_algorithms); !done) return pass_on(done);
    policy.validity_days = row.number();
    policy.renewal_threshold_percent = row.number();
    policy.challenge_ttl_seconds = row.number();
    policy.retry_window_seconds = row.number();
    if (auto done = decode(row.text(), policy.assignments); !done) return pass_on(done);
    policy.require_registered_key = row.boolean();
    policy.security_identifier_extension = row.boolean();
    policy.owner = row.text();
    policy.revision = row.text();
    return policy;
}

template <class Row>
Result<TemplateRecord> read_template(Row& row) {
    TemplateRecord record;
    record.name = row.text();
    if (auto done = decode(row.text(), record.permissions); !done) return pass_on(done);
    record.owner = row.text();
    record.revision = row.text();
    return record;
}

}  // namespace ndes::crp
