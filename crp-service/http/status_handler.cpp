// GET /api/v1/status: the figures that a monitoring tool asks for, without any record's contents.
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer show_status(const Call& call) {
    const WallTime now = call.clock.now();
    auto backlogs = call.store.count_deliveries();
    if (!backlogs) return refuse(backlogs);
    auto outstanding = call.store.count_outstanding_challenges(now);
    if (!outstanding) return refuse(outstanding);
    Json sinks = Json::array();
    for (const SinkBacklog& backlog : *backlogs) {
        if (!backlog.is_configured) continue;
        sinks.push_back(
            {{"sink", backlog.sink},
             {"waiting", backlog.waiting},
             {"dead", backlog.dead},
             {"oldestWaiting",
              backlog.oldest_waiting ? Json(to_rfc3339(*backlog.oldest_waiting)) : Json(nullptr)}});
    }
    std::int64_t challenges = 0;
    for (const KeyUse& use : *outstanding)
        challenges += use.count;
    return json_response(200, {{"time", to_rfc3339(now)},
                               {"outstandingChallenges", challenges},
                               {"stateMessageSinks", std::move(sinks)}});
}

}  // namespace ndes::crp
