// Queries of table decision that readers and the writer share.
#pragma once

#include "crp-service/store/decision_rows.h"

namespace ndes::crp {

// Parameters: transaction, CSR, signing certificate. A yes stands unless its challenge was revoked.
// INDEXED BY: the index by transaction would lead through all refusals of that transaction.
inline constexpr const char* kStandingDecision = "SELECT " DECISION_COLUMNS R"( FROM decision
    INDEXED BY decision_by_question
    WHERE transaction_id = ? AND csr_sha256 = ? AND signing_sha256 = ? AND verified = 1
      AND NOT EXISTS (SELECT 1 FROM challenge
                      WHERE challenge.id = decision.challenge_id AND challenge.state = 'revoked')
    ORDER BY sequence LIMIT 1)";

// Parameters: key, device. Another device that has a certificate of the key, else one whose
// certificate is on its way. By ranges, so that the device's own certificates are passed over.
inline constexpr const char* kKeyOfOtherDevice = R"(
    SELECT device_id, transaction_id, sha256 FROM certificate
        WHERE spki_sha256 = ?1 AND device_id < ?2
    UNION ALL
    SELECT device_id, transaction_id, sha256 FROM certificate
        WHERE spki_sha256 = ?1 AND device_id > ?2
    UNION ALL
    SELECT device_id, transaction_id, '' FROM decision
        WHERE spki_sha256 = ?1 AND device_id <> ?2
          AND state IN ('verified', 'pending', 'unconfirmed')
    LIMIT 1)";

}  // namespace ndes::crp
