// JSON ↔ challenge orders, answers and records. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "common/strict_json.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/enrollment/challenge_service.h"

namespace ndes::crp {

// The body of POST /api/v1/challenges: one order, or an array of them (a batch).
struct ChallengeOrders {
    std::vector<ChallengeOrder> orders;  // at least one
    bool is_batch = false;
};
// bad_request names the field, in a batch as "[3].deviceId".
Result<ChallengeOrders> challenge_orders_from_json(const Json& body);

// {"challengeId","challenge","scepUrl","caThumbprint","expiresAt"}
Json to_json(const CreatedChallenge& created);

// A record as GET shows it: never the challenge itself.
Json to_json(const Challenge& challenge);

}  // namespace ndes::crp
