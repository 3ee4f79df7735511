#include "tests/unit/audit/audit_samples.h"

#include "tests/catch.h"

namespace ndes::test {

std::vector<crp::AuditRecord> make_chain(int count, const std::string& node) {
    std::vector<crp::AuditRecord> records;
    crp::AuditTail tail = crp::chain_start(node);
    for (int i = 0; i < count; ++i) {
        crp::AuditRecord record;
        record.node = node;
        record.time = from_unix_ms(1'700'000'000'000 + i * 17);
        record.event = i % 3 == 0 ? "notify" : "verify";
        record.outcome = i % 2 == 0 ? "permit" : "deny";
        record.reason = i % 2 == 0 ? "Success" : "ChallengeReplayed";
        record.caller = "ndes-1";
        record.peer_address = "192.0.2.1";
        record.transaction_id = "T" + std::to_string(i);
        record.facts = {{"device_id", "phone-" + std::to_string(i)}, {"note", "a\"b\\\u00e9\n"}};
        crp::seal_audit_record(record, tail);
        tail = {record.sequence, record.hash};
        records.push_back(std::move(record));
    }
    return records;
}

CheckpointKey::CheckpointKey()
    : key_(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), ::EVP_PKEY_free) {}

crp::AuditCheckpoint CheckpointKey::sign(const crp::AuditRecord& record) const {
    crp::AuditCheckpoint checkpoint;
    checkpoint.node = record.node;
    checkpoint.sequence = record.sequence;
    checkpoint.hash = record.hash;
    checkpoint.time = record.time;
    REQUIRE(crp::sign_checkpoint(checkpoint, key_.get()));
    return checkpoint;
}

std::optional<crp::AuditFault> find_fault(const std::vector<crp::AuditRecord>& records,
                                          const std::vector<crp::AuditCheckpoint>& checkpoints) {
    crp::AuditVerifier verifier;
    for (const crp::AuditCheckpoint& checkpoint : checkpoints) {
        if (auto fault = verifier.expect(checkpoint)) return fault;
    }
    for (const crp::AuditRecord& record : records) {
        if (auto fault = verifier.accept(record)) return fault;
    }
    return verifier.finish();
}

}  // namespace ndes::test
