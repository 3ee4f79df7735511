// /api/v1/users: the MDM's users.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

Answer put_user(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto user = user_from_json(*body, *id);
    if (!user) return refuse(user);
    AuditRecord audit = call.audit("put-user");
    audit.facts = {{"user_id", *id}};
    auto is_new = call.store.put_user(*user, std::move(audit));
    if (!is_new) return refuse(is_new);
    return json_response(*is_new ? 201 : 200, to_json(*user));
}

Answer get_user(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto user = call.store.find_user(*id);
    if (!user) return refuse(user);
    if (!*user) {
        return refuse(ProblemCode::record_unknown, "there is no user \"" + *id + "\"");
    }
    return json_response(200, to_json(**user));
}

Answer delete_user(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    AuditRecord audit = call.audit("delete-user");
    audit.facts = {{"user_id", *id}};
    auto deleted = call.store.delete_user(*id, std::move(audit));
    if (!deleted) return refuse(deleted);
    return empty_response();
}

Answer list_users(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_users(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const User& user) { return to_json(user); });
}

}  // namespace ndes::crp
