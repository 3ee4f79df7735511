// PostgresqlStore: policies and template permissions.
#include <utility>

#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"
#include "crp-service/store/record_rows.h"

namespace ndes::crp::pg {
namespace {

constexpr RecordStatements kPolicies{
    .find = {"policy_find", "SELECT " POLICY_COLUMNS " FROM policy WHERE id = $1"},
    .list = {"policy_list", "SELECT " POLICY_COLUMNS " FROM policy WHERE id" IN_PAGE "id LIMIT $2"},
    .revision = {"policy_revision", "SELECT revision FROM policy WHERE id = $1 FOR UPDATE"},
    .put = {"policy_put", "INSERT INTO policy (" POLICY_COLUMNS R"()
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                $19)
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
            revision = excluded.revision
        WHERE policy.revision = $20)"},
    .remove = {"policy_remove", "DELETE FROM policy WHERE id = $1"},
};

constexpr RecordStatements kTemplates{
    .find = {"template_find", "SELECT " TEMPLATE_COLUMNS " FROM template WHERE name = $1"},
    .list = {"template_list",
             "SELECT " TEMPLATE_COLUMNS " FROM template WHERE name" IN_PAGE "name LIMIT $2"},
    .revision = {"template_revision", "SELECT revision FROM template WHERE name = $1 FOR UPDATE"},
    .put = {"template_put", "INSERT INTO template (" TEMPLATE_COLUMNS R"() VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET
            permissions_json = excluded.permissions_json, revision = excluded.revision
        WHERE template.revision = $5)"},
    .remove = {"template_remove", "DELETE FROM template WHERE name = $1"},
};

}  // namespace

Result<std::optional<Policy>> PostgresqlStore::find_policy(std::string_view id) {
    return find_one<Policy>(*pool_, kPolicies.find, Values(id), read_policy);
}

Result<std::optional<TemplateRecord>> PostgresqlStore::find_template(std::string_view name) {
    return find_one<TemplateRecord>(*pool_, kTemplates.find, Values(name), read_template);
}

Result<Page<Policy>> PostgresqlStore::list_policies(const PageRequest& page) {
    return list_records<Policy>(*pool_, kPolicies.list, page, read_policy,
                                [](const Policy& policy) { return policy.id; });
}

Result<Page<TemplateRecord>> PostgresqlStore::list_templates(const PageRequest& page) {
    return list_records<TemplateRecord>(*pool_, kTemplates.list, page, read_template,
                                        [](const TemplateRecord& record) { return record.name; });
}

Result<bool> PostgresqlStore::put_policy(const Policy& policy, AuditRecord audit,
                                         const Precondition& premise) {
    const std::string names = encode(policy.subject_alt_names);
    const std::string key_usage = encode(policy.key_usage);
    const std::string extended_key_usage = encode(policy.extended_key_usage);
    const std::string hash_algorithms = encode(policy.hash_algorithms);
    const std::string assignments = encode(policy.assignments);
    const auto values = [&](const std::string& revision, const std::string& before) {
        return Values(policy.id, policy.certificate_request_id, policy.template_name,
                      policy.subject_format, names, key_usage, extended_key_usage,
                      word_of(kPolicyKeyTypes, policy.key_type), policy.minimum_key_size,
                      hash_algorithms, policy.validity_days, policy.renewal_threshold_percent,
                      policy.challenge_ttl_seconds, policy.retry_window_seconds, assignments,
                      policy.require_registered_key, policy.security_identifier_extension,
                      policy.owner, revision, before);
    };
    return put_record(kPolicies, policy.id, values, std::move(audit), premise);
}

Result<bool> PostgresqlStore::put_template(const TemplateRecord& record, AuditRecord audit,
                                           const Precondition& premise) {
    const std::string permissions = encode(record.permissions);
    const auto values = [&](const std::string& revision, const std::string& before) {
        return Values(record.name, permissions, record.owner, revision, before);
    };
    return put_record(kTemplates, record.name, values, std::move(audit), premise);
}

Result<void> PostgresqlStore::delete_policy(std::string_view id, AuditRecord audit,
                                            const Precondition& premise) {
    return delete_record(kPolicies, id, std::move(audit), premise, "policy");
}

Result<void> PostgresqlStore::delete_template(std::string_view name, AuditRecord audit,
                                              const Precondition& premise) {
    return delete_record(kTemplates, name, std::move(audit), premise, "template");
}

}  // namespace ndes::crp::pg
