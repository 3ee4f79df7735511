// A log file is put aside at its limit, whole lines each; only our own old ones are removed.
#include "common/logging/rolling_file.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "common/file.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using namespace ndes;
namespace fs = std::filesystem;

namespace {

const WallTime kNow = from_rfc3339("2026-11-29T22:45:00Z").value();

RollingFile open_rolling(const fs::path& path, RollingRule rule) {
    return {path, rule, std::move(open_for_append(path).value())};
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("at its limit the file is put aside under the time, and a fresh one begins") {
    const test::TemporaryFolder folder;
    RollingFile file = open_rolling(folder / "CRP.log", {20, 3});
    CHECK(file.write("first line\n", kNow) == 0);
    CHECK(file.write("second\n", kNow) == 0);
    CHECK(names_in(folder / "") == Names{"CRP.log"});
    CHECK(file.write("third line\n", kNow) == 0);
    CHECK(names_in(folder / "") == Names{"CRP-20261129-224500.log", "CRP.log"});
    CHECK(read_file(folder / "CRP-20261129-224500.log").value() == "first line\nsecond\n");
    CHECK(read_file(folder / "CRP.log").value() == "third line\n");
    CHECK(file.take_fault().empty());
}

TEST_CASE("what comes together is parted at line ends, so that each file keeps the limit") {
    const test::TemporaryFolder folder;
    RollingFile file = open_rolling(folder / "CRP.log", {10, 9});
    CHECK(file.write("one\ntwo\nthree\na line over the limit\nfour\nend\n", kNow) == 0);
    CHECK(read_file(folder / "CRP-20261129-224500.log").value() == "one\ntwo\n");
    CHECK(read_file(folder / "CRP-20261129-224500-2.log").value() == "three\n");
    CHECK(read_file(folder / "CRP-20261129-224500-3.log").value() == "a line over the limit\n");
    CHECK(read_file(folder / "CRP.log").value() == "four\nend\n");
}

TEST_CASE("of those put aside the newest are kept, and no other file is touched") {
    const test::TemporaryFolder folder;
    for (const char* other : {"CRP-notes.log", "CRP-20261129.log", "CRPX-20200101-000000.log",
                              "CRP-20200101-000000.txt"})
        std::ofstream(folder / other) << "mine";
    RollingFile file = open_rolling(folder / "CRP.log", {10, 2});
    for (int i = 0; i < 6; ++i)
        file.write("line " + std::to_string(i) + " ..\n", kNow + std::chrono::seconds(i));
    CHECK(names_in(folder / "") == Names{"CRP-20200101-000000.txt", "CRP-20261129-224504.log",
                                         "CRP-20261129-224505.log", "CRP-20261129.log",
                                         "CRP-notes.log", "CRP.log", "CRPX-20200101-000000.log"});
}

TEST_CASE("two of one second have names of their own") {
    const test::TemporaryFolder folder;
    RollingFile file = open_rolling(folder / "CRP.log", {5, 9});
    for (const char* line : {"one ..\n", "two ..\n", "three ..\n"})
        file.write(line, kNow);
    CHECK(names_in(folder / "") ==
          Names{"CRP-20261129-224500-2.log", "CRP-20261129-224500.log", "CRP.log"});
}

TEST_CASE("a file of before counts with its size; without a limit nothing is put aside") {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "CRP.log") << "0123456789\n";
    open_rolling(folder / "CRP.log", {15, 1}).write("more\n", kNow);
    CHECK(names_in(folder / "").size() == 2);
    RollingFile endless = open_rolling(folder / "other.log", {});
    for (int i = 0; i < 100; ++i)
        endless.write("another line\n", kNow);
    CHECK(names_in(folder / "").size() == 3);
}

TEST_CASE("a file that cannot be put aside is written on, and that is told once") {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "log");
    RollingFile file = open_rolling(folder / "log/CRP.log", {10, 1});
    file.write("first line\n", kNow);
    fs::rename(folder / "log", folder / "moved");
    CHECK(file.write("second line\n", kNow) == 0);
    CHECK(file.take_fault().find("cannot be put aside") != std::string::npos);
    CHECK(file.take_fault().empty());
    CHECK(read_file(folder / "moved/CRP.log").value() == "first line\nsecond line\n");
}
