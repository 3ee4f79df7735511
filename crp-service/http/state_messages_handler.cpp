// /api/v1/state-messages: the outbox, oldest first; ?after= for what is new.
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_state_messages(const Call& call) {
    auto query = call.list_query();
    if (!query) return tl::unexpected(std::move(query.error()));
    auto found = call.store.list_state_messages(query->page);
    if (!found) return refuse(found);
    return page_response(call, *found, [](const StateMessage& one) { return to_json(one); });
}

}  // namespace ndes::crp
