#include "common/sqlite/group_commit.h"

#include <atomic>
#include <future>
#include <mutex>

#include <sqlite3.h>

#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using ndes::ErrorCode;
using ndes::fail;
using ndes::Result;
using ndes::sqlite::Database;
using ndes::sqlite::GroupCommit;
using ndes::sqlite::GroupCommitOptions;
using ndes::sqlite::OpenMode;
using ndes::sqlite::Statement;
using ndes::test::TemporaryFolder;

namespace {

std::filesystem::path make_database(const TemporaryFolder& folder) {
    auto database = Database::open(folder / "a.db", OpenMode::create);
    REQUIRE(database);
    REQUIRE(database->execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"));
    return folder / "a.db";
}

std::unique_ptr<GroupCommit> start(const GroupCommitOptions& options, GroupCommit::Job setup = {}) {
    auto started = GroupCommit::start(options, std::move(setup));
    REQUIRE(started);
    return std::move(*started);
}

GroupCommit::Job insert(int value) {
    return [value](Database& database) {
        return database.execute("INSERT INTO t VALUES (" + std::to_string(value) + ")");
    };
}

std::int64_t count_rows(const std::filesystem::path& path) {
    auto reader = Database::open(path, OpenMode::read_only);
    auto select = reader->prepare("SELECT count(*) FROM t");
    REQUIRE(*select->step());
    return select->integer(0);
}

// A job that tells when it has begun and goes on when it is told.
struct Gate {
    std::promise<void> entered;
    std::promise<void> open;
    GroupCommit::Job job() {
        return [this](Database&) -> Result<void> {
            entered.set_value();
            open.get_future().wait();
            return {};
        };
    }
};

}  // namespace

TEST_CASE("a write is seen by other connections when run returns") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path});
    for (int i = 1; i <= 10; ++i) {
        REQUIRE(writer->run(insert(i)));
        CHECK(count_rows(path) == i);
    }
    CHECK(writer->healthy());
}

TEST_CASE("a failing job leaves nothing and does not hurt its neighbours") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path});
    std::atomic<int> good{0};
    std::vector<std::thread> callers;
    for (int thread = 0; thread < 8; ++thread) {
        callers.emplace_back([&, thread] {
            for (int i = 0; i < 50; ++i) {
                const int value = thread * 1000 + i;
                const bool wanted = i % 2 == 0;
                auto done = writer->run([&](Database& database) -> Result<void> {
                    if (auto row = insert(value)(database); !row) return row;
                    if (!wanted) return fail(ErrorCode::conflict, "changed my mind");
                    return {};
                });
                if (wanted && done) ++good;
                if (!wanted && done.error().code == ErrorCode::conflict) ++good;
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
    CHECK(good == 400);
    CHECK(count_rows(path) == 200);
}

TEST_CASE("a statement that fails gives its caller the error") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path});
    REQUIRE(writer->run(insert(1)));
    auto twice = writer->run(insert(1));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == ErrorCode::storage);
    CHECK(writer->healthy());
    CHECK(writer->run(insert(2)));
}

TEST_CASE("a throwing job is rolled back and reported as internal") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path});
    auto thrown = writer->run([](Database& database) -> Result<void> {
        static_cast<void>(insert(1)(database));
        throw std::runtime_error("unexpected");
    });
    REQUIRE_FALSE(thrown);
    CHECK(thrown.error().code == ErrorCode::internal);
    CHECK(count_rows(path) == 0);
    CHECK(writer->run(insert(1)));
}

TEST_CASE("one file has one writer") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto first = start({.path = path});
    auto second = GroupCommit::start({.path = path});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::storage);
    CHECK(second.error().text.find("held by another process") != std::string::npos);
    first.reset();
    CHECK(GroupCommit::start({.path = path}));
}

TEST_CASE("a missing database is not created") {
    const TemporaryFolder folder;
    auto missing = GroupCommit::start({.path = folder / "missing.db"});
    REQUIRE_FALSE(missing);
    CHECK_FALSE(std::filesystem::exists(folder / "missing.db"));
}

TEST_CASE("a failing set-up fails the start and frees the lock") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto refused = GroupCommit::start({.path = path}, [](Database&) -> Result<void> {
        return fail(ErrorCode::configuration, "wrong schema");
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::configuration);
    CHECK(GroupCommit::start({.path = path}));
}

TEST_CASE("statements prepared in set-up serve every job and may outlive the writer") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    std::optional<Statement> statement;
    auto writer = start({.path = path}, [&](Database& database) -> Result<void> {
        auto prepared = database.prepare("INSERT INTO t VALUES (?)");
        if (!prepared) return ndes::pass_on(prepared);
        statement.emplace(std::move(*prepared));
        return {};
    });
    for (int i = 0; i < 5; ++i) {
        REQUIRE(writer->run([&](Database&) { return statement->bind(1, i).run(); }));
    }
    writer.reset();
    statement.reset();
    CHECK(count_rows(path) == 5);
}

TEST_CASE("jobs that wait together are committed together, and no more than fit may wait") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    std::atomic<int> commits{0};
    auto writer = start({.path = path, .most_waiting = 8}, [&](Database& database) -> Result<void> {
        ::sqlite3_commit_hook(
            database.handle(),
            [](void* counter) {
                ++*static_cast<std::atomic<int>*>(counter);
                return 0;
            },
            &commits);
        return {};
    });
    Gate gate;
    auto blocking = std::async(std::launch::async, [&] { return writer->run(gate.job()); });
    gate.entered.get_future().wait();

    // Eight of nine fit; when the ninth has been refused, the eight wait.
    std::promise<void> refused;
    std::atomic<int> committed{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 9; ++i) {
        callers.emplace_back([&, i] {
            auto done = writer->run(insert(i));
            if (done) ++committed;
            if (!done && done.error().code == ErrorCode::unavailable) refused.set_value();
        });
    }
    refused.get_future().wait();
    const int before = commits;
    gate.open.set_value();
    REQUIRE(blocking.get());
    for (auto& caller : callers)
        caller.join();
    CHECK(committed == 8);
    CHECK(count_rows(path) == 8);
    // One for the blocking job, which wrote nothing and may cost none, and one for the eight.
    CHECK(commits - before <= 2);
}

TEST_CASE("waiting jobs are finished before the writer goes, and the log is folded in") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path, .most_waiting = 3});
    Gate gate;
    auto blocking = std::async(std::launch::async, [&] { return writer->run(gate.job()); });
    gate.entered.get_future().wait();
    std::promise<void> refused;
    std::atomic<int> committed{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&, i] {
            if (writer->run(insert(i))) {
                ++committed;
            } else {
                refused.set_value();
            }
        });
    }
    refused.get_future().wait();
    std::thread closing([&] { writer.reset(); });
    gate.open.set_value();
    closing.join();
    REQUIRE(blocking.get());
    for (auto& caller : callers)
        caller.join();
    CHECK(committed == 3);
    CHECK(std::filesystem::file_size(path.string() + "-wal") == 0);
    CHECK(count_rows(path) == 3);
}

TEST_CASE("a large log is checkpointed without waiting for an idle moment") {
    const TemporaryFolder folder;
    const auto path = make_database(folder);
    auto writer = start({.path = path});
    REQUIRE(writer->run(
        [](Database& database) { return database.execute("CREATE TABLE big (b BLOB)"); }));
    const auto wal = path.string() + "-wal";
    // Four times the limit of 4,000 pages; the log is reused, so it stays near the limit.
    for (int i = 0; i < 160; ++i) {
        REQUIRE(writer->run([](Database& database) {
            return database.execute("INSERT INTO big VALUES (zeroblob(409600))");
        }));
    }
    CHECK(std::filesystem::file_size(wal) < 5000 * 4200);
    CHECK(std::filesystem::file_size(path) > 8000 * 4096);
}
