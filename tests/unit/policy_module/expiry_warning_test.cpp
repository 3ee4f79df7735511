// The warnings before our certificate expires: 30, 14, 7 and 1 days, each once.
#include "policy-module/crp_client/expiry_warning.h"

#include <vector>

#include "tests/catch.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using std::chrono::days;
using std::chrono::hours;

const WallTime kEnd = from_unix_ms(1'790'000'000'000);

}  // namespace

TEST_CASE("each threshold is said once, hour by hour") {
    ExpiryWarning warning;
    std::vector<std::string> said;
    for (WallTime now = kEnd - days(40); now < kEnd + days(2); now += hours(1))
        if (auto line = warning.take_due("ab12", kEnd, now)) said.push_back(*line);
    REQUIRE(said.size() == 4);
    CHECK(said[0].find("ab12") != std::string::npos);
    CHECK(said[0].find(to_rfc3339(kEnd) + ", within 30 days") != std::string::npos);
    CHECK(said[1].find("within 14 days") != std::string::npos);
    CHECK(said[2].find("within 7 days") != std::string::npos);
    CHECK(said[3].find("within 1 day.") != std::string::npos);
}

TEST_CASE("a late start says the nearest threshold alone, then the next") {
    ExpiryWarning warning;
    const auto first = warning.take_due("ab12", kEnd, kEnd - days(5));
    REQUIRE(first);
    CHECK(first->find("within 7 days") != std::string::npos);
    CHECK_FALSE(warning.take_due("ab12", kEnd, kEnd - days(4)));
    CHECK(warning.take_due("ab12", kEnd, kEnd - days(1)));
    CHECK_FALSE(warning.take_due("ab12", kEnd, kEnd - hours(1)));
}

TEST_CASE("a renewed certificate begins anew; one with time left says nothing") {
    ExpiryWarning warning;
    CHECK(warning.take_due("ab12", kEnd, kEnd - days(1)));
    CHECK_FALSE(warning.take_due("cd34", kEnd + days(300), kEnd - days(1)));
    CHECK(warning.take_due("cd34", kEnd + days(300), kEnd + days(295)));
}
