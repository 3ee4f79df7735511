#include "common/sqlite/file_lock.h"

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using ndes::ErrorCode;
using ndes::sqlite::FileLock;
using ndes::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kAtOnce{0};
constexpr ::uid_t kDaemon = 64'123;

struct ::stat facts_of(const fs::path& path) {
    struct ::stat facts {};
    REQUIRE(::lstat(path.c_str(), &facts) == 0);
    return facts;
}

fs::path put(const fs::path& path) {
    std::ofstream(path) << "secret";
    return path;
}

}  // namespace

TEST_CASE("one lock is held at a time, and its file stays") {
    const TemporaryFolder folder;
    {
        const auto first = FileLock::acquire(folder / "a.lock", kAtOnce);
        REQUIRE(first);
        const auto second = FileLock::acquire(folder / "a.lock", kAtOnce);
        REQUIRE_FALSE(second);
        CHECK(second.error().code == ErrorCode::storage);
    }
    CHECK(fs::exists(folder / "a.lock"));
    CHECK(FileLock::acquire(folder / "a.lock", kAtOnce));
}

TEST_CASE("no lock follows a link that the folder's owner put in its place") {
    const TemporaryFolder folder;
    const fs::path target = put(folder / "target");
    fs::create_symlink(target, folder / "a.lock");
    CHECK_FALSE(FileLock::acquire(folder / "a.lock", kAtOnce));
    fs::create_symlink(folder / "missing", folder / "b.lock");
    CHECK_FALSE(FileLock::acquire(folder / "b.lock", kAtOnce));
    CHECK_FALSE(fs::exists(folder / "missing"));
}

TEST_CASE("a lock that root makes is the folder owner's; what was there before changes no owner") {
    if (::geteuid() != 0) return;  // only root gives files away
    const TemporaryFolder folder;
    const fs::path state = folder / "state";
    REQUIRE(fs::create_directory(state));
    fs::create_hard_link(put(folder / "target"), state / "b.lock");
    REQUIRE(::chown(state.c_str(), kDaemon, kDaemon) == 0);

    CHECK(FileLock::acquire(state / "a.lock", kAtOnce));
    CHECK(facts_of(state / "a.lock").st_uid == kDaemon);
    CHECK(FileLock::acquire(state / "b.lock", kAtOnce));
    CHECK(facts_of(folder / "target").st_uid == 0);
}
