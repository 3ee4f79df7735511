// State messages for the tests of sinks.
#pragma once

#include <string>

#include "common/strict_json.h"
#include "crp-service/store/memory_store.h"
#include "tests/catch.h"

namespace ndes::test {

inline crp::StateMessage sample_message(const std::string& id, const std::string& transaction) {
    crp::StateMessage message;
    message.id = id;
    message.transaction_id = transaction;
    message.decision_id = "decision-" + id;
    message.state = crp::StateId::issued;
    message.device_id = "phone-1";
    message.user_id = "alice";
    message.certificate_request_id = "ModelName=wifi;Version=1;Hash=1";
    message.reason = "Success";
    message.created_at = from_rfc3339("2026-11-20T13:35:00.123Z").value();
    return message;
}

inline void record_message(crp::Store& store, crp::StateMessage message) {
    crp::DecisionCommit commit;
    commit.decision.id = message.decision_id;
    commit.decision.transaction_id = message.transaction_id;
    commit.messages = {std::move(message)};
    REQUIRE(store.commit_decision(commit));
}

}  // namespace ndes::test
