// /api/v1/state-messages: the outbox, oldest first; ?after= for what is new.
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_state_messages(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_state_messages(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const StateMessage& one) { return to_json(one); });
}

}  // namespace ndes::crp
