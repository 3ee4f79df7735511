// The audit's hash chain: the one encoding of a record and its hash, shared by every backend and
// by the verifier. Each record's hash covers the hash before it, so that an edit, deletion,
// insertion or exchange of records breaks the chain at that place.
// Knows no storage. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/bytes.h"
#include "common/error.h"
#include "crp-service/domain/decision.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// The last record of a chain; by default that of an empty one (64 zeros).
struct AuditTail {
    std::int64_t sequence = 0;
    std::string hash = std::string(64, '0');
    bool operator==(const AuditTail&) const = default;
};

// What the first record of a node's chain follows: the SHA-256 of the node's name, 64 zeros for "".
AuditTail chain_start(std::string_view node);

// What the hash covers besides the hash before: sequence and time as 8 octets, then each text
// field in the order of AuditRecord, then the number of facts as 4 octets and their names and
// values. A text is its length as 4 octets and its octets; integers are big-endian.
Bytes canonical_encoding(const AuditRecord& record);

// Hex SHA-256(previous_hash as 64 hex digits || canonical_encoding).
std::string audit_hash(std::string_view previous_hash, const AuditRecord& record);

// Completes a record as the next one after `tail`: sequence, previous_hash, hash. Ill-formed UTF-8
// in any of its texts becomes U+FFFD first, so that every backend and export can give back what was
// hashed.
void seal_audit_record(AuditRecord& record, const AuditTail& tail);

// True if the record is unchanged and is the next one after `tail`.
bool continues_chain(const AuditRecord& record, const AuditTail& tail);

// Reads the whole audit, each node's chain by itself; the tail of the record read last, or
// conflict naming the first sequence that is wrong. What is cut off at the end shows only when the
// tail is compared with one kept elsewhere.
Result<AuditTail> verify_audit(Store& store);

}  // namespace ndes::crp
