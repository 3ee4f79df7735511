#include "crp-service/audit/audit_verifier.h"

namespace ndes::crp {

namespace {

using Kind = AuditFault::Kind;

// What is wrong with a record that does not continue the chain.
AuditFault fault_of(const AuditRecord& record, const AuditTail& tail) {
    const std::int64_t next = tail.sequence + 1;
    const std::string found = "record " + std::to_string(record.sequence);
    if (record.sequence > next) {
        return {Kind::missing, record.node, next,
                "the next one there is " + found + "; " + std::to_string(record.sequence - next) +
                    " are gone"};
    }
    if (record.sequence < next) {
        return {Kind::misplaced, record.node, next, found + " stands in its place"};
    }
    if (record.hash != audit_hash(record.previous_hash, record)) {
        return {Kind::edited, record.node, next,
                "its contents and its hash do not belong together"};
    }
    return {Kind::broken, record.node, next, "it goes on from another record than the one before"};
}

}  // namespace

const char* to_string(AuditFault::Kind kind) {
    switch (kind) {
        case Kind::missing: return "missing";
        case Kind::misplaced: return "misplaced";
        case Kind::edited: return "edited";
        case Kind::broken: return "broken";
        case Kind::rewritten: return "rewritten";
        case Kind::truncated: return "truncated";
        case Kind::forged: return "forged";
        case Kind::unreadable: return "unreadable";
    }
    return "";
}

std::optional<AuditFault> AuditVerifier::expect(const AuditCheckpoint& checkpoint) {
    auto& chain = expected_[checkpoint.node];
    const auto [known, is_new] = chain.emplace(checkpoint.sequence, checkpoint.hash);
    if (is_new || known->second == checkpoint.hash) return std::nullopt;
    return AuditFault{Kind::rewritten, checkpoint.node, checkpoint.sequence,
                      "two genuine checkpoints say two hashes"};
}

std::optional<AuditFault> AuditVerifier::accept(const AuditRecord& record) {
    auto found = tails_.find(record.node);
    if (found == tails_.end()) {
        found = tails_.emplace(record.node, chain_start(record.node)).first;
    }
    AuditTail& tail = found->second;
    if (!continues_chain(record, tail)) return fault_of(record, tail);
    tail = {record.sequence, record.hash};
    ++records_;
    const auto chain = expected_.find(record.node);
    if (chain == expected_.end()) return std::nullopt;
    const auto checkpoint = chain->second.find(record.sequence);
    if (checkpoint == chain->second.end()) return std::nullopt;
    ++checkpoints_met_;
    if (checkpoint->second == record.hash) return std::nullopt;
    return AuditFault{Kind::rewritten, record.node, record.sequence,
                      "its hash is not the one of the signed checkpoint"};
}

std::optional<AuditFault> AuditVerifier::finish() const {
    for (const auto& [node, chain] : expected_) {
        if (chain.empty()) continue;
        const auto found = tails_.find(node);
        const std::int64_t last = found == tails_.end() ? 0 : found->second.sequence;
        const std::int64_t least = chain.rbegin()->first;
        if (last >= least) continue;
        return AuditFault{Kind::truncated, node, last + 1,
                          "a signed checkpoint tells of record " + std::to_string(least)};
    }
    return std::nullopt;
}

std::int64_t AuditVerifier::unprotected() const {
    std::int64_t count = 0;
    for (const auto& [node, tail] : tails_) {
        const auto chain = expected_.find(node);
        const bool any = chain != expected_.end() && !chain->second.empty();
        count += tail.sequence - (any ? chain->second.rbegin()->first : 0);
    }
    return count;
}

}  // namespace ndes::crp
