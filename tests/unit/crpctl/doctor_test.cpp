// crpctl doctor: judgements of plain facts, and what is printed of them.
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/metrics_text.h"
#include "crp-service/cli/doctor/report.h"

#include <set>

#include "common/strict_json.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp::cli::doctor;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const WallTime kNow = from_rfc3339("2026-11-29T12:00:00Z").value();

Outcome end_in(std::chrono::milliseconds left) {
    const auto trouble = judge_end("x", kNow + left, kNow, "effect", "repair");
    return trouble ? trouble->outcome : Outcome::ok;
}

Outcome clock_off(std::chrono::milliseconds offset) {
    const auto trouble = judge_clock("crp01", offset);
    return trouble ? trouble->outcome : Outcome::ok;
}

Examined examined(std::size_t check, Finding finding) {
    return {&all_checks()[check], std::move(finding), std::chrono::milliseconds(7)};
}

Finding unit_finding(const std::string& shown) {
    Finding finding;
    judge_unit("ndesd.service", shown, finding);
    return finding;
}

}  // namespace

TEST_CASE("an end is told 30 days before, and has failed 7 days before") {
    CHECK(end_in(days(31)) == Outcome::ok);
    CHECK(end_in(days(30)) == Outcome::warning);
    CHECK(end_in(days(8)) == Outcome::warning);
    CHECK(end_in(days(7)) == Outcome::failed);
    CHECK(end_in(hours(-1)) == Outcome::failed);
    CHECK(judge_end("x", kNow + days(6), kNow, "", "")->observed == "x ends in 6 d (2026-12-05)");
    CHECK(judge_end("x", kNow - days(3), kNow, "", "")->observed == "x ended on 2026-11-26");
}

TEST_CASE("a CRL is judged by its own time") {
    const auto judged = [](WallTime made, WallTime next) {
        const auto trouble = judge_crl("crl", made, next, kNow, "");
        return trouble ? trouble->outcome : Outcome::ok;
    };
    CHECK(judged(kNow - days(3), kNow + days(4)) == Outcome::ok);  // of 7 days
    CHECK(judged(kNow - days(6) - hours(12), kNow + hours(12)) == Outcome::warning);
    CHECK(judged(kNow - days(7), kNow) == Outcome::failed);
}

TEST_CASE("clocks may differ by a minute, and must not by five") {
    CHECK(clock_off(seconds(59)) == Outcome::ok);
    CHECK(clock_off(minutes(-1)) == Outcome::warning);
    CHECK(clock_off(minutes(5)) == Outcome::failed);
    CHECK(clock_off(-minutes(5)) == Outcome::failed);
    CHECK(judge_clock("crp01", minutes(6))->observed == "The clock is 6 min ahead of crp01");
    CHECK(judge_clock("crp01", -hours(9))->observed == "The clock is 9 h behind crp01");
}

TEST_CASE("a unit of systemd is judged by what systemctl shows") {
    const std::string good =
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=0\nResult="
        "success\n";
    CHECK(unit_finding(good).outcome() == Outcome::ok);
    CHECK(unit_finding("LoadState=not-found\nActiveState=inactive\n").outcome() ==
          Outcome::warning);
    CHECK(unit_finding("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\nNRestarts=0\n"
                       "Result=core-dump\n")
              .observed() == "ndesd.service is failed (core-dump)");
    CHECK(
        unit_finding("LoadState=loaded\nActiveState=active\nUnitFileState=disabled\n").observed() ==
        "ndesd.service is not enabled");
    CHECK(unit_finding("LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=4\n"
                       "Result=watchdog\n")
              .observed() == "ndesd.service was restarted 4 times (last result: watchdog)");
}

TEST_CASE("versions are compared without their builds") {
    Finding same;
    judge_versions({{"crpctl", "0.1.0"}, {"crpd", "0.1.0 (build 1f0c)"}}, same);
    CHECK(same.outcome() == Outcome::ok);
    CHECK(same.observed() == "crpctl 0.1.0, crpd 0.1.0");
    Finding different;
    judge_versions({{"crpctl", "0.1.0"}, {"ndesd", "0.2.0 (build 1f0c)"}}, different);
    CHECK(different.outcome() == Outcome::warning);
    CHECK(different.observed() == "Versions differ: crpctl 0.1.0, ndesd 0.2.0");
}

TEST_CASE("metrics are read with their labels") {
    const auto metrics = MetricsText::parse(
        "# TYPE a counter\n"
        "a{x=\"1\",y=\"quo\\\"te\"} 2\n"
        "a{x=\"2\"} 3.5\n"
        "b 7\n"
        "broken{x=\n");
    CHECK(metrics.sum("a") == 5.5);
    CHECK(metrics.sum("a", "x", "2") == 3.5);
    CHECK(metrics.sum("b") == 7);
    CHECK(metrics.sum("c") == 0);
    CHECK(metrics.all("a").front()->label("y") == "quo\"te");
    CHECK(metrics.size() == 3);
}

TEST_CASE("a finding is as bad as its worst trouble, which is told first") {
    Finding finding;
    finding.found("good");
    CHECK(finding.outcome() == Outcome::ok);
    CHECK(finding.observed() == "good");
    finding.warn("a warning", "", "");
    finding.fail("a failure", "", "");
    CHECK(finding.outcome() == Outcome::failed);
    CHECK(finding.observed() == "a failure");
    CHECK(finding.troubles().back().observed == "a warning");
    CHECK(Finding::skipped("why").outcome() == Outcome::skipped);
}

TEST_CASE("the table has each identifier of the list once, in order") {
    std::set<std::string> ids;
    std::string last;
    for (const Check& check : all_checks()) {
        CHECK(last < check.id);
        last = check.id;
        ids.insert(check.id);
    }
    for (const AbsentCheck& check : absent_checks())
        CHECK(ids.insert(check.id).second);
    CHECK(ids.size() == 40);
    CHECK(*ids.begin() == "DR-01");
    CHECK(*ids.rbegin() == "DR-40");
}

TEST_CASE("reports") {
    Finding bad;
    bad.fail("x is | wrong\x1b[31m\nhere", "devices stop", "crpctl mend");
    const std::vector<Examined> list{examined(0, Finding::ok("fine")), examined(1, bad),
                                     examined(2, Finding::skipped("no file"))};
    const std::string text = text_report(list);
    CHECK(text.starts_with("FAILED  DR-03"));
    CHECK(text.find("effect: devices stop") != std::string::npos);
    CHECK(text.find("repair: crpctl mend") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.ends_with("1 failure, 0 warnings, 1 ok, 1 skipped: look at DR-03 first\n"));

    const auto json = parse_json(json_report(list), 1 << 20);
    REQUIRE(json);
    CHECK((*json)["summary"]["failed"] == 1);
    CHECK((*json)["checks"][1]["repair"] == "crpctl mend");
    CHECK((*json)["checks"][0]["repair"].is_null());

    const std::string nagios = nagios_report(list, std::chrono::milliseconds(41));
    CHECK(nagios.starts_with("NDES-CRP CRITICAL - 1 failed (DR-03), 0 warned: x is / wrong"));
    CHECK(
        nagios.ends_with(" | failed=1;;0;0 warning=0;0;;0 ok=1;;;0 skipped=1;;;0 time=41ms;;;0\n"));
    CHECK(std::count(nagios.begin(), nagios.end(), '\n') == 1);
    CHECK(std::count(nagios.begin(), nagios.end(), '|') == 1);
}

TEST_CASE("Nagios' codes") {
    CHECK(nagios_code({.ok = 3, .skipped = 1}) == 0);
    CHECK(nagios_code({.ok = 3, .warning = 1}) == 1);
    CHECK(nagios_code({.ok = 3, .warning = 1, .failed = 1}) == 2);
    CHECK(nagios_code({.skipped = 5}) == 3);
}
