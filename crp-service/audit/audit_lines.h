// The audit's export format: one JSON object a line (JSON Lines), members in a fixed order, so that
// anybody can recompute the hashes from the file alone. crp-service/audit/README.md describes it.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "common/strict_json.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// {"node","sequence","time","event","outcome","reason","caller","peerAddress","transactionId",
//  "facts":[["name","value"],…],"previousHash","hash"}; no line end.
std::string to_line(const AuditRecord& record);
// {"checkpoint":{"node","sequence","hash","time","keyId","signature"}}; no line end.
std::string to_line(const AuditCheckpoint& checkpoint);

// One line is one of the two. conflict, saying what is wrong, if it is neither.
struct AuditLine {
    std::optional<AuditRecord> record;
    std::optional<AuditCheckpoint> checkpoint;
};
Result<AuditLine> parse_audit_line(std::string_view line);

// A record of the API's JSON (GET /api/v1/audit). conflict as above.
Result<AuditRecord> audit_record_from_api(const Json& json);

}  // namespace ndes::crp
