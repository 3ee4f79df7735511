// The SQLite file as a whole: creation, version, lock, damage, and what the factory says.
#include <fstream>

#include <sqlite3.h>

#include "common/sqlite/database.h"
#include "crp-service/store/audit_chain.h"
#include "crp-service/store/schema_version.h"
#include "crp-service/store/store_factory.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using ndes::ErrorCode;
using ndes::system_clock;
using ndes::crp::StoreOptions;
using ndes::sqlite::Database;
using ndes::sqlite::OpenMode;
using ndes::test::TemporaryFolder;

namespace {

struct Fixture {
    TemporaryFolder folder;
    StoreOptions options{.kind = "sqlite", .path = folder / "crp.db", .readers = 2};

    void create() { REQUIRE(ndes::crp::create_store(options, system_clock())); }
    std::unique_ptr<ndes::crp::Store> open() {
        auto store = ndes::crp::open_store(options, system_clock());
        INFO((store ? std::string() : store.error().text + ": " + store.error().detail));
        REQUIRE(store);
        return std::move(*store);
    }
    // The error with which opening is refused: always one for the operator.
    std::string refusal() {
        auto store = ndes::crp::open_store(options, system_clock());
        REQUIRE_FALSE(store);
        CHECK(store.error().code == ErrorCode::configuration);
        return store.error().text;
    }
    void execute(const std::string& sql) {
        auto database = Database::open(options.path, OpenMode::read_write);
        REQUIRE(database);
        REQUIRE(database->execute(sql));
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a missing database is not created, and the message names the command that does") {
    Fixture fixture;
    const std::string text = fixture.refusal();
    CHECK(contains(text, "crp.db"));
    CHECK(contains(text, "crpctl db create"));
    CHECK_FALSE(std::filesystem::exists(fixture.options.path));
    CHECK_FALSE(ndes::crp::migrate_store(fixture.options, system_clock()));
    CHECK_FALSE(ndes::crp::check_store(fixture.options));
    CHECK_FALSE(std::filesystem::exists(fixture.options.path));
}

TEST_CASE("create makes a database that opens and checks, and refuses an existing one") {
    Fixture fixture;
    fixture.create();
    auto checked = ndes::crp::check_store(fixture.options);
    REQUIRE(checked);
    CHECK(contains(*checked, "schema version 4"));
    CHECK(fixture.open()->check());
    auto again = ndes::crp::create_store(fixture.options, system_clock());
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);
}

TEST_CASE("create leaves no file when the folder does not exist") {
    Fixture fixture;
    fixture.options.path = fixture.folder / "missing" / "crp.db";
    CHECK_FALSE(ndes::crp::create_store(fixture.options, system_clock()));
    CHECK_FALSE(std::filesystem::exists(fixture.options.path));
}

TEST_CASE("settings are checked by name") {
    Fixture fixture;
    fixture.create();
    fixture.options.kind = "oracle";
    CHECK(contains(fixture.refusal(), "store.kind"));
    fixture.options.kind = "sqlite";
    for (const std::size_t readers : {std::size_t{0}, std::size_t{65}}) {
        fixture.options.readers = readers;
        CHECK(contains(fixture.refusal(), "store.readers"));
    }
    fixture.options.readers = 1;
    fixture.options.path.clear();
    CHECK(contains(fixture.refusal(), "store.path"));
}

TEST_CASE("a second opener is refused by the lock, and may come when the first has gone") {
    Fixture fixture;
    fixture.create();
    auto first = fixture.open();
    CHECK(contains(fixture.refusal(), "held by another process"));
    CHECK_FALSE(ndes::crp::migrate_store(fixture.options, system_clock()));
    // Checking only reads.
    CHECK(ndes::crp::check_store(fixture.options));
    first.reset();
    fixture.open();
}

TEST_CASE("another schema version is refused, and says what to do") {
    Fixture fixture;
    fixture.create();
    fixture.execute("PRAGMA user_version = 5");
    CHECK(contains(fixture.refusal(), "schema version 5, this program needs 4"));
    CHECK_FALSE(ndes::crp::migrate_store(fixture.options, system_clock()));
    CHECK_FALSE(ndes::crp::check_store(fixture.options));
    fixture.execute("PRAGMA user_version = 0");
    CHECK(contains(fixture.refusal(), "schema version 0"));
}

TEST_CASE("another program's database and no database at all are refused") {
    Fixture fixture;
    fixture.create();
    fixture.execute("PRAGMA application_id = 1");
    CHECK(contains(fixture.refusal(), "not one of crpd"));
    CHECK_FALSE(ndes::crp::migrate_store(fixture.options, system_clock()));

    fixture.options.path = fixture.folder / "text.db";
    std::ofstream(fixture.options.path) << std::string(5000, 'x');
    fixture.refusal();
    std::ofstream(fixture.folder / "empty.db").flush();
    fixture.options.path = fixture.folder / "empty.db";
    fixture.refusal();
}

TEST_CASE("migrating a database of this version changes nothing") {
    Fixture fixture;
    fixture.create();
    auto migrated = ndes::crp::migrate_store(fixture.options, system_clock());
    REQUIRE(migrated);
    CHECK(migrated->from == 4);
    CHECK(migrated->to == 4);
    CHECK(fixture.open()->check());
}

TEST_CASE("a damaged page is found by the check") {
    Fixture fixture;
    fixture.create();
    {
        auto store = fixture.open();
        for (int i = 0; i < 200; ++i)
            REQUIRE(store->append_audit({}));
    }
    std::fstream file(fixture.options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(0, std::ios::end);
    const auto size = static_cast<long>(file.tellg());
    for (long page = size / 2 / 4096; page < size / 4096; ++page) {
        file.seekp(page * 4096);
        file << std::string(64, '\xff');
    }
    file.close();
    auto checked = ndes::crp::check_store(fixture.options);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::storage);
}

TEST_CASE("the audit refuses changes, and one made around it is found") {
    Fixture fixture;
    fixture.create();
    {
        auto store = fixture.open();
        for (int i = 0; i < 3; ++i)
            REQUIRE(store->append_audit({}));
    }
    auto database = Database::open(fixture.options.path, OpenMode::read_write);
    CHECK_FALSE(database->execute("UPDATE audit SET reason = 'x' WHERE sequence = 2"));
    CHECK_FALSE(database->execute("DELETE FROM audit WHERE sequence = 2"));
    const auto [change, sequence] = GENERATE(table<std::string, std::string>({
        {"UPDATE audit SET reason = 'x' WHERE sequence = 2", "2"},
        {"DELETE FROM audit WHERE sequence = 2", "2"},
        {"DELETE FROM audit WHERE sequence = 1", "1"},
        {"UPDATE audit SET sequence = 9 WHERE sequence = 3", "3"},
    }));
    CAPTURE(change);
    REQUIRE(database->execute("DROP TRIGGER audit_is_never_changed"));
    REQUIRE(database->execute("DROP TRIGGER audit_is_never_deleted"));
    REQUIRE(database->execute(change));
    auto store = fixture.open();
    auto verified = ndes::crp::verify_audit(*store);
    REQUIRE_FALSE(verified);
    CHECK(contains(verified.error().text, "sequence " + sequence));
}

TEST_CASE("a damaged column is our fault, not a crash") {
    Fixture fixture;
    fixture.create();
    {
        auto store = fixture.open();
        ndes::crp::User user;
        user.id = "u";
        REQUIRE(store->put_user(user, {}));
        ndes::crp::Device device;
        device.id = "d";
        REQUIRE(store->put_device(device, {}));
        ndes::crp::Policy policy;
        policy.id = "p";
        REQUIRE(store->put_policy(policy, {}));
    }
    fixture.execute("UPDATE mdm_user SET groups_json = '{'");
    fixture.execute("UPDATE device SET enrollment_state = 'x'");
    fixture.execute("UPDATE policy SET key_usage_json = '[\"noSuchUsage\"]'");
    auto store = fixture.open();
    CHECK(store->find_user("u").error().code == ErrorCode::storage);
    CHECK(store->find_device("d").error().code == ErrorCode::storage);
    CHECK(store->find_policy("p").error().code == ErrorCode::storage);
    CHECK(store->list_policies({}).error().code == ErrorCode::storage);
}

TEST_CASE("queries that grow with enrolments use an index") {
    Fixture fixture;
    fixture.create();
    auto database = Database::open(fixture.options.path, OpenMode::read_only);
    const auto [sql, index] = GENERATE(table<std::string, std::string>({
        {"SELECT 1 FROM challenge WHERE id = ?", "sqlite_autoindex_challenge_1"},
        {"SELECT 1 FROM challenge WHERE lookup = ?", "challenge_by_lookup"},
        {"SELECT 1 FROM decision WHERE transaction_id = ? AND csr_sha256 = ? AND verified = 1",
         "decision_by_question"},
        {"SELECT 1 FROM decision WHERE transaction_id = ? AND verified = 1 ORDER BY "
         "spki_sha256 = ? DESC, sequence DESC LIMIT 1",
         "decision_by_question"},
        {"SELECT 1 FROM decision WHERE caller = ? AND request_id = ?", "decision_by_request"},
        {"SELECT 1 FROM decision WHERE id = ?", "sqlite_autoindex_decision_1"},
        {"SELECT 1 FROM decision WHERE transaction_id = ? ORDER BY sequence DESC LIMIT 1",
         "decision_by_question"},
        {"SELECT 1 FROM decision WHERE device_id = ? AND sequence < ? ORDER BY sequence DESC",
         "decision_by_device"},
        {"SELECT 1 FROM decision WHERE spki_sha256 = ? AND device_id <> ? AND state IN "
         "('verified', 'pending', 'unconfirmed')",
         "decision_key_in_flight"},
        {"SELECT 1 FROM decision WHERE owner = ? AND sequence < ? ORDER BY sequence DESC",
         "decision_by_owner"},
        {"SELECT 1 FROM certificate WHERE sha256 = ?", "sqlite_autoindex_certificate_1"},
        {"SELECT 1 FROM certificate WHERE spki_sha256 = ? AND device_id <> ?",
         "certificate_by_key"},
    }));
    auto plan = database->prepare("EXPLAIN QUERY PLAN " + sql);
    REQUIRE(plan);
    REQUIRE(*plan->step());
    CAPTURE(sql, plan->text(3));
    CHECK(contains(plan->text(3), index));
    CHECK(contains(plan->text(3), "SEARCH"));
}

// A database as the first version left it, with what the second one moves or has to keep.
TEST_CASE("a database of version 1 is migrated with everything in it") {
    Fixture fixture;
    {
        auto database = Database::open(fixture.options.path, OpenMode::create);
        REQUIRE(database);
        REQUIRE(database->execute(std::string(ndes::crp::schema_steps()[0].sql)));
        REQUIRE(database->execute(R"(
            PRAGMA user_version = 1; PRAGMA application_id = 1313034832;
            INSERT INTO mdm_user VALUES ('u', 'u@example.org', 'U', '', '', 1, '["staff"]');
            INSERT INTO device VALUES ('d', 'phone', 'D', '', '', 'u', 'enrolled', 1);
            INSERT INTO challenge VALUES (1, 'c', 'minted', NULL, 'd', 'u', 'p', 'r', '{}',
                0, 9000000000000, 0, 'mdm', 'reserved', 0, 't', 'csr');
            INSERT INTO decision VALUES (1, 'yes', 't', 'q', 'csr', 'spki', '', 'ndes', '', 'T',
                'c', 'd', 'u', 'p', 1, 'Success', 3, '', NULL, '[]', 1000, 'mdm', 'verified', '',
                0, NULL);
            INSERT INTO state_message VALUES (1, 'm1', 5, 't', 'yes', 'd', 'u', 'r', 'Success', '',
                '', 1000, 'mdm', 1, 2000, NULL, '');
            INSERT INTO state_message VALUES (2, 'm2', 5, 't', 'yes', 'd', 'u', 'r', 'Success', '',
                '', 1000, 'mdm', 3, NULL, 5000, 'disk full');
            INSERT INTO decision VALUES (2, 'named', 't2', 'q2', 'csr2', 'spki2', '', 'ndes', '',
                'T', '', 'd', 'u', 'p', 1, 'Success', 3, '', NULL, '[]', 1000, 'mdm', 'issued', '',
                0, NULL);
            INSERT INTO certificate VALUES (1, 'sha256', '1', 'CN=CA', 'CN=d', 'spki', 0, 9000,
                'yes', 't', 'c', 'd', 'u', 'p', '', 0, 1000, 'mdm');
            INSERT INTO certificate VALUES (2, 'sha1:5678', '2', 'CN=CA', 'CN=d', 'spki2', 0, 9000,
                'named', 't2', '', 'd', 'u', 'p', '', 0, 1000, 'mdm');
            INSERT INTO state_message VALUES (3, 'm3', 9, 't', 'yes', 'd', 'u', 'r', 'Success',
                '1234', '1', 1000, 'mdm', 0, 3000, NULL, ''))"));
        ndes::crp::AuditRecord record;
        record.event = "start";
        ndes::crp::seal_audit_record(record, {});
        REQUIRE(
            database->execute("INSERT INTO audit VALUES (1, 0, 'start', '', '', '', '', '', "
                              "'[]', '" +
                              record.previous_hash + "', '" + record.hash + "')"));
    }
    CHECK(contains(fixture.refusal(), "schema version 1, this program needs 4"));
    CHECK(contains(fixture.refusal(), "crpctl db migrate"));
    auto migrated = ndes::crp::migrate_store(fixture.options, system_clock());
    REQUIRE(migrated);
    CHECK(migrated->from == 1);
    CHECK(migrated->to == 4);
    REQUIRE(ndes::crp::check_store(fixture.options));

    auto store = fixture.open();
    CHECK((*store->find_user("u"))->groups.size() == 1);
    CHECK((*store->find_user("u"))->revision == "0");
    CHECK((*store->find_device("d"))->registered_keys.empty());
    CHECK((*store->find_challenge("c"))->state == ndes::crp::ChallengeState::reserved);
    CHECK((*store->find_standing("t", "csr", ""))->decision.id == "yes");
    const auto messages = store->list_state_messages({})->items;
    REQUIRE(messages.size() == 3);
    CHECK((*store->find_certificate("sha256"))->sha1 == "1234");
    CHECK((*store->find_certificate("sha1:5678"))->sha1 == "5678");
    CHECK(messages[0].deliveries.empty());  // was delivered
    REQUIRE(messages[1].deliveries.size() == 1);
    CHECK(messages[1].deliveries[0].sink == "inbox");
    CHECK(messages[1].deliveries[0].attempts == 3);
    CHECK(messages[1].deliveries[0].last_error == "disk full");
    ndes::crp::AuditRecord next;
    next.event = "stop";
    REQUIRE(store->append_audit(next));
    CHECK(ndes::crp::verify_audit(*store)->sequence == 2);
}
