// A row of table decision: the decision and what became of it. Columns and reader stand together.
#pragma once

#include "common/error.h"
#include "common/sqlite/database.h"
#include "crp-service/domain/decision.h"

// A literal, so that statements are put together by the compiler.
#define DECISION_COLUMNS                                                                   \
    "sequence, id, transaction_id, request_id, csr_sha256, spki_sha256, signing_sha256, "  \
    "caller, device_address, template_name, challenge_id, device_id, user_id, policy_id, " \
    "verified, reason, phase, detail, contents_json, outcomes_json, decided_at, owner, "   \
    "state, certificate_sha256, hresult, notified_at"

namespace ndes::crp {

// Parameters: transaction, CSR, signing certificate. A yes stands unless its challenge was revoked.
// INDEXED BY: the index by transaction would lead through all refusals of that transaction.
inline constexpr const char* kStandingDecision = "SELECT " DECISION_COLUMNS R"( FROM decision
    INDEXED BY decision_by_question
    WHERE transaction_id = ? AND csr_sha256 = ? AND signing_sha256 = ? AND verified = 1
      AND NOT EXISTS (SELECT 1 FROM challenge
                      WHERE challenge.id = decision.challenge_id AND challenge.state = 'revoked')
    ORDER BY sequence LIMIT 1)";

Result<Transaction> read_transaction(const sqlite::Statement& statement);

}  // namespace ndes::crp
