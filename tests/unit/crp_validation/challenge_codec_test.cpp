#include "crp-service/challenge/challenge_codec.h"

#include <cstdlib>
#include <fstream>
#include <set>

#include <unistd.h>

#include "crp-service/challenge/key_files.h"
#include "crp-service/challenge/minted_claims.h"
#include "crp-service/domain/records.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/fakes.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

ChallengeKey key(std::string id, std::uint8_t fill) {
    return {std::move(id), Secret(Bytes(32, fill))};
}

std::vector<ChallengeKey> pepper(std::string_view text, std::string id = "pepper") {
    std::vector<ChallengeKey> peppers;
    peppers.push_back({std::move(id), Secret(text)});
    return peppers;
}

const WallTime kNow = from_unix_ms(1'780'000'000'500);

ChallengeCodec codec_with(std::uint8_t fill) {
    std::vector<ChallengeKey> keys;
    keys.push_back(key("k1", fill));
    return ChallengeCodec(std::move(keys), pepper("a pepper of 24 octets..."));
}

ChallengeClaims claims_for(std::string device, std::string user) {
    ChallengeClaims claims;
    claims.challenge_id = "00112233445566778899aabbccddeeff";
    claims.certificate_request_id_digest = ChallengeCodec::digest_of("ModelName=a;Version=1");
    claims.device_id = std::move(device);
    claims.user_id = std::move(user);
    claims.not_before = from_unix_ms(1'780'000'000'123);
    claims.expires_at = from_unix_ms(1'780'003'600'123);
    return claims;
}

void check_same(const ChallengeClaims& a, const ChallengeClaims& b) {
    CHECK(a.challenge_id == b.challenge_id);
    CHECK(a.certificate_request_id_digest == b.certificate_request_id_digest);
    CHECK(a.device_id == b.device_id);
    CHECK(a.user_id == b.user_id);
    CHECK(a.not_before == b.not_before);
    CHECK(a.expires_at == b.expires_at);
}

}  // namespace

TEST_CASE("a minted challenge opens to its claims, whatever the lengths of the identifiers") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    const std::string alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@:{}";
    for (std::size_t device = 1; device <= kMaxIdOctets; ++device) {
        for (std::size_t user = 0; user <= kMaxIdOctets; ++user) {
            std::string device_id;
            std::string user_id;
            for (std::size_t i = 0; i < device; ++i) {
                device_id += alphabet[(i * 7 + user) % alphabet.size()];
            }
            for (std::size_t i = 0; i < user; ++i) {
                user_id += alphabet[(i * 11 + device) % alphabet.size()];
            }
            const ChallengeClaims claims = claims_for(device_id, user_id);
            const auto packed = encode_claims(claims);
            REQUIRE(packed.has_value());
            REQUIRE(packed->size() <= kMaxClaimsOctets);
            const auto read = decode_claims(*packed);
            REQUIRE(read.has_value());
            REQUIRE(read->device_id == device_id);
            REQUIRE(read->user_id == user_id);
        }
    }
    const ChallengeClaims claims = claims_for("device-1", "alice@example.org");
    const OpenedChallenge opened = codec.open(codec.mint(claims, random), kNow);
    CHECK(opened.kind == ChallengeKind::minted);
    CHECK(opened.reason.empty());
    check_same(opened.claims, claims);
}

TEST_CASE("the longest minted challenge has at most 255 URL-safe characters") {
    std::vector<ChallengeKey> keys;
    keys.push_back(key("Abcdef78", 1));
    const ChallengeCodec codec(std::move(keys), pepper("0123456789abcdef"));
    test::SeededRandom random;
    const std::string token =
        codec.mint(claims_for(std::string(64, 'd'), std::string(64, 'u')), random);
    CHECK(token.size() <= kMaxShortCharacters);
    CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-") == std::string::npos);
    CHECK(token.starts_with("crp1.Abcdef78."));
    CHECK(codec.open(token, kNow).reason.empty());
}

TEST_CASE("two mintings of the same claims differ") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    const ChallengeClaims claims = claims_for("device-1", "alice");
    CHECK(codec.mint(claims, random) != codec.mint(claims, random));
}

TEST_CASE("no altered minted challenge opens: every bit flipped, every length cut") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    const std::string token = codec.mint(claims_for("device-1", "alice"), random);
    const auto is_open = [&codec](const std::string& text) {
        const OpenedChallenge opened = codec.open(text, kNow);
        return opened.kind == ChallengeKind::minted && opened.reason.empty();
    };
    REQUIRE(is_open(token));
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string altered = token;
            altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
            INFO("octet " << i << " bit " << bit);
            CHECK_FALSE(is_open(altered));
        }
        INFO("cut at " << i);
        CHECK_FALSE(is_open(token.substr(0, i)));
    }
    CHECK_FALSE(is_open(token + "A"));
    CHECK_FALSE(is_open(token + "="));
}

TEST_CASE("what is wrong with a minted challenge has its own reason") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    const std::string token = codec.mint(claims_for("device-1", "alice"), random);
    std::string altered = token;
    altered[token.size() / 2] = altered[token.size() / 2] == 'A' ? 'B' : 'A';

    struct Case {
        const char* name;
        std::string challenge;
        const char* reason;
    };
    const std::vector<Case> cases{
        {"no body", "crp1.k1.", "ChallengeDecodingError"},
        {"no key", "crp1.", "ChallengeDecodingError"},
        {"no second dot", "crp1.k1", "ChallengeDecodingError"},
        {"shorter than nonce and tag", "crp1.k1.AAAAAAAAAAAA", "ChallengeDecodingError"},
        {"not base64url", "crp1.k1." + std::string(60, '+'), "ChallengeDecodingError"},
        {"too long", token + std::string(256, 'A'), "ChallengeDecodingError"},
        {"unknown key", "crp1.k2." + token.substr(8), "ChallengeDecryptionError"},
        {"altered", altered, "ChallengeDecryptionError"},
        {"random", "crp1.k1." + std::string(100, 'A'), "ChallengeDecryptionError"},
        {"other key, same name", codec_with(2).mint(claims_for("d", ""), random),
         "ChallengeDecryptionError"},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const OpenedChallenge opened = codec.open(c.challenge, kNow);
        CHECK(opened.kind == ChallengeKind::minted);
        CHECK(opened.reason == c.reason);
        CHECK_FALSE(opened.detail.empty());
    }
}

TEST_CASE("claims are read only as they are written") {
    const Bytes good = *encode_claims(claims_for("device-1", "alice"));
    REQUIRE(decode_claims(good).has_value());

    SECTION("too short") { CHECK_FALSE(decode_claims(ByteView(good).first(39)).has_value()); }
    SECTION("too long") {
        Bytes longer = good;
        longer.resize(kMaxClaimsOctets + 1);
        CHECK_FALSE(decode_claims(longer).has_value());
    }
    SECTION("filled up with something") {
        Bytes other = good;
        other.back() |= 1;
        CHECK_FALSE(decode_claims(other).has_value());
    }
    SECTION("more text after the user") {
        Bytes other = good;
        other.push_back(0);
        other.push_back(0);
        CHECK_FALSE(decode_claims(other).has_value());
    }
    SECTION("no device") {
        Bytes other(good.begin(), good.begin() + 39);
        other.push_back(0);
        CHECK_FALSE(decode_claims(other).has_value());
    }
}

TEST_CASE("claims that do not fit are not minted") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    ChallengeClaims claims = claims_for("device-1", "alice");
    SECTION("device ID too long") { claims.device_id = std::string(65, 'd'); }
    SECTION("user ID too long") { claims.user_id = std::string(65, 'u'); }
    SECTION("no device ID") { claims.device_id.clear(); }
    SECTION("device ID with NUL") { claims.device_id = std::string("a\0b", 3); }
    SECTION("user ID not ASCII") { claims.user_id = "j\xC3\xB6rg"; }
    SECTION("challenge ID not hex") { claims.challenge_id = "zz"; }
    SECTION("challenge ID too short") { claims.challenge_id = "0011"; }
    SECTION("digest too short") { claims.certificate_request_id_digest = "00"; }
    SECTION("ends before it begins") { claims.expires_at = from_unix_ms(1); }
    SECTION("lasts for over 34 years") {
        claims.expires_at = claims.not_before + std::chrono::hours(24 * 366 * 35);
    }
    CHECK(codec.mint(claims, random).empty());
}

TEST_CASE("the first key mints and all keys open") {
    std::vector<ChallengeKey> keys;
    keys.push_back(key("new", 2));
    keys.push_back(key("old", 1));
    const ChallengeCodec codec(std::move(keys), pepper("0123456789abcdef"));
    std::vector<ChallengeKey> old;
    old.push_back(key("old", 1));
    const ChallengeCodec before(std::move(old), pepper("0123456789abcdef"));
    test::SeededRandom random;
    CHECK(codec.mint(claims_for("d", ""), random).starts_with("crp1.new."));
    CHECK(codec.open(before.mint(claims_for("d", ""), random), kNow).reason.empty());
}

TEST_CASE("anything without the prefix is a posted challenge, found by its HMAC") {
    const ChallengeCodec codec = codec_with(1);
    const OpenedChallenge opened = codec.open("the MDM's own password", kNow);
    CHECK(opened.kind == ChallengeKind::posted);
    CHECK(opened.reason.empty());
    CHECK(opened.lookups == codec.lookups_of("the MDM's own password"));
    REQUIRE(opened.lookups.size() == 1);
    CHECK(opened.lookups.front().size() == 64);
    CHECK(opened.lookups != codec.lookups_of("the MDM's own password "));

    std::vector<ChallengeKey> keys;
    keys.push_back(key("k1", 1));
    const ChallengeCodec other(std::move(keys), pepper("another pepper.."));
    CHECK(opened.lookups != other.lookups_of("the MDM's own password"));
}

TEST_CASE(
    "a posted challenge is looked up under the present pepper first, then under earlier ones") {
    const auto with = [](std::vector<ChallengeKey> peppers) {
        std::vector<ChallengeKey> keys;
        keys.push_back(key("k1", 1));
        return ChallengeCodec(std::move(keys), std::move(peppers));
    };
    std::vector<ChallengeKey> both = pepper("the newer pepper", "p2");
    both.push_back({"p1", Secret(std::string_view("the older pepper"))});
    const ChallengeCodec codec = with(std::move(both));
    const auto lookups = codec.lookups_of("password");
    REQUIRE(lookups.size() == 2);
    CHECK(lookups[0] == with(pepper("the newer pepper")).lookups_of("password").front());
    CHECK(lookups[1] == with(pepper("the older pepper")).lookups_of("password").front());
}

TEST_CASE("the kind shows in the form: up to 255 characters posted, above sealed") {
    const ChallengeCodec codec = codec_with(1);
    CHECK(codec.open(std::string(255, 'M'), kNow).kind == ChallengeKind::posted);
    const OpenedChallenge opened = codec.open(std::string(256, 'M'), kNow);
    CHECK(opened.kind == ChallengeKind::sealed);
    CHECK(opened.reason == "ChallengeDecodingError");
}

TEST_CASE("a sealed text opens again, and only unaltered and only as what it is") {
    const ChallengeCodec codec = codec_with(1);
    test::SeededRandom random;
    const std::string sealed = codec.seal("{\"challenge\":\"x\"}", random);
    CHECK(sealed.find("challenge") == std::string::npos);
    REQUIRE(codec.unseal(sealed).has_value());
    CHECK(*codec.unseal(sealed) == "{\"challenge\":\"x\"}");
    CHECK(*codec.unseal(codec.seal("", random)) == "");

    std::string altered = sealed;
    altered[20] = altered[20] == 'A' ? 'B' : 'A';
    CHECK(codec.unseal(altered).error().code == ErrorCode::bad_request);
    CHECK(codec.unseal("plain").error().code == ErrorCode::bad_request);
    CHECK(codec.unseal("seal1.k1.+").error().code == ErrorCode::bad_request);
    CHECK(codec.unseal("seal1.k9." + sealed.substr(9)).error().code == ErrorCode::configuration);

    // Neither passes for the other, though both are made with the same key.
    const std::string token = codec.mint(claims_for("d", ""), random);
    CHECK_FALSE(codec.unseal("seal1.k1." + token.substr(8)).has_value());
    CHECK(codec.open("crp1.k1." + sealed.substr(9), kNow).reason == "ChallengeDecryptionError");
}

TEST_CASE("key files are read with all their faults named") {
    const auto folder = std::filesystem::temp_directory_path() /
                        ("challenge_codec_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const auto write = [&folder](const char* name, const std::string& text, bool open = false) {
        const auto path = folder / name;
        std::ofstream(path) << text;
        std::filesystem::permissions(
            path, open ? std::filesystem::perms(0644) : std::filesystem::perms(0600));
        return path;
    };
    const std::string hex(64, 'a');
    const auto k1 = write("k1.key", hex + "\n");
    const auto k2 = write("k2.key", std::string(64, 'B'));
    const auto pepper_file = write("pepper.key", std::string(32, 'c') + "\n");

    SECTION("good") {
        const auto codec = load_challenge_codec({{k1, k2}, {pepper_file}, {}, {}});
        REQUIRE(codec.has_value());
        test::SeededRandom random;
        CHECK((*codec)->mint(claims_for("d", ""), random).starts_with("crp1.k1."));
    }
    SECTION("as a folder that is a systemd credential") {
        const auto credential = write("keys_k2.key", hex);
        CHECK_FALSE(load_challenge_codec({{credential, k1}, {pepper_file}, {}, {}}).has_value());
        ::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1);
        const auto codec = load_challenge_codec({{credential, k1}, {pepper_file}, {}, {}});
        REQUIRE(codec.has_value());
        test::SeededRandom random;
        CHECK((*codec)->mint(claims_for("d", ""), random).starts_with("crp1.k2."));
        CHECK_FALSE(load_challenge_codec({{credential, k2}, {pepper_file}, {}, {}}).has_value());
        ::unsetenv("CREDENTIALS_DIRECTORY");
    }
    struct Bad {
        const char* name;
        std::vector<std::filesystem::path> keys;
        std::filesystem::path pepper;
        const char* named;
    };
    const std::vector<Bad> cases{
        {"no key", {}, pepper_file, "key_files"},
        {"missing key", {folder / "none.key"}, pepper_file, "none.key"},
        {"short key", {write("short.key", "aa")}, pepper_file, "short.key"},
        {"not hex", {write("text.key", std::string(64, 'x'))}, pepper_file, "text.key"},
        {"bad ID", {write("a-b.key", hex)}, pepper_file, "a-b.key"},
        {"long ID", {write("ninechars.key", hex)}, pepper_file, "ninechars.key"},
        {"same ID twice", {k1, k1}, pepper_file, "k1.key"},
        {"readable by others", {write("open.key", hex, true)}, pepper_file, "open.key"},
        {"missing pepper", {k1}, folder / "no_pepper", "no_pepper"},
        {"short pepper", {k1}, write("little.key", "aabb"), "little.key"},
    };
    for (const Bad& bad : cases) {
        INFO(bad.name);
        const auto codec = load_challenge_codec({bad.keys, {bad.pepper}, {}, {}});
        REQUIRE_FALSE(codec.has_value());
        CHECK(codec.error().text.find(bad.named) != std::string::npos);
        CHECK(codec.error().text.find(hex) == std::string::npos);
    }
    std::filesystem::remove_all(folder);
}
