// Dead letters over the API: listed, sent again, audited; admin alone.
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

struct DeadLab : ApiLab {
    DeadLab() {
        store.set_sinks({"mdm"});
        call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             verify_body("Wrong-Password-1", "t", "r").dump());
        const auto due = store.due_state_messages("mdm", clock.now(), 10);
        REQUIRE(due->size() == 1);
        id = due->front().id;
        REQUIRE(store.mark_dead("mdm", id, clock.now(), "the receiver answered 410"));
    }
    http::Response replay(const std::string& body, const std::string& caller = "admin") {
        return call(caller, "POST", "/api/v1/state-messages/replay", body);
    }
    std::size_t waiting() { return store.due_state_messages("mdm", clock.now(), 10)->size(); }
    std::string id;
};

}  // namespace

TEST_CASE("dead letters are listed with their fault") {
    DeadLab lab;
    const auto response = lab.call("admin", "GET", "/api/v1/state-messages/dead-letters?sink=mdm");
    REQUIRE(response.status == 200);
    const Json items = json_of(response)["items"];
    REQUIRE(items.size() == 1);
    CHECK(items[0]["id"] == lab.id);
    CHECK(items[0]["deliveries"][0]["sink"] == "mdm");
    CHECK(items[0]["deliveries"][0]["lastError"] == "the receiver answered 410");
    CHECK(items[0]["deliveries"][0]["deadAt"] == to_rfc3339(lab.clock.now()));
    CHECK(json_of(response)["next"].is_null());
    for (const char* query : {"", "?limit=1", "?sink=", "?sink=mdm&sink=x", "?sink=mdm&x=1"}) {
        CAPTURE(query);
        CHECK(lab.call("admin", "GET", std::string("/api/v1/state-messages/dead-letters") + query)
                  .status == 400);
    }
    CHECK(lab.call("admin", "GET", "/api/v1/state-messages/dead-letters?sink=mdm&limit=1").status ==
          200);
}

TEST_CASE("dead letters are sent again by ID, all together, or after a place") {
    DeadLab lab;
    REQUIRE(lab.waiting() == 0);
    const std::string what =
        GENERATE(R"("allDead":true)", R"("ids":["LETTER"])", R"("afterSequence":0)");
    std::string body = R"({"sink":"mdm",)" + what + "}";
    if (const auto at = body.find("LETTER"); at != std::string::npos) body.replace(at, 6, lab.id);
    const auto response = lab.replay(body);
    REQUIRE(response.status == 200);
    CHECK(json_of(response)["replayed"] == 1);
    CHECK(lab.waiting() == 1);
    CHECK(lab.audit().back().event == "replay-state-messages");
    CHECK(lab.audit().back().caller == "admin");
}

TEST_CASE("an order that does not say exactly what is refused, and so is who is no admin") {
    DeadLab lab;
    for (const char* body :
         {R"({})", R"({"sink":"mdm"})", R"({"allDead":true})", R"({"sink":"mdm","allDead":false})",
          R"({"sink":"mdm","allDead":true,"afterSequence":0})",
          R"({"sink":"mdm","ids":["a"],"allDead":true})", R"({"sink":"mdm","afterSequence":-1})",
          R"({"sink":"mdm","allDead":true,"x":1})"}) {
        CAPTURE(body);
        CHECK(lab.replay(body).status == 400);
    }
    CHECK(lab.replay(R"({"sink":"mdm","ids":["no-such-message"]})").status == 404);
    CHECK(lab.replay(R"({"sink":"mdm","allDead":true})", "mdm").status == 403);
    CHECK(lab.call("mdm", "GET", "/api/v1/state-messages/dead-letters?sink=mdm").status == 403);
    CHECK(lab.waiting() == 0);
}

TEST_CASE("a sink that does not exist is said to be unknown") {
    DeadLab lab;
    const auto listed = lab.call("admin", "GET", "/api/v1/state-messages/dead-letters?sink=nosuch");
    CHECK(listed.status == 404);
    CHECK(json_of(listed)["detail"] == "there is no sink \"nosuch\"; there are: mdm");
    CHECK(lab.replay(R"({"sink":"nosuch","allDead":true})").status == 404);
    CHECK(lab.waiting() == 0);
}
