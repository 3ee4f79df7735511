#include "crp-service/audit/audit_verifier.h"

#include "tests/catch.h"
#include "tests/unit/audit/audit_samples.h"

using ndes::crp::AuditFault;
using ndes::crp::AuditRecord;
using ndes::test::CheckpointKey;
using ndes::test::find_fault;
using ndes::test::make_chain;

namespace {

void check_fault(const std::optional<AuditFault>& fault, AuditFault::Kind kind,
                 std::int64_t sequence) {
    REQUIRE(fault);
    CHECK(fault->kind == kind);
    CHECK(fault->sequence == sequence);
}

// Computes everything from record `from` on anew, as somebody who can write the database would.
void rewrite(std::vector<AuditRecord>& records, std::size_t from) {
    ndes::crp::AuditTail tail = ndes::crp::chain_start(records.front().node);
    if (from > 0) tail = {records[from - 1].sequence, records[from - 1].hash};
    for (std::size_t i = from; i < records.size(); ++i) {
        ndes::crp::seal_audit_record(records[i], tail);
        tail = {records[i].sequence, records[i].hash};
    }
}

}  // namespace

TEST_CASE("a whole chain has no fault") {
    CHECK_FALSE(find_fault({}));
    CHECK_FALSE(find_fault(make_chain(50)));
    CHECK_FALSE(find_fault(make_chain(50, "node-a")));
}

TEST_CASE("chains of several nodes may come mixed") {
    const auto a = make_chain(3, "a");
    const auto b = make_chain(2, "b");
    CHECK_FALSE(find_fault({a[0], b[0], a[1], b[1], a[2]}));
    check_fault(find_fault({a[0], b[0], a[2]}), AuditFault::Kind::missing, 2);
}

TEST_CASE("a chain cannot pass for another node's") {
    auto records = make_chain(3, "a");
    for (AuditRecord& record : records)
        record.node = "b";
    check_fault(find_fault(records), AuditFault::Kind::broken, 1);
}

TEST_CASE("each kind of tampering is told by its name and place") {
    auto records = make_chain(10);
    SECTION("an edit") {
        records[4].reason = "Success!";
        check_fault(find_fault(records), AuditFault::Kind::edited, 5);
    }
    SECTION("an edit with a hash that fits it") {
        records[4].reason = "Success!";
        records[4].hash = ndes::crp::audit_hash(records[4].previous_hash, records[4]);
        check_fault(find_fault(records), AuditFault::Kind::broken, 6);
    }
    SECTION("a deletion") {
        records.erase(records.begin() + 4, records.begin() + 6);
        check_fault(find_fault(records), AuditFault::Kind::missing, 5);
    }
    SECTION("a repetition") {
        records.insert(records.begin() + 4, records[3]);
        check_fault(find_fault(records), AuditFault::Kind::misplaced, 5);
    }
    SECTION("an exchange of two") {
        std::swap(records[4], records[7]);
        check_fault(find_fault(records), AuditFault::Kind::missing, 5);
    }
}

TEST_CASE("only a signed checkpoint shows what the chain cannot") {
    const CheckpointKey key;
    auto records = make_chain(10);
    const std::vector<ndes::crp::AuditCheckpoint> checkpoints = {key.sign(records[5]),
                                                                 key.sign(records[9])};
    CHECK_FALSE(find_fault(records, checkpoints));
    SECTION("a truncation") {
        records.resize(8);
        CHECK_FALSE(find_fault(records));
        check_fault(find_fault(records, checkpoints), AuditFault::Kind::truncated, 9);
    }
    SECTION("everything removed") {
        check_fault(find_fault({}, checkpoints), AuditFault::Kind::truncated, 1);
    }
    SECTION("a chain written anew from some record on") {
        records[3].outcome = "permit";
        rewrite(records, 3);
        CHECK_FALSE(find_fault(records));
        check_fault(find_fault(records, checkpoints), AuditFault::Kind::rewritten, 6);
    }
}

TEST_CASE("the verifier counts what no checkpoint protects") {
    const CheckpointKey key;
    const auto records = make_chain(10);
    ndes::crp::AuditVerifier verifier;
    CHECK_FALSE(verifier.expect(key.sign(records[6])));
    for (const AuditRecord& record : records)
        CHECK_FALSE(verifier.accept(record));
    CHECK(verifier.unprotected() == 3);
    CHECK(verifier.records() == 10);
    CHECK(verifier.checkpoints_met() == 1);
}
