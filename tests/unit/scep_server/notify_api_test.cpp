// What an operator sees of outcomes that are not told yet, and what can be done about them.
#include "scep-server/http/notify_api.h"

#include <nlohmann/json.hpp>

#include "tests/catch.h"
#include "tests/unit/scep_server/admin_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::AdminBench;

namespace {

const std::string kPath = "/api/v1/notifies";

struct Site {
    Site() {
        bench.caller("olga", {}, false, true);
        bench.caller("mdm", {"*"}, false);
    }
    std::int64_t record(const std::string& transaction) {
        PendingNotify notify;
        notify.transaction_id = transaction;
        notify.request_id = "request of " + transaction;
        notify.challenge_sealed = "sealed challenge";
        notify.disposition = 2;
        notify.last_result = static_cast<std::int32_t>(0x80004005u);
        REQUIRE(bench.journal->record_notify(notify));
        return bench.journal->notifies().list(0, 1000, NotifyKind::all)->back().id;
    }
    nlohmann::json ask(int status, const std::string& method, const std::string& below,
                       const std::string& caller = "olga") {
        const auto response = bench.call(method, kPath + below, bench.peer_of(caller));
        CAPTURE(response.body);
        CHECK(response.status == status);
        return nlohmann::json::parse(response.body, nullptr, false);
    }

    test::Lab lab;
    AdminBench bench{lab};
};

}  // namespace

TEST_CASE("the list tells what waits and what is dead, and no challenge") {
    Site site;
    const std::int64_t first = site.record("a");
    const std::int64_t second = site.record("b");
    REQUIRE(site.bench.journal->notifies().bury(first, "HTTP 409"));
    const auto all = site.ask(200, "GET", "");
    REQUIRE(all["items"].size() == 2);
    CHECK(all["next"].is_null());
    const auto& dead = all["items"][0];
    CHECK(dead["id"] == first);
    CHECK(dead["state"] == "dead");
    CHECK(dead["outcome"] == "failed");
    CHECK(dead["hResult"] == "0x80004005");
    CHECK(dead["lastError"] == "HTTP 409");
    CHECK(dead["nextAttemptAt"].is_null());
    CHECK(all["items"][1]["state"] == "waiting");
    CHECK(all["items"][1]["deadAt"].is_null());
    CHECK(all.dump().find("sealed") == std::string::npos);
    CHECK(site.ask(200, "GET", "?state=dead")["items"].size() == 1);
    CHECK(site.ask(200, "GET", "?state=waiting")["items"][0]["id"] == second);
    const auto page = site.ask(200, "GET", "?limit=1");
    CHECK(page["next"] == std::to_string(first));
    CHECK(site.ask(200, "GET", "?limit=1&after=" + std::to_string(first))["items"][0]["id"] ==
          second);
    site.ask(400, "GET", "?state=lost");
    site.ask(400, "GET", "?limit=0");
}

TEST_CASE("a dead letter is told again, or forgotten under the operator's name") {
    Site site;
    const std::string id = std::to_string(site.record("a"));
    site.ask(409, "POST", "/" + id + "/discard");  // it is still told
    REQUIRE(site.bench.journal->notifies().bury(std::stoll(id), "never"));
    SECTION("told again") {
        CHECK(site.ask(200, "POST", "/" + id + "/retry")["state"] == "waiting");
        CHECK(site.bench.wakes == 1);
        CHECK(site.bench.journal->notifies().census()->dead == 0);
    }
    SECTION("all of them") {
        CHECK(site.ask(200, "POST", "/retry")["count"] == 1);
        CHECK(site.bench.wakes == 1);
    }
    SECTION("forgotten") {
        CHECK(site.ask(200, "POST", "/" + id + "/discard")["state"] == "discarded");
        CHECK(site.bench.journal->notifies().list(0, 10, NotifyKind::all)->empty());
        CHECK(site.bench.log.text().find("was discarded by olga") != std::string::npos);
        site.ask(404, "POST", "/" + id + "/discard");
        site.ask(404, "POST", "/" + id + "/retry");
    }
}

TEST_CASE("only operators, only what there is") {
    Site site;
    const std::string id = std::to_string(site.record("a"));
    site.ask(403, "GET", "", "mdm");
    site.ask(401, "GET", "", "stranger");
    site.ask(403, "POST", "/" + id + "/retry", "mdm");
    site.ask(404, "POST", "/" + id + "/forget");
    site.ask(404, "POST", "/x/retry");
    site.ask(405, "DELETE", "/" + id);
    site.ask(405, "POST", "");
    site.ask(404, "GET", "/1/2/3");
}
