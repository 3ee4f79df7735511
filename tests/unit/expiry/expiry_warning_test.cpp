// The warnings before something of ours ends: 30, 14, 7 and 1 days, each once.
#include "common/expiry/expiry_warning.h"

#include <vector>

#include "tests/catch.h"
#include "tests/support/recording_log.h"

namespace {

using namespace ndes;
using std::chrono::days;
using std::chrono::hours;

const WallTime kEnd = from_unix_ms(1'790'000'000'000);
const WallTime kBegin = kEnd - days(365);

Expiring thing(const std::string& use, const std::string& id, WallTime begins, WallTime ends) {
    Expiring one;
    one.use = use;
    one.id = id;
    one.subject = "CN=" + use;
    one.begins = begins;
    one.ends = ends;
    return one;
}

}  // namespace

TEST_CASE("each threshold is said once, hour by hour") {
    ExpiryWarning warning;
    std::vector<int> said;
    for (WallTime now = kEnd - days(40); now < kEnd + days(2); now += hours(1))
        if (auto due = warning.take_due("ab12", kBegin, kEnd, now)) said.push_back(*due);
    CHECK(said == std::vector{30, 14, 7, 1});
    CHECK(within_days(30) == "within 30 days");
    CHECK(within_days(1) == "within 1 day");
}

TEST_CASE("a late start says the nearest threshold alone, then the next") {
    ExpiryWarning warning;
    CHECK(warning.take_due("ab12", kBegin, kEnd, kEnd - days(5)) == 7);
    CHECK_FALSE(warning.take_due("ab12", kBegin, kEnd, kEnd - days(4)));
    CHECK(warning.take_due("ab12", kBegin, kEnd, kEnd - days(1)) == 1);
    CHECK_FALSE(warning.take_due("ab12", kBegin, kEnd, kEnd - hours(1)));
}

TEST_CASE("a renewed certificate begins anew; one with time left says nothing") {
    ExpiryWarning warning;
    CHECK(warning.take_due("ab12", kBegin, kEnd, kEnd - days(1)));
    CHECK_FALSE(warning.take_due("cd34", kBegin, kEnd + days(300), kEnd - days(1)));
    CHECK(warning.take_due("cd34", kBegin, kEnd + days(300), kEnd + days(295)));
}

TEST_CASE("what lives a week is warned of on its last day alone") {
    CHECK(expiry_threshold(kEnd - days(7), kEnd, kEnd - days(6)) == 0);
    CHECK(expiry_threshold(kEnd - days(7), kEnd, kEnd - hours(20)) == 1);
    CHECK(expiry_threshold(kEnd - days(1), kEnd, kEnd - hours(1)) == 0);
    CHECK(expiry_threshold(kEnd - days(60), kEnd, kEnd - days(30)) == 30);
    CHECK(expiry_threshold(kEnd - days(60), kEnd, kEnd) == 0);
}

TEST_CASE("of a program's things each is told at its thresholds, and when it has ended") {
    ExpiryWatch watch;
    test::RecordingLog log;
    ExpiringList list{thing("server", "a", kBegin, kEnd), thing("ra-signing", "b", kBegin, kEnd),
                      thing("ca", "c", kBegin, kEnd + days(3000))};
    for (WallTime now = kEnd - days(40); now < kEnd + days(2); now += hours(1))
        watch.tell(list, now, log);
    REQUIRE(log.texts().size() == 10);  // four warnings and the end, of two
    CHECK(log.texts()[0].find("server certificate CN=server ends at " + to_rfc3339(kEnd) +
                              ", within 30 days") == 0);
    CHECK(log.lines().back().severity == Severity::error);
    CHECK(log.texts().back().find("ended at") != std::string::npos);

    log.clear();
    list[0] = thing("server", "a2", kBegin, kEnd + days(365));
    watch.tell(list, kEnd + days(3), log);
    CHECK(log.texts().empty());
    Expiring broken = thing("client-ca", "file", kBegin, kEnd);
    broken.fault = "gone";
    list.push_back(broken);
    watch.tell(list, kEnd + days(3), log);
    watch.tell(list, kEnd + days(4), log);
    REQUIRE(log.texts().size() == 1);
    CHECK(log.texts()[0] == "client-ca certificate CN=client-ca cannot be used: gone");
}

TEST_CASE("keys are no matter of time") {
    Expiring key = thing("server", "k", kBegin, kEnd);
    key.kind = ExpiringKind::key;
    test::RecordingLog log;
    ExpiryWatch().tell({key}, kEnd + days(1), log);
    CHECK(log.texts().empty());
    CHECK(expiry_status({key}, kEnd + days(1)).empty());
}

TEST_CASE("the STATUS line has what ends first, and nothing while all is well") {
    const ExpiringList list{thing("server", "a", kBegin, kEnd),
                            thing("ra-signing", "b", kBegin, kEnd - days(2))};
    CHECK(expiry_status(list, kEnd - days(40)).empty());
    CHECK(expiry_status(list, kEnd - days(8)) ==
          "; ra-signing certificate ends in 6 days (crpctl expiry)");
    CHECK(expiry_status(list, kEnd - days(3)) ==
          "; ra-signing certificate ends in 1 day (crpctl expiry)");
    CHECK(expiry_status(list, kEnd - days(1)) ==
          "; ra-signing certificate has ended (crpctl expiry)");
}
