#include "scep-server/enroll/challenge_seal.h"

#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;

namespace {

const SealContext kContext{"tx", "request"};

void write_key_file(const std::filesystem::path& path, const std::string& text) {
    test::write_text(path, text);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

ChallengeSeal seal_with(char digit) {
    const test::TemporaryFolder folder;
    write_key_file(folder / "key", std::string(64, digit) + "\n");
    auto seal = ChallengeSeal::load(folder / "key", system_random());
    REQUIRE(seal);
    return std::move(*seal);
}

}  // namespace

TEST_CASE("a sealed challenge opens for its own request alone") {
    const ChallengeSeal seal = seal_with('a');
    const std::string challenge = "pass word \xc3\xa4";
    auto sealed = seal.seal(challenge, kContext);
    REQUIRE(sealed);
    CHECK(sealed->find("pass") == std::string::npos);
    CHECK(*sealed != *seal.seal(challenge, kContext));  // a fresh nonce each time

    auto opened = seal.open(*sealed, kContext);
    REQUIRE(opened);
    CHECK(as_text(opened->expose()) == challenge);

    CHECK_FALSE(seal.open(*sealed, {"tx", "other"}));
    CHECK_FALSE(seal.open(*sealed, {"other", "request"}));
    CHECK_FALSE(seal.open(*sealed, {"txrequest", ""}));
    CHECK(seal_with('b').open(*sealed, kContext).error().code == ErrorCode::storage);
}

TEST_CASE("no challenge seals to nothing and back") {
    const ChallengeSeal seal = seal_with('a');
    CHECK(seal.seal("", kContext)->empty());
    CHECK(seal.open("", kContext)->empty());
}

TEST_CASE("any changed octet is noticed") {
    const ChallengeSeal seal = seal_with('a');
    const Bytes sealed = *from_base64url(*seal.seal("challenge", kContext));
    for (std::size_t place = 0; place < sealed.size(); ++place) {
        Bytes changed = sealed;
        changed[place] ^= 0x10;
        CHECK_FALSE(seal.open(to_base64url(changed), kContext));
    }
    const ByteView view(sealed);
    for (const std::size_t length : {std::size_t{1}, std::size_t{27}, sealed.size() - 1})
        CHECK_FALSE(seal.open(to_base64url(view.first(length)), kContext));
    CHECK_FALSE(seal.open("not base64url!", kContext));
}

TEST_CASE("a key file must hold a key, and be its owner's") {
    const test::TemporaryFolder folder;
    const auto path = folder / "journal.key";
    const auto error = [&] {
        auto seal = ChallengeSeal::load(path, system_random());
        REQUIRE_FALSE(seal);
        CHECK(seal.error().text.find("journal.key") != std::string::npos);
        return seal.error().code;
    };
    SECTION("none") { CHECK(error() == ErrorCode::not_found); }
    SECTION("too short") {
        write_key_file(path, std::string(62, 'a'));
        CHECK(error() == ErrorCode::configuration);
    }
    SECTION("not hexadecimal") {
        write_key_file(path, std::string(64, 'x'));
        CHECK(error() == ErrorCode::configuration);
    }
    SECTION("readable by all") {
        test::write_text(path, std::string(64, 'a'));
        std::filesystem::permissions(path, std::filesystem::perms(0644));
        CHECK(error() == ErrorCode::configuration);
    }
}
