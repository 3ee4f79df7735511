// /api/v1/devices: the MDM's devices.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

Answer put_device(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto device = device_from_json(*body, *id);
    if (!device) return refuse(device);
    AuditRecord audit = call.audit("put-device");
    audit.facts = {{"device_id", *id}};
    auto is_new = call.store.put_device(*device, std::move(audit));
    if (!is_new) return refuse(is_new);
    return json_response(*is_new ? 201 : 200, to_json(*device));
}

Answer get_device(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto device = call.store.find_device(*id);
    if (!device) return refuse(device);
    if (!*device) {
        return refuse(ProblemCode::record_unknown, "there is no device \"" + *id + "\"");
    }
    return json_response(200, to_json(**device));
}

Answer delete_device(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    AuditRecord audit = call.audit("delete-device");
    audit.facts = {{"device_id", *id}};
    auto deleted = call.store.delete_device(*id, std::move(audit));
    if (!deleted) return refuse(deleted);
    return empty_response();
}

Answer list_devices(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_devices(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const Device& device) { return to_json(device); });
}

}  // namespace ndes::crp
