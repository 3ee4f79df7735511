// GET /api/v1/keys: which keys are configured, and how many challenges depend on each. No key.
#include "crp-service/challenge/contents_json.h"
#include "crp-service/enrollment/key_census.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_keys(const Call& call) {
    auto census = take_key_census(*call.parts.codec, call.store, call.clock.now());
    if (!census) return refuse(census);
    Json items = Json::array();
    for (const KeyStatus& key : *census) {
        items.push_back({{"kind", to_string(key.kind)},
                         {"id", key.id},
                         {"place", to_string(key.place)},
                         {"outstanding", key.outstanding},
                         {"lastExpiry", key.outstanding > 0 ? Json(to_rfc3339(key.last_expiry))
                                                            : Json(nullptr)}});
    }
    return json_response(
        200, {{"items", std::move(items)}, {"fault", or_null(tell_missing_keys(*census))}});
}

}  // namespace ndes::crp
