#include "crp-service/store/audit_chain.h"

#include "crp-service/store/memory_store.h"
#include "tests/catch.h"

using ndes::crp::AuditRecord;
using ndes::crp::AuditTail;

namespace {

AuditRecord sample() {
    AuditRecord record;
    record.time = ndes::from_unix_ms(1'700'000'000'123);
    record.event = "verify";
    record.outcome = "deny";
    record.reason = "ChallengeReplayed";
    record.caller = "ndes-1";
    record.peer_address = "192.0.2.1";
    record.transaction_id = "T1";
    record.facts = {{"device", "d1"}};
    return record;
}

}  // namespace

TEST_CASE("the canonical encoding is this and stays this") {
    AuditRecord record;
    record.sequence = 2;
    record.time = ndes::from_unix_ms(0x0102);
    record.event = "ab";
    record.facts = {{"n", "v"}};
    CHECK(ndes::to_hex(ndes::crp::canonical_encoding(record)) ==
          "0000000000000002"
          "0000000000000102"
          "000000026162"
          "00000000"
          "00000000"
          "00000000"
          "00000000"
          "00000000"
          "00000001"
          "000000016e"
          "0000000176");
}

TEST_CASE("the hash of a known record, as Python's hashlib computes it") {
    AuditRecord record = sample();
    ndes::crp::seal_audit_record(record, AuditTail{});
    CHECK(record.sequence == 1);
    CHECK(record.previous_hash == std::string(64, '0'));
    CHECK(record.hash == "5fd21c61dc17ef3adf55a1360f3f3ddba8f40be31b8e141a09543f0b669fac4a");
    CHECK(ndes::crp::continues_chain(record, AuditTail{}));
}

TEST_CASE("any change of a record breaks the chain") {
    AuditRecord record = sample();
    ndes::crp::seal_audit_record(record, AuditTail{});
    const std::vector<std::function<void(AuditRecord&)>> changes{
        [](AuditRecord& r) { r.sequence = 2; },
        [](AuditRecord& r) { r.time += std::chrono::milliseconds(1); },
        [](AuditRecord& r) { r.event = "notify"; },
        [](AuditRecord& r) { r.outcome = "permit"; },
        [](AuditRecord& r) { r.reason = "Success"; },
        [](AuditRecord& r) { r.caller = "ndes-2"; },
        [](AuditRecord& r) { r.peer_address = "192.0.2.2"; },
        [](AuditRecord& r) { r.transaction_id = "T2"; },
        [](AuditRecord& r) { r.facts[0].first = "devic"; },
        [](AuditRecord& r) { r.facts[0].second = "d2"; },
        [](AuditRecord& r) { r.facts.clear(); },
        [](AuditRecord& r) { r.previous_hash[0] = '1'; },
        [](AuditRecord& r) { r.hash[0] = r.hash[0] == '0' ? '1' : '0'; },
        // Octets moved from one field to the next.
        [](AuditRecord& r) {
            r.event = "verif";
            r.outcome = "ydeny";
        },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        CAPTURE(i);
        AuditRecord changed = record;
        changes[i](changed);
        CHECK_FALSE(ndes::crp::continues_chain(changed, AuditTail{}));
    }
}

TEST_CASE("a record does not continue another chain") {
    AuditRecord record = sample();
    ndes::crp::seal_audit_record(record, AuditTail{});
    CHECK_FALSE(ndes::crp::continues_chain(record, AuditTail{0, std::string(64, '1')}));
    CHECK_FALSE(ndes::crp::continues_chain(record, AuditTail{1, std::string(64, '0')}));
}

TEST_CASE("ill-formed UTF-8 in facts is repaired before it is hashed") {
    AuditRecord record = sample();
    record.facts = {{"n\xff", "\xc3\xa9\xc3"}};
    ndes::crp::seal_audit_record(record, AuditTail{});
    CHECK(record.facts[0].first == "n\ufffd");
    CHECK(record.facts[0].second == "\u00e9\ufffd");
    CHECK(ndes::crp::continues_chain(record, AuditTail{}));
}

TEST_CASE("the verifier reads every page") {
    ndes::crp::MemoryStore store;
    CHECK(*ndes::crp::verify_audit(store) == AuditTail{});
    for (int i = 0; i < 2500; ++i)
        REQUIRE(store.append_audit(sample()));
    auto tail = ndes::crp::verify_audit(store);
    REQUIRE(tail);
    CHECK(tail->sequence == 2500);
}
