// SqliteStore: policies and template permissions.
#include <utility>

#include "crp-service/store/record_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {

const RecordSql kPolicySql{
    .find = "SELECT " POLICY_COLUMNS " FROM policy WHERE id = ?",
    .list = "SELECT " POLICY_COLUMNS " FROM policy WHERE id" IN_PAGE "id LIMIT ?2",
    .revision = "SELECT revision FROM policy WHERE id = ?",
    .put = R"(INSERT INTO policy ()" POLICY_COLUMNS R"()
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            certificate_request_id = excluded.certificate_request_id,
            template_name = excluded.template_name, subject_format = excluded.subject_format,
            subject_alt_names_json = excluded.subject_alt_names_json,
            key_usage_json = excluded.key_usage_json,
            extended_key_usage_json = excluded.extended_key_usage_json,
            key_type = excluded.key_type, minimum_key_size = excluded.minimum_key_size,
            hash_algorithms_json = excluded.hash_algorithms_json,
            validity_days = excluded.validity_days,
            renewal_threshold_percent = excluded.renewal_threshold_percent,
            challenge_ttl_seconds = excluded.challenge_ttl_seconds,
            retry_window_seconds = excluded.retry_window_seconds,
            assignments_json = excluded.assignments_json,
            require_registered_key = excluded.require_registered_key,
            security_identifier_extension = excluded.security_identifier_extension,
            revision = excluded.revision)",
    .remove = "DELETE FROM policy WHERE id = ?",
};

const RecordSql kTemplateSql{
    .find = "SELECT " TEMPLATE_COLUMNS " FROM template WHERE name = ?",
    .list = "SELECT " TEMPLATE_COLUMNS " FROM template WHERE name" IN_PAGE "name LIMIT ?2",
    .revision = "SELECT revision FROM template WHERE name = ?",
    .put = R"(INSERT INTO template (name, permissions_json, owner, revision) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
            permissions_json = excluded.permissions_json, revision = excluded.revision)",
    .remove = "DELETE FROM template WHERE name = ?",
};

Result<std::optional<Policy>> SqliteStore::find_policy(std::string_view id) {
    return find_record<Policy>(*readers_, &Reads::policies, id, read_policy);
}

Result<std::optional<TemplateRecord>> SqliteStore::find_template(std::string_view name) {
    return find_record<TemplateRecord>(*readers_, &Reads::templates, name, read_template);
}

Result<Page<Policy>> SqliteStore::list_policies(const PageRequest& page) {
    return list_records<Policy>(*readers_, &Reads::policies, page, read_policy,
                                [](const Policy& policy) { return policy.id; });
}

Result<Page<TemplateRecord>> SqliteStore::list_templates(const PageRequest& page) {
    return list_records<TemplateRecord>(*readers_, &Reads::templates, page, read_template,
                                        [](const TemplateRecord& record) { return record.name; });
}

Result<bool> SqliteStore::put_policy(const Policy& policy, AuditRecord audit,
                                     const Precondition& premise) {
    const auto bind = [&](Statement& put, const std::string& revision) {
        bind_all(put, policy.id, policy.certificate_request_id, policy.template_name,
                 policy.subject_format, encode(policy.subject_alt_names), encode(policy.key_usage),
                 encode(policy.extended_key_usage), word_of(kPolicyKeyTypes, policy.key_type),
                 policy.minimum_key_size, encode(policy.hash_algorithms), policy.validity_days,
                 policy.renewal_threshold_percent, policy.challenge_ttl_seconds,
                 policy.retry_window_seconds, encode(policy.assignments),
                 policy.require_registered_key, policy.security_identifier_extension, policy.owner,
                 revision);
    };
    const RecordCache::Change<Policy> change(readers_->cache(), policy.id);
    return put_record(&Writes::policies, policy.id, bind, std::move(audit), premise);
}

Result<bool> SqliteStore::put_template(const TemplateRecord& record, AuditRecord audit,
                                       const Precondition& premise) {
    const auto bind = [&](Statement& put, const std::string& revision) {
        bind_all(put, record.name, encode(record.permissions), record.owner, revision);
    };
    const RecordCache::Change<TemplateRecord> change(readers_->cache(), record.name);
    return put_record(&Writes::templates, record.name, bind, std::move(audit), premise);
}

Result<void> SqliteStore::delete_policy(std::string_view id, AuditRecord audit,
                                        const Precondition& premise) {
    const RecordCache::Change<Policy> change(readers_->cache(), id);
    return delete_record(&Writes::policies, id, std::move(audit), premise, "policy");
}

Result<void> SqliteStore::delete_template(std::string_view name, AuditRecord audit,
                                          const Precondition& premise) {
    const RecordCache::Change<TemplateRecord> change(readers_->cache(), name);
    return delete_record(&Writes::templates, name, std::move(audit), premise, "template");
}

}  // namespace ndes::crp
