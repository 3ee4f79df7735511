// /api/v1/transactions: what was asked, decided and became of it.
#include <algorithm>

#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_transactions(const Call& call) {
    auto query = call.list_query({"reason", "deviceId", "state", "since"});
    if (!query) return tl::unexpected(std::move(query.error()));
    const auto state = query->word<TransactionState>("state");
    if (!state) return tl::unexpected(state.error());
    const auto since = query->time("since");
    if (!since) return tl::unexpected(since.error());
    auto found = call.store.list_transactions(
        query->page, {query->text("deviceId"), query->text("reason"), *state, *since});
    if (!found) return refuse(found);
    return page_response(call, *found, [](const Transaction& one) { return to_json(one); });
}

// A transaction ID is the device's choice: any octets, and it can come again with another owner.
Answer get_transaction(const Call& call) {
    auto history = call.store.find_transaction_history(call.parameter);
    if (!history) return refuse(history);
    std::vector<Transaction>& visible = *history;
    visible.erase(std::remove_if(visible.begin(), visible.end(),
                                 [&](const Transaction& one) {
                                     // Refused before anything was known of it: names nobody,
                                     // and whoever knows the ID may learn the reason.
                                     const bool names_nobody = one.decision.owner.empty() &&
                                                               one.decision.device_id.empty();
                                     return !names_nobody && !call.may_see(one.decision.owner);
                                 }),
                  visible.end());
    if (visible.empty()) {
        return refuse(ProblemCode::record_unknown, "there is no such transaction");
    }
    return json_response(200, to_json(visible.front(), visible));
}

}  // namespace ndes::crp
