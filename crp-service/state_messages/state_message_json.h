// What one state message says, as JSON: the same words in the API, and in the events of a webhook.
// Pure; any thread.
#pragma once

#include "common/strict_json.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// Without what belongs to its delivery.
Json state_message_json(const StateMessage& message);

// "challenge-validation-failed", "issued", …: the state's name; "unknown" for a number without.
std::string_view state_word(StateId state);

}  // namespace ndes::crp
