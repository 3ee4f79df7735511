#include "common/clock.h"

#include "tests/catch.h"

using namespace ndes;

namespace {

std::int64_t read(const std::string& text) { return to_unix_ms(from_rfc3339(text).value()); }

}  // namespace

TEST_CASE("a time is written in UTC with milliseconds") {
    CHECK(to_rfc3339(from_unix_ms(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(from_unix_ms(-1)) == "1969-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(from_unix_ms(1795181700123)) == "2026-11-20T13:35:00.123Z");
    CHECK(to_rfc3339(from_unix_ms(951'782'400'000)) == "2000-02-29T00:00:00.000Z");
}

TEST_CASE("a time that four year digits cannot say is written as the nearest that they can") {
    CHECK(to_rfc3339(WallTime::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(WallTime::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("a written time reads back as itself") {
    for (std::int64_t ms = -2'000'000'000'001; ms < 4'000'000'000'000; ms += 86'399'987'654) {
        REQUIRE(read(to_rfc3339(from_unix_ms(ms))) == ms);
    }
}

TEST_CASE("offsets are taken into account") {
    CHECK(read("2026-11-20T13:35:00Z") == 1795181700000);
    CHECK(read("2026-11-20T15:05:00+01:30") == 1795181700000);
    CHECK(read("2026-11-20T05:35:00-08:00") == 1795181700000);
    CHECK(read("2026-11-20T13:35:00-00:00") == 1795181700000);
    CHECK(read("2026-11-21T00:34:00+10:59") == 1795181700000);
    CHECK(read("1970-01-01T00:00:00+23:59") == -86'340'000);
}

TEST_CASE("a fraction finer than a millisecond is cut off") {
    CHECK(read("1970-01-01T00:00:00.1Z") == 100);
    CHECK(read("1970-01-01T00:00:00.12Z") == 120);
    CHECK(read("1970-01-01T00:00:00.123Z") == 123);
    CHECK(read("1970-01-01T00:00:00.123999999Z") == 123);
    CHECK(read("1969-12-31T23:59:59.9999Z") == -1);
}

TEST_CASE("leap days exist in leap years alone") {
    CHECK(from_rfc3339("2024-02-29T00:00:00Z"));
    CHECK(from_rfc3339("2000-02-29T00:00:00Z"));
    CHECK_FALSE(from_rfc3339("2026-02-29T00:00:00Z"));
    CHECK_FALSE(from_rfc3339("2100-02-29T00:00:00Z"));
    CHECK_FALSE(from_rfc3339("1900-02-29T00:00:00Z"));
}

TEST_CASE("what is not a complete RFC 3339 time is refused") {
    const auto text = GENERATE(
        as<std::string>(), "", "2026-11-20", "2026-11-20T13:35:00", "2026-11-20T13:35Z",
        "2026-11-20 13:35:00Z", "2026-11-20t13:35:00Z", "2026-11-20T13:35:00z",
        "2026-11-20T13:35:00.Z", "2026-11-20T13:35:00.1234567890Z", "2026-11-20T13:35:00,5Z",
        "2026-13-20T13:35:00Z", "2026-00-20T13:35:00Z", "2026-11-00T13:35:00Z",
        "2026-11-31T13:35:00Z", "2026-11-20T24:00:00Z", "2026-11-20T13:60:00Z",
        "2026-11-20T13:35:60Z", "2026-11-20T13:35:00+1:00", "2026-11-20T13:35:00+0100",
        "2026-11-20T13:35:00+24:00", "2026-11-20T13:35:00+01:60", "2026-11-20T13:35:00+01",
        "2026-11-20T13:35:00ZZ", " 2026-11-20T13:35:00Z", "2026-11-20T13:35:00Z ",
        "26-11-20T13:35:00Z", "+2026-11-20T13:35:00Z", "2026-1-20T13:35:00Z",
        "2026-11-20T-1:35:00Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01");
    CAPTURE(text);
    const auto time = from_rfc3339(text);
    REQUIRE_FALSE(time);
    CHECK(time.error().code == ErrorCode::bad_request);
}

TEST_CASE("the machine's steady clock does not go back, and its wall clock is of our age") {
    const SteadyTime before = system_clock().steady_now();
    CHECK(system_clock().steady_now() >= before);
    CHECK(system_clock().now() > from_rfc3339("2024-01-01T00:00:00Z").value());
}
