// /api/v1/audit: the audit, oldest first; ?after= for what is new.
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_audit(const Call& call) {
    auto query = call.list_query();
    if (!query) return tl::unexpected(std::move(query.error()));
    auto found = call.store.list_audit(query->page);
    if (!found) return refuse(found);
    return page_response(call, *found, [](const AuditRecord& one) { return to_json(one); });
}

}  // namespace ndes::crp
