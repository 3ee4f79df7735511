// Backup and restore of the SQLite file: what is copied, what is refused, what a restore may
// revive.
#include <fstream>
#include <optional>

#include "common/sqlite/database.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

struct Lab {
    TemporaryFolder folder;
    StoreOptions options{.kind = "sqlite", .path = folder / "crp.db", .readers = 1};
    std::filesystem::path copy = folder / "copy.db";

    Lab() { REQUIRE(create_store(options, system_clock())); }
    std::unique_ptr<Store> open() {
        auto store = open_store(options, system_clock());
        INFO((store ? std::string() : store.error().text + ": " + store.error().detail));
        REQUIRE(store);
        return std::move(*store);
    }
    AuditTail backup() {
        auto done = backup_store(options, copy);
        INFO((done ? std::string() : done.error().text + ": " + done.error().detail));
        REQUIRE(done);
        return *done;
    }
    Result<Restored> restore(bool replace, bool keep_challenges = false) {
        return restore_store(options, {copy, replace, keep_challenges}, system_clock());
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            all.push_back(entry.path().filename().string());
        }
        return all;
    }
};

std::string fact(const AuditRecord& record, const std::string& name) {
    for (const auto& [key, value] : record.facts) {
        if (key == name) return value;
    }
    return "";
}

AuditRecord last_record(Store& store) {
    PageRequest all;
    all.limit = 1000;
    auto page = store.list_audit(all);
    REQUIRE(page);
    REQUIRE_FALSE(page->items.empty());
    return page->items.back();
}

}  // namespace

TEST_CASE("a backup holds what was recorded, also of a database in use") {
    Lab lab;
    auto store = lab.open();
    const Challenge challenge = sample_challenge(1);
    post(*store, challenge);
    const auto records = audit_length(*store);
    const AuditTail tail = lab.backup();
    CHECK(tail.sequence == records);
    CHECK(tail.hash == last_record(*store).hash);
    post(*store, sample_challenge(2));
    store.reset();

    lab.options.path = lab.copy;
    CHECK(check_store(lab.options));
    store = lab.open();
    CHECK(store->find_challenge(challenge.id).value().has_value());
    CHECK_FALSE(store->find_challenge(sample_challenge(2).id).value().has_value());
}

TEST_CASE("a backup never replaces a file, and leaves none when it fails") {
    Lab lab;
    std::ofstream(lab.copy) << "kept";
    const auto before = lab.names();
    auto refused = backup_store(lab.options, lab.copy);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK(std::filesystem::file_size(lab.copy) == 4);
    CHECK_FALSE(backup_store(lab.options, lab.folder / "missing" / "copy.db"));
    CHECK(lab.names() == before);
}

TEST_CASE("a restore brings back the records and says so in the audit") {
    Lab lab;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
        lab.backup();
        post(*store, sample_challenge(2));
    }
    auto refused = lab.restore(false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    std::int64_t replaced = 0;
    {
        auto store = lab.open();
        CHECK(store->find_challenge(sample_challenge(2).id).value().has_value());
        replaced = audit_length(*store);
    }
    auto restored = lab.restore(true);
    INFO((restored ? std::string() : restored.error().text + ": " + restored.error().detail));
    REQUIRE(restored);
    CHECK(restored->replaced_audit.sequence == replaced);
    CHECK(std::filesystem::exists(restored->replaced));

    auto store = lab.open();
    audit_length(*store);  // requires a whole chain
    CHECK_FALSE(store->find_challenge(sample_challenge(2).id).value().has_value());
    const AuditRecord told = last_record(*store);
    CHECK(told.event == "restore-database");
    CHECK(fact(told, "backup") == lab.copy.string());
    CHECK(fact(told, "challenges_revoked") == "1");
    CHECK(fact(told, "replaced_audit_sequence") == std::to_string(replaced));
    CHECK(fact(told, "replaced_audit_hash") == restored->replaced_audit.hash);
}

TEST_CASE("a challenge that may have been used since does not live again") {
    const bool keep = GENERATE(false, true);
    Lab lab;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
        post(*store, sample_challenge(2));
        decide(*store, commit_of(sample_yes(2, sample_challenge(2)), 2));
        lab.backup();
    }
    auto restored = lab.restore(true, keep);
    REQUIRE(restored);
    CHECK(restored->challenges_revoked == (keep ? 0 : 1));
    auto store = lab.open();
    CHECK(store->last_restore().value().has_value() != keep);
    CHECK(state_of(*store, sample_challenge(1)) ==
          (keep ? ChallengeState::issued : ChallengeState::revoked));
    // Bound to one request already: it can be used for nothing else.
    CHECK(state_of(*store, sample_challenge(2)) == ChallengeState::reserved);
}

TEST_CASE("what is no backup of ours is refused, and nothing changes") {
    Lab lab;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
    }
    const std::string kind = GENERATE("absent", "text", "foreign", "newer", "damaged");
    CAPTURE(kind);
    if (kind == "text") std::ofstream(lab.copy) << std::string(5000, 'x');
    if (kind == "foreign" || kind == "newer" || kind == "damaged") {
        lab.backup();
        auto database = sqlite::Database::open(lab.copy, sqlite::OpenMode::read_write);
        REQUIRE(database);
        if (kind == "foreign") REQUIRE(database->execute("PRAGMA application_id = 7"));
        if (kind == "newer") REQUIRE(database->execute("PRAGMA user_version = 9999"));
        if (kind == "damaged") REQUIRE(database->execute("DROP TABLE challenge"));
    }
    const auto before = lab.names();
    CHECK_FALSE(lab.restore(true));
    CHECK(lab.names() == before);
    auto store = lab.open();
    CHECK(state_of(*store, sample_challenge(1)) == ChallengeState::issued);
}

TEST_CASE("a restore does not follow a link, and says where it leads") {
    Lab lab;
    lab.backup();
    std::filesystem::rename(lab.options.path, lab.folder / "real.db");
    std::filesystem::create_symlink(lab.folder / "real.db", lab.options.path);
    const auto before = lab.names();
    const auto restored = lab.restore(true);
    REQUIRE_FALSE(restored);
    CHECK(restored.error().detail.ends_with("real.db"));
    CHECK(lab.names() == before);
}

TEST_CASE("a running crpd's database is not replaced") {
    Lab lab;
    auto store = lab.open();
    lab.backup();
    auto refused = lab.restore(true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text.find("held by another process") != std::string::npos);
}

TEST_CASE("a backup of an older version is brought to this program's") {
    Lab lab;
    {
        auto database = sqlite::Database::open(lab.copy, sqlite::OpenMode::create);
        REQUIRE(database);
        REQUIRE(database->execute(std::string(schema_steps()[0].sql)));
        REQUIRE(database->execute("PRAGMA user_version = 1; PRAGMA application_id = 1313034832"));
    }
    auto restored = lab.restore(true);
    INFO((restored ? std::string() : restored.error().text + ": " + restored.error().detail));
    REQUIRE(restored);
    CHECK(restored->schema_version == 1);
    CHECK(check_store(lab.options));
}
