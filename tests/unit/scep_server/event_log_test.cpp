// How an event of the original is told: its text filled in, and its line in the event file.
#include "scep-server/event_log.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "scep-server/enroll/ndes_event.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;

TEST_CASE("an event's text is filled in") {
    const std::string text = event_text(
        kFailSubmit, {{"error_code", "0x80070005"}, {"cause", "no"}, {"detail", "%ErrorCode"}});
    CHECK(text ==
          "The Network Device Enrollment Service cannot submit the certificate request "
          "(0x80070005). no: %ErrorCode");
    CHECK(event_text(kFailSubmit, {}).find("(0x80004005)") != std::string::npos);
    CHECK(event_text(kInvalidUsage, {{"key_usage", "Exchange"}}).find("(Exchange)") !=
          std::string::npos);
    CHECK(event_text(kNoEvent, {}).empty());
}

TEST_CASE("the event file has one line for each event, in either format") {
    for (const bool cmtrace : {false, true}) {
        const test::TemporaryFolder folder;
        const test::FakeClock clock;
        EventsConfig config{folder / "events", cmtrace};
        auto log = add_event_file(std::make_unique<test::RecordingLog>(), config, clock);
        REQUIRE(log);
        note_event(**log, Severity::warning, kNoPassword, "no\npassword",
                   {{"transaction_id", "tx-1"}});
        (*log)->note(Severity::info, "no event", {}, std::source_location::current());
        note_event(**log, Severity::error, kFailSubmit, "x", {{"cause", "a\"b\nc"}});
        std::ifstream stream(config.file);
        std::vector<std::string> lines;
        for (std::string line; std::getline(stream, line);)
            lines.push_back(line);
        REQUIRE(lines.size() == 2);
        if (cmtrace) {
            CHECK(lines[0].find("Event 28 EVENT_MSCEP_NO_PASSWORD: ") != std::string::npos);
            CHECK(lines[0].find("context=\"tx-1\"") != std::string::npos);
            continue;
        }
        const auto json = nlohmann::json::parse(lines[0]);
        CHECK(json["event"] == 28);
        CHECK(json["name"] == "EVENT_MSCEP_NO_PASSWORD");
        CHECK(json["level"] == "warning");
        CHECK(json["source"] == "NetworkDeviceEnrollmentService");
        CHECK(json["transaction_id"] == "tx-1");
        CHECK(nlohmann::json::parse(lines[1])["event"] == 31);
    }
}
