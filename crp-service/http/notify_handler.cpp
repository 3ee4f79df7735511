// POST …/Certificate/Notify: what became of a verified request. 204 when it is recorded.
#include "common/crp_protocol/notify_v1.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer notify(const Call& call) {
    auto told = crp_protocol::notify_request_from_json(call.request.body);
    if (!told) return refuse(told);
    // The challenge is not looked at: the transaction names the decision, and that the challenge.
    NotifyInput input;
    input.transaction_id = std::move(told->transaction_id);
    input.request_id = std::move(told->request_id);
    input.disposition = static_cast<std::int32_t>(told->disposition);
    input.hresult = told->hresult;
    input.certificate = std::move(told->certificate);
    auto recorded = call.parts.verify->notify(input, call.identity());
    if (!recorded) return refuse(recorded);
    return empty_response();
}

}  // namespace ndes::crp
