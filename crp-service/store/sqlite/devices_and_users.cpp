// SqliteStore: users and devices.
#include <utility>

#include "crp-service/store/record_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {

const RecordSql kUserSql{
    .find = "SELECT " USER_COLUMNS " FROM mdm_user WHERE id = ?",
    .list = "SELECT " USER_COLUMNS " FROM mdm_user WHERE id" IN_PAGE "id LIMIT ?2",
    .revision = "SELECT revision FROM mdm_user WHERE id = ?",
    .put = R"(INSERT INTO mdm_user ()" USER_COLUMNS R"() VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            user_principal_name = excluded.user_principal_name,
            display_name = excluded.display_name, email = excluded.email,
            security_identifier = excluded.security_identifier, enabled = excluded.enabled,
            groups_json = excluded.groups_json, revision = excluded.revision)",
    .remove = "DELETE FROM mdm_user WHERE id = ?",
};

const RecordSql kDeviceSql{
    .find = "SELECT " DEVICE_COLUMNS " FROM device WHERE id = ?",
    .list = "SELECT " DEVICE_COLUMNS " FROM device WHERE id" IN_PAGE "id LIMIT ?2",
    .revision = "SELECT revision FROM device WHERE id = ?",
    .put = R"(INSERT INTO device ()" DEVICE_COLUMNS R"() VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            device_type = excluded.device_type, name = excluded.name,
            serial_number = excluded.serial_number, imei = excluded.imei,
            owner_user_id = excluded.owner_user_id,
            enrollment_state = excluded.enrollment_state, compliant = excluded.compliant,
            registered_keys_json = excluded.registered_keys_json,
            revision = excluded.revision)",
    .remove = "DELETE FROM device WHERE id = ?",
};

Result<std::optional<User>> SqliteStore::find_user(std::string_view id) {
    return find_record<User>(*readers_, &Reads::users, id, read_user);
}

Result<std::optional<Device>> SqliteStore::find_device(std::string_view id) {
    return find_record<Device>(*readers_, &Reads::devices, id, read_device);
}

Result<Page<User>> SqliteStore::list_users(const PageRequest& page) {
    return list_records<User>(*readers_, &Reads::users, page, read_user,
                              [](const User& user) { return user.id; });
}

Result<Page<Device>> SqliteStore::list_devices(const PageRequest& page) {
    return list_records<Device>(*readers_, &Reads::devices, page, read_device,
                                [](const Device& device) { return device.id; });
}

Result<bool> SqliteStore::put_user(const User& user, AuditRecord audit,
                                   const Precondition& premise) {
    const std::string groups = encode(user.groups);
    const auto bind = [&](Statement& put, const std::string& revision) {
        bind_all(put, user.id, user.user_principal_name, user.display_name, user.email,
                 user.security_identifier, user.enabled, groups, user.owner, revision);
    };
    const RecordCache::Change<User> change(readers_->cache(), user.id);
    return put_record(&Writes::users, user.id, bind, std::move(audit), premise);
}

Result<bool> SqliteStore::put_device(const Device& device, AuditRecord audit,
                                     const Precondition& premise) {
    const std::string keys = encode(device.registered_keys);
    const auto bind = [&](Statement& put, const std::string& revision) {
        bind_all(put, device.id, device.device_type, device.name, device.serial_number, device.imei,
                 device.owner_user_id, word_of(kEnrollmentStates, device.enrollment_state),
                 device.compliant, keys, device.owner, revision);
    };
    const RecordCache::Change<Device> change(readers_->cache(), device.id);
    return put_record(&Writes::devices, device.id, bind, std::move(audit), premise);
}

Result<void> SqliteStore::delete_user(std::string_view id, AuditRecord audit,
                                      const Precondition& premise) {
    const RecordCache::Change<User> change(readers_->cache(), id);
    return delete_record(&Writes::users, id, std::move(audit), premise, "user");
}

Result<void> SqliteStore::delete_device(std::string_view id, AuditRecord audit,
                                        const Precondition& premise) {
    const RecordCache::Change<Device> change(readers_->cache(), id);
    return delete_record(&Writes::devices, id, std::move(audit), premise, "device");
}

}  // namespace ndes::crp
