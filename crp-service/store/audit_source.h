// AuditSource: the audit as it lies in the database, read for its verification: without a lock,
// beside a crpd at work, and without taking anything of it for granted. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "common/error.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

class AuditSource {
  public:
    virtual ~AuditSource() = default;
    // The next records, each node's in the order of their sequence numbers, at most `limit`; empty
    // at the end. A record whose facts cannot be read has them as one nameless fact, so that it
    // does not match its hash.
    virtual Result<std::vector<AuditRecord>> next(std::size_t limit) = 0;
    virtual Result<std::vector<AuditCheckpoint>> checkpoints() = 0;
};

}  // namespace ndes::crp
