// Somebody who may do anything with the file, and what the verifier says: 1,000 random edits,
// deletions, exchanges, insertions and truncations of a real SQLite file, and as many of an export.
#include <random>

#include "common/sqlite/database.h"
#include "crp-service/audit/audit_lines.h"
#include "crp-service/store/store_factory.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/unit/audit/audit_samples.h"

using ndes::crp::AuditRecord;
using ndes::sqlite::Database;
using ndes::sqlite::OpenMode;

namespace {

constexpr int kRecords = 60;
constexpr int kTrials = 1000;

class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    // 0 … most - 1
    int roll(int most) { return std::uniform_int_distribution<int>(0, most - 1)(engine_); }

  private:
    std::mt19937 engine_;
};

struct File {
    ndes::test::TemporaryFolder folder;
    ndes::crp::StoreOptions options{.kind = "sqlite", .path = folder / "crp.db", .readers = 1};

    File() {
        REQUIRE(ndes::crp::create_store(options, ndes::system_clock()));
        auto store = ndes::crp::open_store(options, ndes::system_clock());
        REQUIRE(store);
        for (AuditRecord& record : ndes::test::make_chain(kRecords))
            REQUIRE((*store)->append_audit(std::move(record)));
        store->reset();
        execute(
            "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted;"
            "CREATE TABLE pristine AS SELECT * FROM audit");
    }

    void execute(const std::string& sql) {
        auto database = Database::open(options.path, OpenMode::read_write);
        REQUIRE(database);
        const auto done = database->execute("PRAGMA synchronous=OFF;" + sql);
        INFO(sql);
        REQUIRE(done);
    }

    std::vector<AuditRecord> records() {
        auto source = ndes::crp::open_audit(options);
        REQUIRE(source);
        std::vector<AuditRecord> all;
        for (;;) {
            auto batch = (*source)->next(17);
            REQUIRE(batch);
            if (batch->empty()) return all;
            all.insert(all.end(), batch->begin(), batch->end());
        }
    }
};

std::string text(int number) { return std::to_string(number); }

std::string edit(Dice& dice, int sequence) {
    static const char* const kColumns[] = {
        "time = time + 1",      "event = event || 'x'", "outcome = 'permit '",
        "reason = ''",          "caller = 'ndes-2'",    "peer_address = '192.0.2.2'",
        "transaction_id = 'T'", "facts_json = '[]'",    "facts_json = 'nonsense'",
        "previous_hash = hash", "hash = previous_hash"};
    return "UPDATE audit SET " + std::string(kColumns[dice.roll(std::size(kColumns))]) +
           " WHERE sequence = " + text(sequence);
}

// SQL of one random tampering.
std::string tampering(Dice& dice) {
    const int at = 1 + dice.roll(kRecords);
    const int other = 1 + (at + dice.roll(kRecords - 1)) % kRecords;
    switch (dice.roll(5)) {
        case 0: return edit(dice, at);
        case 1: return "DELETE FROM audit WHERE sequence = " + text(at);
        case 2:  // exchange of two
            return "UPDATE audit SET sequence = -1 WHERE sequence = " + text(at) +
                   ";UPDATE audit SET sequence = " + text(at) + " WHERE sequence = " + text(other) +
                   ";UPDATE audit SET sequence = " + text(other) + " WHERE sequence = -1";
        case 3:  // insertion: the later ones move up, or one is put before the first
            return "UPDATE audit SET sequence = -sequence WHERE sequence >= " + text(at) +
                   ";UPDATE audit SET sequence = 1 - sequence WHERE sequence < 0;"
                   "INSERT INTO audit SELECT " +
                   text(at) +
                   ", time, event, outcome, reason, caller, peer_address, transaction_id, "
                   "facts_json, previous_hash, hash FROM pristine WHERE sequence = " +
                   text(other);
        default: return "DELETE FROM audit WHERE sequence > " + text(at - 1);
    }
}

}  // namespace

TEST_CASE("1,000 of 1,000 tamperings with the database are found") {
    File file;
    const auto whole = file.records();
    REQUIRE(whole.size() == kRecords);
    const ndes::test::CheckpointKey key;
    const std::vector<ndes::crp::AuditCheckpoint> checkpoints = {key.sign(whole.back())};
    REQUIRE_FALSE(ndes::test::find_fault(whole, checkpoints));
    Dice dice(20'261'124);
    int found = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
        const std::string sql = tampering(dice);
        file.execute("BEGIN;" + sql + ";COMMIT");
        INFO(sql);
        const bool seen = ndes::test::find_fault(file.records(), checkpoints).has_value();
        CHECK(seen);
        found += seen ? 1 : 0;
        file.execute("BEGIN;DELETE FROM audit;INSERT INTO audit SELECT * FROM pristine;COMMIT");
    }
    CHECK(found == kTrials);
    CHECK_FALSE(ndes::test::find_fault(file.records(), checkpoints));
}

TEST_CASE("1,000 of 1,000 tamperings with an export are found") {
    const auto whole = ndes::test::make_chain(kRecords);
    const ndes::test::CheckpointKey key;
    const std::vector<ndes::crp::AuditCheckpoint> checkpoints = {key.sign(whole.back())};
    std::vector<std::string> lines;
    for (const AuditRecord& record : whole)
        lines.push_back(ndes::crp::to_line(record));
    Dice dice(1'124'2026);
    int found = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
        std::vector<std::string> changed = lines;
        const auto at = static_cast<std::size_t>(dice.roll(kRecords));
        const auto other = (at + 1 + static_cast<std::size_t>(dice.roll(kRecords - 1))) % kRecords;
        switch (dice.roll(5)) {
            case 0: {  // one character of the line
                char& letter = changed[at][static_cast<std::size_t>(
                    dice.roll(static_cast<int>(changed[at].size())))];
                letter = letter == '0' ? '1' : '0';
                break;
            }
            case 1: changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at)); break;
            case 2: std::swap(changed[at], changed[other]); break;
            case 3:
                changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), lines[other]);
                break;
            default: changed.resize(at); break;
        }
        std::vector<AuditRecord> records;
        bool seen = false;
        for (const std::string& line : changed) {
            auto parsed = ndes::crp::parse_audit_line(line);
            seen = seen || !parsed || !parsed->record;
            if (!seen) records.push_back(std::move(*parsed->record));
        }
        seen = seen || ndes::test::find_fault(records, checkpoints).has_value();
        CHECK(seen);
        found += seen ? 1 : 0;
    }
    CHECK(found == kTrials);
}
