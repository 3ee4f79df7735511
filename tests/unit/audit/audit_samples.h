// A chain of audit records and a key that signs checkpoints. One thread.
#pragma once

#include <string>
#include <vector>

#include "crp-service/audit/audit_checkpoint.h"
#include "crp-service/audit/audit_verifier.h"

namespace ndes::test {

// `count` sealed records of `node`, no two alike.
std::vector<crp::AuditRecord> make_chain(int count, const std::string& node = "");

class CheckpointKey {
  public:
    CheckpointKey();
    // Where the chain stood at its record number `sequence`.
    crp::AuditCheckpoint sign(const crp::AuditRecord& record) const;
    crp::PublicKeys keys() const { return {key_}; }

  private:
    std::shared_ptr<EVP_PKEY> key_;
};

// The fault that the records have, if any; with these checkpoints expected.
std::optional<crp::AuditFault> find_fault(
    const std::vector<crp::AuditRecord>& records,
    const std::vector<crp::AuditCheckpoint>& checkpoints = {});

}  // namespace ndes::test
