// /api/v1/templates: the MDM's templates.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

Answer put_template(const Call& call) {
    auto name = call.record_id();
    if (!name) return tl::unexpected(std::move(name.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto record = template_from_json(*body, *name);
    if (!record) return refuse(record);
    AuditRecord audit = call.audit("put-template");
    audit.facts = {{"template_id", *name}};
    auto is_new = call.store.put_template(*record, std::move(audit));
    if (!is_new) return refuse(is_new);
    return json_response(*is_new ? 201 : 200, to_json(*record));
}

Answer get_template(const Call& call) {
    auto name = call.record_id();
    if (!name) return tl::unexpected(std::move(name.error()));
    auto record = call.store.find_template(*name);
    if (!record) return refuse(record);
    if (!*record) {
        return refuse(ProblemCode::record_unknown, "there is no template \"" + *name + "\"");
    }
    return json_response(200, to_json(**record));
}

Answer delete_template(const Call& call) {
    auto name = call.record_id();
    if (!name) return tl::unexpected(std::move(name.error()));
    AuditRecord audit = call.audit("delete-template");
    audit.facts = {{"template_id", *name}};
    auto deleted = call.store.delete_template(*name, std::move(audit));
    if (!deleted) return refuse(deleted);
    return empty_response();
}

Answer list_templates(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_templates(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const TemplateRecord& record) { return to_json(record); });
}

}  // namespace ndes::crp
