// AuditVerifier: follows the chains of the audit record by record and names the first fault.
// Memory: one tail for each node and some 130 octets for each checkpoint, whatever the length of
// the chains. Knows no storage. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "crp-service/domain/decision.h"
#include "crp-service/store/audit_chain.h"

namespace ndes::crp {

struct AuditFault {
    enum class Kind {
        missing,     // records were deleted, or moved away from here
        misplaced,   // a record stands where another belongs: moved, repeated or inserted
        edited,      // a record does not have the hash that it claims
        broken,      // a record is whole in itself, but goes on from another record than is there
        rewritten,   // the chain holds, but a signed checkpoint says another hash
        truncated,   // a signed checkpoint says that there was more
        forged,      // a checkpoint is not signed by a key that was given
        unreadable,  // not a record at all
    };
    Kind kind{};
    std::string node;
    std::int64_t sequence = 0;  // where the first thing is wrong
    std::string text;
};
const char* to_string(AuditFault::Kind kind);

class AuditVerifier {
  public:
    // A checkpoint whose signature was found genuine; all before the first record. Two that
    // contradict each other are a fault.
    std::optional<AuditFault> expect(const AuditCheckpoint& checkpoint);
    // The next record of its node's chain.
    std::optional<AuditFault> accept(const AuditRecord& record);
    // After the last record.
    std::optional<AuditFault> finish() const;

    const std::map<std::string, AuditTail, std::less<>>& tails() const { return tails_; }
    std::int64_t records() const { return records_; }
    std::int64_t checkpoints_met() const { return checkpoints_met_; }
    // Records after the last checkpoint of their chain: what could still be cut off unseen.
    std::int64_t unprotected() const;

  private:
    std::map<std::string, AuditTail, std::less<>> tails_;
    std::map<std::string, std::map<std::int64_t, std::string>, std::less<>> expected_;
    std::int64_t records_ = 0;
    std::int64_t checkpoints_met_ = 0;
};

}  // namespace ndes::crp
