// A crpd whose clock is behind what it has recorded, as after a restart with an empty battery.
#include <csignal>

#include "crp-service/store/store_factory.h"
#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";

// What a crpd with a clock an hour ahead of today's leaves behind.
void record_in_an_hour(const CrpdLab& lab) {
    auto store = crp::open_store({.kind = "sqlite", .path = lab.path("crp.db"), .readers = 1},
                                 system_clock());
    REQUIRE(store);
    crp::AuditRecord record;
    record.time = system_clock().now() + std::chrono::hours(1);
    record.event = "event";
    record.outcome = "permit";
    REQUIRE((*store)->append_audit(record));
}

std::vector<std::string> events_of(CrpdLab& lab) {
    std::vector<std::string> events;
    const Json audit = lab.call("admin", "GET", "/api/v1/audit?limit=1000").json["items"];
    for (const Json& record : audit)
        events.push_back(record["event"]);
    return events;
}

}  // namespace

TEST_CASE("a crpd whose clock was set back decides nothing, restarted or not, until told to") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    const Json question = lab.verify_body(lab.new_challenge(), "t-1");
    lab.stop(SIGTERM);
    record_in_an_hour(lab);
    for (int restart = 0; restart < 2; ++restart) {
        REQUIRE(lab.launch());
        const Answer refused = lab.call("ndes", "POST", kVerify, question);
        CHECK(refused.status == 503);
        CHECK(refused.reason() == "ClockSetBack");
        CHECK(lab.health("/healthz?run=1").json["status"] == 1);
        const auto events = events_of(lab);
        REQUIRE(events.size() > 3);
        CHECK(events[events.size() - 2] == "clock-step");
        CHECK(events.back() == "start");
        lab.stop(SIGTERM);
    }
    const auto output = lab.path("confirm.txt");
    REQUIRE(run_program({program("crpctl"), "db", "confirm-clock", "--config", lab.config()},
                        output) == 0);
    REQUIRE(lab.start());
    CHECK(lab.call("ndes", "POST", kVerify, question).json["verified"] == true);
}
