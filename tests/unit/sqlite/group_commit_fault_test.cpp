#include <memory>

#include "common/sqlite/group_commit.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/unit/sqlite/faulty_vfs.h"

using ndes::ErrorCode;
using ndes::sqlite::Database;
using ndes::sqlite::GroupCommit;
using ndes::sqlite::OpenMode;
using ndes::test::DiskFaults;
using ndes::test::install_faulty_disk;
using ndes::test::TemporaryFolder;

namespace {

struct Fixture {
    Fixture() {
        faults.sync_fails = false;
        faults.full = false;
        auto database = Database::open(folder / "a.db", OpenMode::create);
        REQUIRE(database);
        REQUIRE(database->execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"));
        restart();
    }
    ~Fixture() {
        faults.sync_fails = false;
        faults.full = false;
    }
    void restart() {
        writer.reset();
        auto started = GroupCommit::start({.path = folder / "a.db"});
        REQUIRE(started);
        writer = std::move(*started);
    }
    ndes::Result<void> insert(int value) {
        return writer->run([value](Database& database) {
            return database.execute("INSERT INTO t VALUES (" + std::to_string(value) + ")");
        });
    }
    std::int64_t count() {
        std::int64_t rows = -1;
        REQUIRE(writer->run([&](Database& database) -> ndes::Result<void> {
            auto select = database.prepare("SELECT count(*) FROM t");
            if (!select) return ndes::pass_on(select);
            auto row = select->step();
            if (!row) return ndes::pass_on(row);
            rows = select->integer(0);
            return {};
        }));
        return rows;
    }

    DiskFaults& faults = install_faulty_disk();
    TemporaryFolder folder;
    std::unique_ptr<GroupCommit> writer;
};

}  // namespace

TEST_CASE("after a failed fsync nothing is acknowledged any more") {
    Fixture fixture;
    REQUIRE(fixture.insert(1));
    fixture.faults.sync_fails = true;
    auto lost = fixture.insert(2);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code == ErrorCode::storage);
    CHECK_FALSE(fixture.writer->healthy());

    // The disk works again, yet what the kernel dropped is unknown: only a restart helps.
    fixture.faults.sync_fails = false;
    auto later = fixture.insert(3);
    REQUIRE_FALSE(later);
    CHECK(later.error().code == ErrorCode::storage);
    CHECK_FALSE(fixture.writer->healthy());

    fixture.restart();
    CHECK(fixture.insert(4));
}

TEST_CASE("a full disk refuses the write, keeps the rest and recovers by itself") {
    Fixture fixture;
    REQUIRE(fixture.insert(1));
    fixture.faults.full = true;
    auto refused = fixture.insert(2);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::storage);
    CHECK(fixture.writer->healthy());

    fixture.faults.full = false;
    CHECK(fixture.insert(2));
    CHECK(fixture.count() == 2);
}
