// Signed checkpoints of the audit: what is signed, by whom, and whether it is genuine.
// A chain of hashes alone cannot show that its end was cut off or that all of it was written anew;
// a checkpoint signed with a key that is not in the database can. Any thread.
#pragma once

#include <memory>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/signature.h"
#include "common/error.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// What the signature covers: lines "ndes-crp audit checkpoint v1", node, sequence, hash and time
// (RFC 3339 as in the export), each ended by a line feed.
std::string signed_text(const AuditCheckpoint& checkpoint);

// Fills key_id and signature.
Result<void> sign_checkpoint(AuditCheckpoint& checkpoint, EVP_PKEY* key);

using PublicKeys = std::vector<std::shared_ptr<EVP_PKEY>>;

// True if one of `keys` signed it.
bool is_genuine(const AuditCheckpoint& checkpoint, const PublicKeys& keys);

}  // namespace ndes::crp
