#include "common/file.h"

#include <cstdlib>
#include <fstream>

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using namespace ndes;
namespace fs = std::filesystem;

namespace {

fs::path put(const fs::path& path, const std::string& contents, fs::perms mode) {
    std::ofstream(path, std::ios::binary) << contents;
    fs::permissions(path, mode);
    return path;
}

constexpr fs::perms kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class CredentialsDirectory {
  public:
    explicit CredentialsDirectory(const fs::path& path) {
        ::setenv("CREDENTIALS_DIRECTORY", path.c_str(), 1);
    }
    ~CredentialsDirectory() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

}  // namespace

TEST_CASE("a file is read whole, up to its limit") {
    const test::TemporaryFolder folder;
    const std::string contents("a\0b\n", 4);
    const fs::path path = put(folder / "file", contents, kOwnerOnly);
    CHECK(read_file(path).value() == contents);
    CHECK(read_file(path, 4).value() == contents);
    const auto over = read_file(path, 3);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == ErrorCode::too_large);
    CHECK(over.error().text.find(path.string()) != std::string::npos);
    CHECK(read_file(put(folder / "empty", "", kOwnerOnly)).value().empty());
}

TEST_CASE("what cannot be read is named") {
    const test::TemporaryFolder folder;
    const auto absent = read_file(folder / "absent");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == ErrorCode::not_found);
    CHECK(absent.error().text.find("absent: No such file") != std::string::npos);
    const auto a_folder = read_file(folder.path());
    REQUIRE_FALSE(a_folder);
    CHECK(a_folder.error().code == ErrorCode::configuration);
    // A pipe without a writer must not hold us.
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    const auto pipe = read_file(folder / "pipe");
    REQUIRE_FALSE(pipe);
    CHECK(pipe.error().text.find("not a regular file") != std::string::npos);
}

TEST_CASE("a key that others can read is refused") {
    const test::TemporaryFolder folder;
    const fs::path good = put(folder / "good.key", "key", kOwnerOnly);
    CHECK(as_text(read_secret_file(good).value().expose()) == "key");
    for (const fs::perms others : {fs::perms::group_read, fs::perms::others_read}) {
        const fs::path bad = put(folder / "bad.key", "key", kOwnerOnly | others);
        const auto secret = read_secret_file(bad);
        REQUIRE_FALSE(secret);
        CHECK(secret.error().code == ErrorCode::configuration);
        CHECK(secret.error().text.find("chmod 600") != std::string::npos);
    }
    CHECK(read_secret_file(folder / "absent").error().code == ErrorCode::not_found);
    CHECK(read_secret_file(good, 2).error().code == ErrorCode::too_large);
}

TEST_CASE("below the credentials folder systemd answers for the permissions") {
    const test::TemporaryFolder folder;
    const fs::path credentials = folder / "credentials";
    fs::create_directory(credentials);
    const fs::perms open = kOwnerOnly | fs::perms::group_read | fs::perms::others_read;
    const fs::path inside = put(credentials / "a.key", "key", open);
    const fs::path outside = put(folder / "b.key", "key", open);
    CHECK_FALSE(read_secret_file(inside));
    const CredentialsDirectory set(credentials);
    CHECK(read_secret_file(inside));
    CHECK_FALSE(read_secret_file(outside));
    CHECK_FALSE(read_secret_file(credentials / ".." / "b.key"));
    fs::create_symlink(outside, credentials / "link.key");
    CHECK_FALSE(read_secret_file(credentials / "link.key"));
    fs::create_directory(folder / "credentials-not");
    CHECK_FALSE(read_secret_file(put(folder / "credentials-not" / "c.key", "key", open)));
}

TEST_CASE("a durable write replaces the whole file, or nothing") {
    const test::TemporaryFolder folder;
    const fs::path path = folder / "record";
    REQUIRE(write_file_durably(path, as_bytes("first, and long")));
    CHECK(read_file(path).value() == "first, and long");
    CHECK(fs::status(path).permissions() == fs::perms(0640));
    REQUIRE(write_file_durably(path, as_bytes("second"), 0600));
    CHECK(read_file(path).value() == "second");
    CHECK(fs::status(path).permissions() == fs::perms(0600));
    REQUIRE(write_file_durably(path, {}));
    CHECK(read_file(path).value().empty());
    CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a durable write that fails says so and leaves nothing behind") {
    const test::TemporaryFolder folder;
    const auto nowhere = write_file_durably(folder / "absent" / "record", as_bytes("x"));
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == ErrorCode::storage);
    fs::create_directories(folder / "taken" / "by a folder");
    const auto taken = write_file_durably(folder / "taken", as_bytes("x"));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == ErrorCode::storage);
    CHECK(entries(folder.path()) == 1);
}

TEST_CASE("what is published is a file, not where a link leads") {
    const test::TemporaryFolder folder;
    const fs::path target = put(folder / "target", "x", kOwnerOnly);
    fs::create_symlink(target, folder / "finished");
    const auto published = publish_file_durably(folder / "finished", folder / "record");
    REQUIRE_FALSE(published);
    CHECK(published.error().code == ErrorCode::storage);
    CHECK_FALSE(fs::exists(folder / "record"));
}
