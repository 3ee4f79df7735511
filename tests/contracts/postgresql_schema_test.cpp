// The PostgreSQL schema's versions and roles: what is made, what is refused and what is migrated.
#include <fstream>
#include <sstream>

#include "crp-service/store/audit_chain.h"
#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/postgresql_cluster.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::system_clock;
using ndes::crp::StoreOptions;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string refusal(const StoreOptions& options) {
    auto store = ndes::crp::open_store(options, system_clock());
    REQUIRE_FALSE(store);
    CHECK(store.error().code == ErrorCode::configuration);
    return store.error().text;
}

std::string text_of(const std::string& path) {
    std::ifstream file(NDES_SOURCE_DIR "/" + path);
    REQUIRE(file);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// A database as version 1 left it, with a row in every table that step 2 changes.
StoreOptions database_of_version_1() {
    StoreOptions options = postgresql_cluster().empty_database();
    postgresql_cluster().query(
        options, "CREATE SCHEMA crp; " + text_of("schema/postgresql/0001_initial.sql") + R"(
        INSERT INTO schema_step VALUES (1, 0);
        INSERT INTO node VALUES (1, 'node-1', 0, encode(sha256('node-1'), 'hex'));
        INSERT INTO mdm_user VALUES ('u', 'u@example.org', 'U', '', '', true, '[]');
        INSERT INTO device VALUES ('d', 'iOS', 'D', '', '', 'u', 'enrolled', true);
        INSERT INTO template VALUES ('T', '[]');
        INSERT INTO state_message VALUES
            ('m-1', 1, 1, 1, 'tx', 'dec', 'd', 'u', 'crid', 'Success', '', '', 5, '', 3, NULL, 77,
             'disk full'),
            ('m-2', 1, 2, 9, 'tx', 'dec', 'd', 'u', 'crid', 'Success', '1234', '1', 6, '', 0, 9,
             NULL, '');
        SELECT setval('state_message_sequence', 2);
        INSERT INTO decision VALUES
            ('dec', 1, 'tx', 'q', 'csr', 'spki', '', 'ndes', '', 'T', '', 'd', 'u', 'p', true,
             'Success', 3, '', NULL, '[]', 5, '', 'issued', '', 0, NULL),
            ('named', 2, 'tx2', 'q2', 'csr2', 'spki2', '', 'ndes', '', 'T', '', 'd', 'u', 'p',
             true, 'Success', 3, '', NULL, '[]', 5, '', 'issued', '', 0, NULL);
        SELECT setval('decision_sequence', 2);
        INSERT INTO certificate VALUES
            ('sha256', 1, '1', 'CN=CA', 'CN=d', 'spki', 0, 9000, 'dec', 'tx', '', 'd', 'u', 'p',
             '', false, 5, ''),
            ('sha1:5678', 2, '2', 'CN=CA', 'CN=d', 'spki2', 0, 9000, 'named', 'tx2', '', 'd', 'u',
             'p', '', false, 5, '');
        SELECT setval('certificate_sequence', 2);
        GRANT USAGE ON SCHEMA crp TO crp_run; GRANT SELECT ON schema_step TO crp_run)");
    return options;
}

}  // namespace

TEST_CASE("postgresql: create makes a database that opens and checks, and refuses another one") {
    StoreOptions options = postgresql_cluster().empty_database();
    CHECK(contains(refusal(options), "crpctl db create"));
    REQUIRE(ndes::crp::create_store(options, system_clock()));
    auto checked = ndes::crp::check_store(options);
    REQUIRE(checked);
    CHECK(contains(*checked, "schema version 4"));
    auto store = ndes::crp::open_store(options, system_clock());
    REQUIRE(store);
    CHECK((*store)->check());
    auto again = ndes::crp::create_store(options, system_clock());
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);
}

TEST_CASE("postgresql: another schema version is refused, and says what to do") {
    StoreOptions options = postgresql_cluster().fresh_database();
    postgresql_cluster().query(options, "INSERT INTO schema_step VALUES (5, 0)");
    CHECK(contains(refusal(options), "schema version 5, this program needs 4"));
    CHECK_FALSE(ndes::crp::migrate_store(options, system_clock()));
    CHECK_FALSE(ndes::crp::check_store(options));
    CHECK_FALSE(ndes::crp::open_audit(options));
    postgresql_cluster().query(options, "DELETE FROM schema_step WHERE version > 1");
    CHECK(contains(refusal(options), "crpctl db migrate"));
}

TEST_CASE("postgresql: a database of version 1 is migrated with what it holds") {
    StoreOptions options = database_of_version_1();
    CHECK(contains(refusal(options), "schema version 1, this program needs 4; run `crpctl db"));
    auto migrated = ndes::crp::migrate_store(options, system_clock());
    INFO((migrated ? "" : migrated.error().text + ": " + migrated.error().detail));
    REQUIRE(migrated);
    CHECK(migrated->from == 1);
    CHECK(migrated->to == 4);
    auto again = ndes::crp::migrate_store(options, system_clock());
    REQUIRE(again);
    CHECK(again->from == 4);

    auto store = ndes::crp::open_store(options, system_clock());
    REQUIRE(store);
    auto user = (*store)->find_user("u");
    REQUIRE((user && *user));
    CHECK((*user)->owner.empty());
    CHECK((*user)->revision == "0");
    CHECK((*(*store)->find_device("d"))->registered_keys.empty());
    CHECK((*(*store)->find_certificate("sha256"))->sha1 == "1234");
    CHECK((*(*store)->find_certificate("sha1:5678"))->sha1 == "5678");
    auto messages = (*store)->list_state_messages({});
    REQUIRE((messages && messages->items.size() == 2));
    REQUIRE(messages->items[0].deliveries.size() == 1);
    CHECK(messages->items[0].deliveries[0].sink == "inbox");
    CHECK(messages->items[0].deliveries[0].attempts == 3);
    CHECK(messages->items[0].deliveries[0].last_error == "disk full");
    CHECK(messages->items[1].deliveries.empty());  // it was delivered
    // It goes on from there.
    (*store)->set_sinks({"inbox"});
    decide(**store, commit_of(sample_no(9, sample_challenge(9)), 9));
    CHECK((*store)->list_state_messages({})->items.back().sequence == 3);
    CHECK(audit_length(**store) == 1);
}

TEST_CASE("postgresql: crpd refuses to work as the owner, and its role cannot touch the audit") {
    StoreOptions options = postgresql_cluster().fresh_database();
    StoreOptions as_owner = options;
    as_owner.connection = options.owner_connection;
    CHECK(contains(refusal(as_owner), "may change the audit"));
    // The owner is told when a slip would change the audit.
    auto store = ndes::crp::open_store(options, system_clock());
    REQUIRE(store);
    REQUIRE((*store)->append_audit(sample_audit("x")));
    CHECK_THROWS(postgresql_cluster().query(options, "DELETE FROM audit"));
    CHECK_THROWS(postgresql_cluster().query(options, "UPDATE audit SET reason = 'y'"));
    for (const char* denied :
         {"DELETE FROM audit", "UPDATE audit SET reason = 'y'", "DELETE FROM audit_checkpoint",
          "DROP TABLE decision", "CREATE TABLE crp.mine (x int)", "DELETE FROM schema_step",
          "INSERT INTO schema_step VALUES (9, 9)", "DELETE FROM node"}) {
        CAPTURE(denied);
        CHECK_THROWS(
            postgresql_cluster().query(options, std::string("SET ROLE crp_run; ") + denied));
    }
    CHECK(audit_length(**store) == 1);
    // A role that may not write is refused by name.
    postgresql_cluster().query(options, "REVOKE INSERT ON audit FROM crp_run");
    CHECK(contains(refusal(options), "role crp_run may not write"));
    REQUIRE(ndes::crp::migrate_store(options, system_clock()));
    CHECK(ndes::crp::open_store(options, system_clock()));
}

TEST_CASE("postgresql: settings are checked, and no error repeats a password") {
    StoreOptions options = postgresql_cluster().fresh_database();
    StoreOptions wrong = options;
    wrong.connection += " password=hunter2";
    CHECK(contains(refusal(wrong), "must not have a password"));
    wrong.connection = "password=hunter2 nonsense";
    CHECK_FALSE(contains(refusal(wrong), "hunter2"));
    wrong.connection = "host=127.0.0.1 port=1 dbname=x user=y connect_timeout=1";
    CHECK(contains(refusal(wrong), "cannot be reached"));
    wrong.connection = "host=127.0.0.1 dbname=x";
    CHECK(contains(refusal(wrong), "user="));

    const TemporaryFolder folder;
    std::ofstream(folder / "c") << options.connection << " password=hunter2\n";
    wrong = options;
    wrong.connection.clear();
    wrong.connection_file = folder / "c";
    CHECK(contains(refusal(wrong), "connection_file"));  // others can read it
    std::filesystem::permissions(folder / "c", std::filesystem::perms::owner_read);
    const std::string text = refusal(wrong);  // the wrong password
    CHECK(contains(text, "cannot be reached"));
    CHECK_FALSE(contains(text, "hunter2"));
    CHECK_FALSE(contains(ndes::crp::place_of(wrong), "hunter2"));
    std::ofstream(folder / "d") << options.connection << "\n";
    std::filesystem::permissions(folder / "d", std::filesystem::perms::owner_read);
    wrong.connection_file = folder / "d";
    CHECK(ndes::crp::open_store(wrong, system_clock()));
}

TEST_CASE("postgresql: an audit record changed around the triggers is found") {
    StoreOptions options = postgresql_cluster().fresh_database();
    auto store = ndes::crp::open_store(options, system_clock());
    REQUIRE(store);
    for (int i = 0; i < 5; ++i)
        REQUIRE((*store)->append_audit(sample_audit("x")));
    CHECK(audit_length(**store) == 5);
    const char* change = GENERATE(
        "UPDATE audit SET reason = 'x' WHERE sequence = 2", "DELETE FROM audit WHERE sequence = 1",
        "UPDATE audit SET facts_json = 'x' WHERE sequence = 3",
        "UPDATE audit SET node = 7 WHERE sequence = 4", "UPDATE node SET name = 'other'");
    CAPTURE(change);
    postgresql_cluster().query(options,
                               std::string("ALTER TABLE audit DISABLE TRIGGER ALL; ") + change);
    auto source = ndes::crp::open_audit(options);
    REQUIRE(source);
    auto records = (*source)->next(100);
    REQUIRE(records);
    std::map<std::string, ndes::crp::AuditTail> tails;
    bool broken = false;
    for (const auto& record : *records) {
        auto& tail =
            tails.try_emplace(record.node, ndes::crp::chain_start(record.node)).first->second;
        broken = broken || !continues_chain(record, tail);
        tail = {record.sequence, record.hash};
    }
    CHECK(broken);
    CHECK((*source)->next(100)->empty());
}
