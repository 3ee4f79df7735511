// Challenges over the API: orders, owners, repeated calls, and what is never shown or kept.
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kOrder = R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi"})";

http::Response order(ApiLab& lab, const Json& changes, const std::string& caller = "mdm") {
    Json body = parse_json(kOrder).value();
    body.update(changes);
    return lab.call(caller, "POST", "/api/v1/challenges", body.dump());
}

}  // namespace

TEST_CASE("a minted challenge is answered once and shown without its text") {
    ApiLab lab;
    lab.make_records();
    const http::Response made = lab.call("mdm", "POST", "/api/v1/challenges", kOrder);
    REQUIRE(made.status == 201);
    CHECK(header_of(made, "Cache-Control") == "no-store");
    const Json answer = json_of(made);
    CHECK(answer["challenge"].get<std::string>().size() <= 255);
    CHECK(answer["scepUrl"] == "http://scep.example.org/certsrv/mscep/mscep.dll");
    CHECK(answer["caThumbprint"] == std::string(40, 'A'));
    CHECK(answer["expiresAt"] == to_rfc3339(lab.clock.now() + std::chrono::hours(1)));

    const std::string path = "/api/v1/challenges/" + answer["challengeId"].get<std::string>();
    const http::Response shown = lab.call("mdm", "GET", path);
    CHECK(shown.status == 200);
    CHECK(shown.body.find(answer["challenge"].get<std::string>()) == std::string::npos);
    CHECK(json_of(shown)["state"] == "issued");
    CHECK(json_of(shown)["kind"] == "minted");
    CHECK(json_of(shown)["owner"] == "mdm");
    CHECK_FALSE(json_of(shown).contains("challenge"));
}

TEST_CASE("a challenge shows as expired from its last moment on") {
    ApiLab lab;
    lab.make_records();
    const std::string path =
        "/api/v1/challenges/" +
        json_of(order(lab, {{"ttlSeconds", 60}}))["challengeId"].get<std::string>();
    lab.clock.advance(std::chrono::milliseconds(59'999));
    CHECK(json_of(lab.call("mdm", "GET", path))["state"] == "issued");
    lab.clock.advance(std::chrono::milliseconds(1));
    CHECK(json_of(lab.call("mdm", "GET", path))["state"] == "expired");
}

TEST_CASE("the time of a challenge is the order's, else the policy's") {
    ApiLab lab;
    lab.make_records();
    const WallTime now = lab.clock.now();
    CHECK(json_of(order(lab, {{"ttlSeconds", 60}}))["expiresAt"] ==
          to_rfc3339(now + std::chrono::seconds(60)));
    const std::string at = to_rfc3339(now + std::chrono::hours(30 * 24));
    CHECK(json_of(order(lab, {{"expiresAt", at}}))["expiresAt"] == at);
    for (const WallTime wrong : {now, now - std::chrono::hours(1),
                                 now + std::chrono::hours(30 * 24) + std::chrono::seconds(1)}) {
        const http::Response response = order(lab, {{"expiresAt", to_rfc3339(wrong)}});
        CHECK(response.status == 400);
        CHECK(json_of(response)["detail"].get<std::string>().starts_with("expiresAt"));
    }
    CHECK(order(lab, {{"expiresAt", at}, {"ttlSeconds", 60}}).status == 400);
}

TEST_CASE("an order must fit the records") {
    ApiLab lab;
    lab.make_records();
    lab.call("mdm", "PUT", "/api/v1/users/bob", "{}");
    struct Case {
        Json changes;
        int status;
        const char* reason;
        const char* field;
    };
    const std::vector<Case> cases = {
        {{{"deviceId", "gone"}}, 422, "DeviceUnknown", "deviceId"},
        {{{"userId", "gone"}}, 422, "UserUnknown", "userId"},
        {{{"policyId", "gone"}}, 422, "PolicyUnknown", "policyId"},
        {{{"userId", "bob"}}, 422, "ScepProfileNoLongerTargetedToTheClient", "policyId"},
        {{{"userId", nullptr}}, 422, "ScepProfileNoLongerTargetedToTheClient", "policyId"},
        {{{"expected", {{"subject", "no name"}}}}, 400, "BadRequest", "expected.subject"},
        {{{"expected", {{"subject", "CN={{UserName}}"}}}}, 400, "BadRequest", "expected.subject"},
        {{{"expected", {{"subjectAltNames", Json::array({{{"type", "ip"}, {"value", "x"}}})}}}},
         400,
         "BadRequest",
         "expected.subjectAltNames"},
    };
    for (const Case& one : cases) {
        INFO(one.changes.dump());
        const http::Response response = order(lab, one.changes);
        CHECK(response.status == one.status);
        CHECK(reason_of(response) == one.reason);
        CHECK(json_of(response)["detail"].get<std::string>().starts_with(one.field));
    }
}

TEST_CASE("a group or a device assignment suffices") {
    ApiLab lab;
    lab.make_records();
    for (const char* assignments :
         {R"({"groups":["staff"]})", R"({"devices":["phone-1"]})", R"({"all":true})"}) {
        Json policy = json_of(lab.call("mdm", "GET", "/api/v1/policies/wifi"));
        policy["assignments"] = parse_json(assignments).value();
        lab.call("mdm", "PUT", "/api/v1/policies/wifi", policy.dump());
        INFO(assignments);
        CHECK(order(lab, Json::object()).status == 201);
    }
}

TEST_CASE("a posted challenge is kept by its digest alone") {
    ApiLab lab;
    lab.make_records();
    const std::string password = "Tr0ub4dor&3-x";
    const http::Response made = order(lab, {{"challenge", password}});
    REQUIRE(made.status == 201);
    CHECK(json_of(made)["challenge"] == password);
    const auto record =
        lab.store.find_challenge(json_of(made)["challengeId"].get<std::string>()).value();
    REQUIRE(record.has_value());
    CHECK(record->lookup.find(password) == std::string::npos);
    CHECK(record->lookup.size() == 64);
    CHECK(lab.log.all().find(password) == std::string::npos);

    const http::Response again = order(lab, {{"challenge", password}});
    CHECK(again.status == 409);
    CHECK(reason_of(again) == "ChallengeInUse");
    CHECK(again.body.find(password) == std::string::npos);
}

TEST_CASE("a posted challenge must be printable, long enough, and not look minted") {
    ApiLab lab;
    lab.make_records();
    const std::string bad = GENERATE(as<std::string>{}, "short12", "with space", "b\xC3\xA4umchen",
                                     "crp1.k1.abcdefgh", std::string(256, 'a'));
    INFO(bad);
    const http::Response response = order(lab, {{"challenge", bad}});
    CHECK(response.status == 400);
    CHECK(json_of(response)["detail"].get<std::string>().starts_with("challenge"));
}

TEST_CASE("a batch is made whole or not at all") {
    ApiLab lab;
    lab.make_records();
    const std::string two = "[" + std::string(kOrder) + "," + kOrder + "]";
    const http::Response made = lab.call("mdm", "POST", "/api/v1/challenges", two);
    REQUIRE(made.status == 201);
    CHECK(json_of(made)["items"].size() == 2);
    CHECK(json_of(made)["items"][0]["challenge"] != json_of(made)["items"][1]["challenge"]);

    const std::string bad =
        "[" + std::string(kOrder) + R"(,{"deviceId":"gone","policyId":"wifi"}])";
    const http::Response refused = lab.call("mdm", "POST", "/api/v1/challenges", bad);
    CHECK(refused.status == 422);
    CHECK(json_of(refused)["detail"].get<std::string>().starts_with("[1].deviceId"));
}

TEST_CASE("a repeated call with its key gets its first answer") {
    ApiLab lab;
    lab.make_records();
    const Headers key = {{"idempotency-key", "order-4711"}};
    const http::Response first = lab.call("mdm", "POST", "/api/v1/challenges", kOrder, key);
    const http::Response second = lab.call("mdm", "POST", "/api/v1/challenges", kOrder, key);
    CHECK(first.status == 201);
    CHECK(header_of(first, "Idempotency-Replayed").empty());
    CHECK(second.status == 201);
    CHECK(second.body == first.body);
    CHECK(header_of(second, "Idempotency-Replayed") == "true");

    const std::string other =
        R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi","ttlSeconds":99})";
    const http::Response clash = lab.call("mdm", "POST", "/api/v1/challenges", other, key);
    CHECK(clash.status == 422);
    CHECK(reason_of(clash) == "IdempotencyKeyReused");
    // Keys belong to their caller.
    const http::Response foreign = lab.call("admin", "POST", "/api/v1/challenges", kOrder, key);
    CHECK(foreign.status == 201);
    CHECK(foreign.body != first.body);
}

TEST_CASE("an idempotency key must be printable and short") {
    ApiLab lab;
    lab.make_records();
    for (const std::string& key : {std::string(256, 'k'), std::string("a\xC3\xA4")}) {
        const http::Response response =
            lab.call("mdm", "POST", "/api/v1/challenges", kOrder, {{"idempotency-key", key}});
        CHECK(response.status == 400);
        CHECK(json_of(response)["detail"].get<std::string>().starts_with("Idempotency-Key"));
    }
}

TEST_CASE("only the owner and admins see and revoke a challenge") {
    ApiLab lab;
    lab.make_records();
    const std::string path =
        "/api/v1/challenges/" +
        json_of(lab.call("mdm", "POST", "/api/v1/challenges", kOrder))["challengeId"]
            .get<std::string>();
    CHECK(lab.call("mdm-2", "GET", path).status == 404);
    CHECK(lab.call("mdm-2", "DELETE", path).status == 404);
    CHECK(lab.call("admin", "GET", path).status == 200);
    CHECK(lab.call("mdm", "DELETE", path).status == 204);
    CHECK(json_of(lab.call("mdm", "GET", path))["state"] == "revoked");
    CHECK(lab.call("mdm", "DELETE", path).status == 409);
    CHECK(lab.call("mdm", "GET", "/api/v1/challenges/" + std::string(32, '0')).status == 404);
}

TEST_CASE("a policy module generates a challenge, once for each request ID") {
    ApiLab lab;
    lab.make_records();
    const std::string path = "/CMCertificateRegistration/Certificate/GenerateChallenge";
    const std::string body =
        R"({"requestId":"r-1","template":"Phones","params":"deviceId=phone-1&policyId=wifi&userId=alice"})";
    const http::Response first = lab.call("ndes", "POST", path, body);
    REQUIRE(first.status == 201);
    CHECK(json_of(first)["challenge"].get<std::string>().starts_with("crp1."));
    CHECK(lab.call("ndes", "POST", path, body).body == first.body);

    const http::Response forbidden = lab.call("ndes-2", "POST", path, body);
    CHECK(forbidden.status == 403);
    CHECK(reason_of(forbidden) == "ChallengeGenerationNotPermitted");
}

TEST_CASE("bad params of a generated challenge are refused") {
    struct Case {
        const char* params;
        const char* wanted_template;
        int status;
    };
    const Case one = GENERATE(values<Case>({
        {"deviceId=phone-1", "Phones", 400},
        {"policyId=wifi", "Phones", 400},
        {"deviceId=phone-1&policyId=wifi&colour=red", "Phones", 400},
        {"deviceId=phone-1&deviceId=phone-1&policyId=wifi", "Phones", 400},
        {"deviceId=phone%2F1&policyId=wifi", "Phones", 400},
        {"deviceId=%zz&policyId=wifi", "Phones", 400},
        {"deviceId=gone&policyId=wifi", "Phones", 422},
        {"deviceId=phone-1&userId=alice&policyId=wifi", "Laptops", 422},
    }));
    INFO(one.params);
    ApiLab lab;
    lab.make_records();
    const Json body = {
        {"requestId", "r"}, {"template", one.wanted_template}, {"params", one.params}};
    CHECK(lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/GenerateChallenge",
                   body.dump())
              .status == one.status);
}
