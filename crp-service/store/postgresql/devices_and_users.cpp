// PostgresqlStore: users and devices.
#include <utility>

#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"
#include "crp-service/store/record_rows.h"

namespace ndes::crp::pg {
namespace {

constexpr RecordStatements kUsers{
    .find = {"user_find", "SELECT " USER_COLUMNS " FROM mdm_user WHERE id = $1"},
    .list = {"user_list", "SELECT " USER_COLUMNS " FROM mdm_user WHERE id" IN_PAGE "id LIMIT $2"},
    .revision = {"user_revision", "SELECT revision FROM mdm_user WHERE id = $1 FOR UPDATE"},
    .put = {"user_put", "INSERT INTO mdm_user (" USER_COLUMNS R"()
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET
            user_principal_name = excluded.user_principal_name,
            display_name = excluded.display_name, email = excluded.email,
            security_identifier = excluded.security_identifier, enabled = excluded.enabled,
            groups_json = excluded.groups_json, revision = excluded.revision
        WHERE mdm_user.revision = $10)"},
    .remove = {"user_remove", "DELETE FROM mdm_user WHERE id = $1"},
};

constexpr RecordStatements kDevices{
    .find = {"device_find", "SELECT " DEVICE_COLUMNS " FROM device WHERE id = $1"},
    .list = {"device_list", "SELECT " DEVICE_COLUMNS " FROM device WHERE id" IN_PAGE "id LIMIT $2"},
    .revision = {"device_revision", "SELECT revision FROM device WHERE id = $1 FOR UPDATE"},
    .put = {"device_put", "INSERT INTO device (" DEVICE_COLUMNS R"()
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET
            device_type = excluded.device_type, name = excluded.name,
            serial_number = excluded.serial_number, imei = excluded.imei,
            owner_user_id = excluded.owner_user_id,
            enrollment_state = excluded.enrollment_state, compliant = excluded.compliant,
            registered_keys_json = excluded.registered_keys_json,
            revision = excluded.revision
        WHERE device.revision = $12)"},
    .remove = {"device_remove", "DELETE FROM device WHERE id = $1"},
};

}  // namespace

Result<std::optional<User>> PostgresqlStore::find_user(std::string_view id) {
    return find_one<User>(*pool_, kUsers.find, Values(id), read_user);
}

Result<std::optional<Device>> PostgresqlStore::find_device(std::string_view id) {
    return find_one<Device>(*pool_, kDevices.find, Values(id), read_device);
}

Result<Page<User>> PostgresqlStore::list_users(const PageRequest& page) {
    return list_records<User>(*pool_, kUsers.list, page, read_user,
                              [](const User& user) { return user.id; });
}

Result<Page<Device>> PostgresqlStore::list_devices(const PageRequest& page) {
    return list_records<Device>(*pool_, kDevices.list, page, read_device,
                                [](const Device& device) { return device.id; });
}

Result<bool> PostgresqlStore::put_user(const User& user, AuditRecord audit,
                                       const Precondition& premise) {
    const std::string groups = encode(user.groups);
    const auto values = [&](const std::string& revision, const std::string& before) {
        return Values(user.id, user.user_principal_name, user.display_name, user.email,
                      user.security_identifier, user.enabled, groups, user.owner, revision, before);
    };
    return put_record(kUsers, user.id, values, std::move(audit), premise);
}

Result<bool> PostgresqlStore::put_device(const Device& device, AuditRecord audit,
                                         const Precondition& premise) {
    const std::string keys = encode(device.registered_keys);
    const auto values = [&](const std::string& revision, const std::string& before) {
        return Values(device.id, device.device_type, device.name, device.serial_number, device.imei,
                      device.owner_user_id, word_of(kEnrollmentStates, device.enrollment_state),
                      device.compliant, keys, device.owner, revision, before);
    };
    return put_record(kDevices, device.id, values, std::move(audit), premise);
}

Result<void> PostgresqlStore::delete_user(std::string_view id, AuditRecord audit,
                                          const Precondition& premise) {
    return delete_record(kUsers, id, std::move(audit), premise, "user");
}

Result<void> PostgresqlStore::delete_device(std::string_view id, AuditRecord audit,
                                            const Precondition& premise) {
    return delete_record(kDevices, id, std::move(audit), premise, "device");
}

}  // namespace ndes::crp::pg
