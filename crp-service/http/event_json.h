// What was decided, issued, told and audited, as JSON. Never a challenge, key or CSR.
// Pure functions; any thread.
#pragma once

#include <vector>

#include "common/strict_json.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

Json contents_json(const CertificateContents& contents);
Json to_json(const Transaction& transaction);
// The newest decision, with "history": all of this ID that the caller may see, newest first.
Json to_json(const Transaction& newest, const std::vector<Transaction>& history);
Json to_json(const IssuedCertificate& certificate);
Json to_json(const StateMessage& message);
Json to_json(const AuditRecord& record);
Json to_json(const AuditCheckpoint& checkpoint);

}  // namespace ndes::crp
