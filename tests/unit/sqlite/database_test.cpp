#include "common/sqlite/database.h"

#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using ndes::ErrorCode;
using ndes::sqlite::Database;
using ndes::sqlite::OpenMode;
using ndes::test::TemporaryFolder;

namespace {

Database create(const std::filesystem::path& path) {
    auto database = Database::open(path, OpenMode::create);
    REQUIRE(database);
    return std::move(*database);
}

}  // namespace

TEST_CASE("create makes a new file and refuses an existing one") {
    const TemporaryFolder folder;
    create(folder / "a.db");
    CHECK(std::filesystem::exists(folder / "a.db"));
    auto again = Database::open(folder / "a.db", OpenMode::create);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::storage);
}

TEST_CASE("a missing file is named and never made") {
    const TemporaryFolder folder;
    for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
        auto missing = Database::open(folder / "missing.db", mode);
        REQUIRE_FALSE(missing);
        CHECK(missing.error().code == ErrorCode::configuration);
        CHECK(missing.error().text.find("missing.db") != std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "missing.db"));
}

TEST_CASE("values come back as they were bound") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    REQUIRE(database.execute("CREATE TABLE t (i INTEGER, s TEXT, e TEXT, b BLOB, n TEXT, o TEXT)"));
    auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)");
    REQUIRE(insert);
    const ndes::Bytes blob{0, 255, 7};
    insert->bind(1, std::int64_t{1} << 40)
        .bind(2, std::string_view("a\0b", 3))
        .bind(3, std::string_view{})
        .bind(4, ndes::ByteView(blob))
        .bind(5, std::optional<std::string_view>{})
        .bind(6, std::optional<std::string>{"text"});
    REQUIRE(insert->run());
    CHECK(database.changes() == 1);

    auto select = database.prepare("SELECT i, s, e, b, n, o FROM t");
    REQUIRE(select);
    auto row = select->step();
    REQUIRE((row && *row));
    CHECK(select->integer(0) == std::int64_t{1} << 40);
    CHECK(select->text(1) == std::string("a\0b", 3));
    CHECK_FALSE(select->is_null(2));
    CHECK(select->text(2).empty());
    CHECK(select->blob(3) == blob);
    CHECK(select->is_null(4));
    CHECK_FALSE(select->optional_text(4).has_value());
    CHECK_FALSE(select->optional_integer(4).has_value());
    CHECK(select->optional_text(5) == "text");
    CHECK(select->optional_integer(0) == std::int64_t{1} << 40);
    row = select->step();
    REQUIRE(row);
    CHECK_FALSE(*row);
}

TEST_CASE("a statement can be used again after run, with no old bindings") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    REQUIRE(database.execute("CREATE TABLE t (a, b)"));
    auto insert = database.prepare("INSERT INTO t VALUES (?, ?)");
    REQUIRE(insert->bind(1, 1).bind(2, "x").run());
    REQUIRE(insert->bind(1, 2).run());
    auto select = database.prepare("SELECT b FROM t WHERE a = 2");
    REQUIRE(*select->step());
    CHECK(select->is_null(0));
}

TEST_CASE("a text prepared again has no trace of its last use") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    const char* const rows = "SELECT ?1 UNION ALL SELECT 2";
    {
        auto left_in_the_middle = database.prepare(rows);
        REQUIRE(left_in_the_middle);
        left_in_the_middle->bind(1, "old").bind(9, 1);
        CHECK_FALSE(left_in_the_middle->step());
    }
    auto again = database.prepare(rows);
    REQUIRE(again);
    REQUIRE(again->step().value());
    CHECK(again->is_null(0));
    auto beside = database.prepare(rows);  // the first is in use
    REQUIRE(beside);
    beside->bind(1, 7);
    REQUIRE(beside->step().value());
    CHECK(beside->integer(0) == 7);
    REQUIRE(again->step().value());
    CHECK(again->integer(0) == 2);
}

TEST_CASE("a statement left with a row holds no snapshot") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    Database other = std::move(*Database::open(folder / "a.db", OpenMode::read_write));
    REQUIRE(database.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)"));
    {
        auto select = database.prepare("SELECT a FROM t");
        REQUIRE(select);
        REQUIRE(select->step().value());
    }
    REQUIRE(other.execute("DROP TABLE t; CREATE TABLE t (b, a); INSERT INTO t VALUES (3, 4)"));
    auto select = database.prepare("SELECT a FROM t");  // against the new schema
    REQUIRE(select);
    REQUIRE(select->step().value());
    CHECK(select->integer(0) == 4);
}

TEST_CASE("more texts than are kept, and statements that outlive their database") {
    const TemporaryFolder folder;
    ndes::sqlite::Statement last;
    {
        Database database = create(folder / "a.db");
        for (int round = 0; round < 2; ++round)
            for (int i = 0; i < 200; ++i) {
                auto select = database.prepare("SELECT " + std::to_string(i));
                REQUIRE(select);
                REQUIRE(select->step().value());
                REQUIRE(select->integer(0) == i);
            }
        last = *database.prepare("SELECT 5");
    }
    REQUIRE(last.step().value());
    CHECK(last.integer(0) == 5);
}

TEST_CASE("a value bound to a parameter that does not exist stops the statement") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    REQUIRE(database.execute("CREATE TABLE t (a)"));
    auto insert = database.prepare("INSERT INTO t VALUES (?)");
    auto wrong = insert->bind(1, 1).bind(2, 2).run();
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == ErrorCode::storage);
    CHECK(insert->bind(1, 1).run());
}

TEST_CASE("errors keep SQLite's words for the operator") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    REQUIRE(database.execute("CREATE TABLE secret_name (a UNIQUE)"));
    auto insert = database.prepare("INSERT INTO secret_name VALUES (1)");
    REQUIRE(insert->run());
    CHECK_FALSE(database.last_error_is_constraint());
    auto twice = insert->run();
    REQUIRE_FALSE(twice);
    CHECK(database.last_error_is_constraint());
    CHECK(twice.error().code == ErrorCode::storage);
    CHECK(twice.error().text.find("secret_name") == std::string::npos);
    CHECK(twice.error().detail.find("UNIQUE constraint failed") != std::string::npos);

    auto bad = database.prepare("SELECT missing FROM secret_name");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().detail.find("no such column") != std::string::npos);
    CHECK_FALSE(database.execute("NONSENSE"));
}

TEST_CASE("a read-only connection cannot write") {
    const TemporaryFolder folder;
    REQUIRE(create(folder / "a.db").execute("CREATE TABLE t (a)"));
    auto reader = Database::open(folder / "a.db", OpenMode::read_only);
    REQUIRE(reader);
    CHECK_FALSE(reader->execute("INSERT INTO t VALUES (1)"));
}

TEST_CASE("connections never checkpoint by themselves") {
    const TemporaryFolder folder;
    {
        Database database = create(folder / "a.db");
        auto setting = database.prepare("PRAGMA wal_autocheckpoint");
        REQUIRE(*setting->step());
        CHECK(setting->integer(0) == 0);
        setting->reset();
        REQUIRE(database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)"));
    }
    // Closing did not fold the log into the file either.
    CHECK(std::filesystem::file_size(folder / "a.db-wal") > 0);
}

TEST_CASE("the user version is read") {
    const TemporaryFolder folder;
    Database database = create(folder / "a.db");
    CHECK(database.user_version() == 0);
    REQUIRE(database.execute("PRAGMA user_version = 7"));
    CHECK(database.user_version() == 7);
}

TEST_CASE("a file that is no database is refused at its first use") {
    const TemporaryFolder folder;
    std::FILE* file = std::fopen((folder / "a.db").c_str(), "w");
    REQUIRE(file != nullptr);
    std::fputs(std::string(5000, 'x').c_str(), file);
    std::fclose(file);
    auto database = Database::open(folder / "a.db", OpenMode::read_write);
    REQUIRE(database);
    CHECK(database->user_version() == -1);
}
