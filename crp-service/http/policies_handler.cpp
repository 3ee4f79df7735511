// /api/v1/policies: the MDM's policies.
#include "crp-service/enrollment/policy_check.h"
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

Answer put_policy(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto policy = policy_from_json(*body, *id);
    if (!policy) return refuse(policy);
    if (auto sound = check_policy(*policy); !sound) return refuse(sound);
    AuditRecord audit = call.audit("put-policy");
    audit.facts = {{"policy_id", *id}};
    auto is_new = call.store.put_policy(*policy, std::move(audit));
    if (!is_new) return refuse(is_new);
    return json_response(*is_new ? 201 : 200, to_json(*policy));
}

Answer get_policy(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto policy = call.store.find_policy(*id);
    if (!policy) return refuse(policy);
    if (!*policy) {
        return refuse(ProblemCode::record_unknown, "there is no policy \"" + *id + "\"");
    }
    return json_response(200, to_json(**policy));
}

Answer delete_policy(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    AuditRecord audit = call.audit("delete-policy");
    audit.facts = {{"policy_id", *id}};
    auto deleted = call.store.delete_policy(*id, std::move(audit));
    if (!deleted) return refuse(deleted);
    return empty_response();
}

Answer list_policies(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_policies(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const Policy& policy) { return to_json(policy); });
}

}  // namespace ndes::crp
