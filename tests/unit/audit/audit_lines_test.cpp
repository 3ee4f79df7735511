#include "crp-service/audit/audit_lines.h"

#include "tests/catch.h"
#include "tests/unit/audit/audit_samples.h"

using ndes::crp::parse_audit_line;

TEST_CASE("a record's line gives the record back, hash and all") {
    for (const auto& record : ndes::test::make_chain(5, "a")) {
        const auto line = parse_audit_line(ndes::crp::to_line(record));
        REQUIRE(line);
        REQUIRE(line->record);
        CHECK(line->record->node == "a");
        CHECK(line->record->facts == record.facts);
        CHECK(ndes::crp::audit_hash(line->record->previous_hash, *line->record) == record.hash);
    }
}

TEST_CASE("the members of a line have one order") {
    const std::string line = ndes::crp::to_line(ndes::test::make_chain(1)[0]);
    std::size_t at = 0;
    for (const char* member : {"node", "sequence", "time", "event", "outcome", "reason", "caller",
                               "peerAddress", "transactionId", "facts", "previousHash", "hash"}) {
        const std::size_t found = line.find("\"" + std::string(member) + "\":");
        REQUIRE(found != std::string::npos);
        CHECK(found >= at);
        at = found;
    }
}

TEST_CASE("a checkpoint's line gives the checkpoint back") {
    const ndes::test::CheckpointKey key;
    const auto checkpoint = key.sign(ndes::test::make_chain(3)[2]);
    const auto line = parse_audit_line(ndes::crp::to_line(checkpoint));
    REQUIRE(line);
    REQUIRE(line->checkpoint);
    CHECK(ndes::crp::is_genuine(*line->checkpoint, key.keys()));
}

TEST_CASE("what is neither a record nor a checkpoint is refused") {
    const std::string good = ndes::crp::to_line(ndes::test::make_chain(1)[0]);
    const std::string without_end = good.substr(0, good.size() - 1);
    for (const std::string& line :
         {std::string(), std::string("{}"), std::string("[]"), std::string("{\"checkpoint\":{}}"),
          without_end, without_end + ",\"more\":1}", good + "x",
          "{\"checkpoint\":1," + good.substr(1)}) {
        const auto parsed = parse_audit_line(line);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == ndes::ErrorCode::conflict);
    }
}
