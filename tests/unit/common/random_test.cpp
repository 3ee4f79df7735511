#include "common/random.h"

#include <set>

#include "common/certificate_contents.h"
#include "tests/catch.h"
#include "tests/unit/common/fakes.h"

using namespace ndes;

TEST_CASE("a UUID of version 7 carries time, version and variant in their places") {
    const test::FakeClock clock("2022-02-22T19:22:22Z");  // the sample of RFC 9562 appendix A.6
    test::SeededRandom random(9562);
    const std::string uuid = make_uuid(clock, random);
    REQUIRE(uuid.size() == 36);
    CHECK(uuid.substr(0, 14) == "017f22e2-79b0-");
    CHECK(uuid[14] == '7');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        CHECK((uuid[i] == '-') == hyphen);
        CHECK(std::string("0123456789abcdef-").find(uuid[i]) != std::string::npos);
    }
}

TEST_CASE("UUIDs sort by the time they were made") {
    test::FakeClock clock("2026-11-20T13:35:00.000Z");
    test::SeededRandom random(1);
    const std::string earlier = make_uuid(clock, random);
    clock.advance(std::chrono::milliseconds(1));
    CHECK(earlier < make_uuid(clock, random));
}

TEST_CASE("the system's octets differ, and so do UUIDs of one millisecond") {
    CHECK(system_random().bytes(32) != system_random().bytes(32));
    CHECK(system_random().bytes(0).empty());
    const test::FakeClock clock("2026-11-20T13:35:00Z");
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(make_uuid(clock, system_random()));
    CHECK(seen.size() == 1000);
}

TEST_CASE("each kind of alternative name and each key usage has one word") {
    for (int i = 0; i <= static_cast<int>(SubjectAltNameType::ip); ++i) {
        const auto type = static_cast<SubjectAltNameType>(i);
        SubjectAltNameType read{};
        REQUIRE(from_string(to_string(type), read));
        CHECK(read == type);
    }
    for (int i = 0; i <= static_cast<int>(KeyUsage::decipher_only); ++i) {
        const auto usage = static_cast<KeyUsage>(i);
        KeyUsage read{};
        REQUIRE(from_string(to_string(usage), read));
        CHECK(read == usage);
    }
    CHECK(std::string(to_string(KeyUsage::crl_sign)) == "cRLSign");  // RFC 5280's spelling
    SubjectAltNameType type{};
    KeyUsage usage{};
    CHECK_FALSE(from_string("UPN", type));
    CHECK_FALSE(from_string("", type));
    CHECK_FALSE(from_string("DigitalSignature", usage));
    CHECK_FALSE(from_string("", usage));
}
