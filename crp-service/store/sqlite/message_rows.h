// Rows of state_message and delivery: columns, readers, and the statements of deliveries.
#pragma once

#include "crp-service/domain/decision.h"
#include "crp-service/store/sqlite/queries.h"

#define MESSAGE_COLUMNS                                                                  \
    "sequence, id, state, transaction_id, decision_id, device_id, user_id, "             \
    "certificate_request_id, reason, certificate_sha1, certificate_serial, created_at, " \
    "owner"

namespace ndes::crp {

extern const char* const kDueMessages;
extern const char* const kSinkBacklog;
extern const char* const kTakeDelivery;
extern const char* const kFailDelivery;
extern const char* const kGiveUpDelivery;

Result<StateMessage> read_message(Row& row);
Result<StateMessage> read_message(const sqlite::Statement& statement);
// Columns sink, attempts, next_attempt_at, dead_at, last_error.
Delivery read_delivery(Row& row);

}  // namespace ndes::crp
