#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxTextOctets = 256;  // names, e-mail addresses, serial numbers
constexpr std::size_t kMostGroups = 200;
constexpr std::size_t kMostPermissions = 500;
constexpr std::size_t kMostRegisteredKeys = 16;
constexpr std::size_t kSha256HexDigits = 64;

struct EnrollmentWord {
    EnrollmentState state;
    const char* word;
};
constexpr EnrollmentWord kEnrollmentWords[] = {{EnrollmentState::pending, "pending"},
                                               {EnrollmentState::enrolled, "enrolled"},
                                               {EnrollmentState::retired, "retired"},
                                               {EnrollmentState::wiped, "wiped"}};

// A body may repeat the path's identifier, so that what GET answered can be PUT again.
void check_same_id(JsonReader& reader, std::string_view field, const std::string& id) {
    if (const auto given = reader.optional_text(field, kMaxIdOctets); given && *given != id) {
        reader.fault(field, "must be the identifier of the path");
    }
}

// Absent, null and "" are the same: a record that GET answered can be PUT again.
std::string text_of(JsonReader& reader, std::string_view field,
                    std::size_t limit = kMaxTextOctets) {
    if (reader.has(field)) return reader.text_or(field, "", limit);
    return reader.optional_text(field, limit).value_or("");
}

EnrollmentState read_enrollment_state(JsonReader& reader) {
    const auto word = reader.optional_text("enrollmentState", 16);
    if (!word) return EnrollmentState::enrolled;
    for (const EnrollmentWord& known : kEnrollmentWords) {
        if (*word == known.word) return known.state;
    }
    reader.fault("enrollmentState", "must be enrolled, retired, wiped or pending");
    return EnrollmentState::pending;
}

const char* word_of(EnrollmentState state) {
    for (const EnrollmentWord& known : kEnrollmentWords) {
        if (known.state == state) return known.word;
    }
    return "";
}

// Lower case, as the CRP's own digests are.
std::vector<std::string> read_registered_keys(JsonReader& reader) {
    constexpr std::string_view kField = "registeredKeys";
    std::vector<std::string> keys = reader.text_list(kField, kMostRegisteredKeys, kSha256HexDigits);
    for (std::string& key : keys) {
        for (char& c : key)
            c = (c >= 'A' && c <= 'F') ? static_cast<char>(c - 'A' + 'a') : c;
        if (key.size() != kSha256HexDigits ||
            key.find_first_not_of("0123456789abcdef") != std::string::npos) {
            reader.fault(kField, "must hold SHA-256 digests of public keys, 64 hex digits each");
        }
    }
    return keys;
}

bool is_principal(const std::string& text) {
    if (text == "*") return true;
    for (const std::string_view kind : {"user:", "group:", "device:"}) {
        if (text.starts_with(kind) && text.size() > kind.size()) return true;
    }
    return false;
}

}  // namespace

Result<User> user_from_json(const Json& body, const std::string& id) {
    JsonReader reader(body);
    User user;
    user.id = id;
    check_same_id(reader, "id", id);
    user.user_principal_name = text_of(reader, "userPrincipalName");
    user.display_name = text_of(reader, "displayName");
    user.email = text_of(reader, "email");
    user.security_identifier = text_of(reader, "securityIdentifier");
    if (!user.security_identifier.empty() && !user.security_identifier.starts_with("S-1-")) {
        reader.fault("securityIdentifier", "must be a SID in text form, S-1-…");
    }
    user.enabled = reader.boolean_or("enabled", true);
    user.groups = reader.text_list("groups", kMostGroups, kMaxTextOctets);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return user;
}

Json to_json(const User& user) {
    return {{"id", user.id},
            {"userPrincipalName", user.user_principal_name},
            {"displayName", user.display_name},
            {"email", user.email},
            {"securityIdentifier", user.security_identifier},
            {"enabled", user.enabled},
            {"groups", user.groups}};
}

Result<Device> device_from_json(const Json& body, const std::string& id) {
    JsonReader reader(body);
    Device device;
    device.id = id;
    check_same_id(reader, "id", id);
    device.device_type = text_of(reader, "deviceType");
    device.name = text_of(reader, "name");
    device.serial_number = text_of(reader, "serialNumber");
    device.imei = text_of(reader, "imei");
    device.owner_user_id = text_of(reader, "ownerUserId", kMaxIdOctets);
    device.enrollment_state = read_enrollment_state(reader);
    device.compliant = reader.boolean_or("compliant", true);
    device.registered_keys = read_registered_keys(reader);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return device;
}

Json to_json(const Device& device) {
    return {
        {"id", device.id},
        {"deviceType", device.device_type},
        {"name", device.name},
        {"serialNumber", device.serial_number},
        {"imei", device.imei},
        {"ownerUserId", device.owner_user_id.empty() ? Json(nullptr) : Json(device.owner_user_id)},
        {"enrollmentState", word_of(device.enrollment_state)},
        {"compliant", device.compliant},
        {"registeredKeys", device.registered_keys}};
}

Result<TemplateRecord> template_from_json(const Json& body, const std::string& name) {
    JsonReader reader(body);
    TemplateRecord record;
    record.name = name;
    check_same_id(reader, "name", name);
    const Json* permissions = reader.optional_array("permissions", kMostPermissions);
    for (std::size_t i = 0; permissions && i < permissions->size(); ++i) {
        JsonReader item((*permissions)[i], "permissions[" + std::to_string(i) + "].");
        TemplatePermission permission;
        permission.principal = item.text("principal", kMaxTextOctets);
        if (!is_principal(permission.principal)) {
            item.fault("principal", "must be user:ID, group:NAME, device:ID or *");
        }
        permission.read = item.boolean_or("read", false);
        permission.enroll = item.boolean_or("enroll", false);
        if (auto sound = item.finish(); !sound) return pass_on(sound);
        record.permissions.push_back(std::move(permission));
    }
    // Left out altogether it would silently permit nobody.
    if (!permissions) reader.fault("permissions", "is missing");
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return record;
}

Json to_json(const TemplateRecord& record) {
    Json permissions = Json::array();
    for (const TemplatePermission& permission : record.permissions) {
        permissions.push_back({{"principal", permission.principal},
                               {"read", permission.read},
                               {"enroll", permission.enroll}});
    }
    return {{"name", record.name}, {"permissions", std::move(permissions)}};
}

}  // namespace ndes::crp
