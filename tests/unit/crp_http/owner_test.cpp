// Whose records are whose: two MDMs and an admin on one service.
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

struct Sample {
    const char* target;
    const char* body;
};
const Sample kSamples[] = {
    {"/api/v1/users/u1", R"({"displayName":"one"})"},
    {"/api/v1/devices/d1", R"({"name":"one"})"},
    {"/api/v1/policies/p1",
     R"({"certificateRequestId":"M=1","template":"T","subjectFormat":"CN=x","keyType":"EC",)"
     R"("keyUsage":["digitalSignature"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"]})"},
    {"/api/v1/templates/t1", R"({"permissions":[]})"}};

std::size_t listed(ApiLab& lab, const std::string& caller, const std::string& target) {
    return json_of(lab.call(caller, "GET", target.substr(0, target.rfind('/'))))["items"].size();
}

}  // namespace

TEST_CASE("one MDM cannot read, change or remove another's records") {
    ApiLab lab;
    for (const Sample& sample : kSamples) {
        INFO(sample.target);
        CHECK(lab.call("mdm", "PUT", sample.target, sample.body).status == 201);
        CHECK(lab.call("mdm-2", "GET", sample.target).status == 404);
        CHECK(lab.call("mdm-2", "DELETE", sample.target).status == 404);
        CHECK(reason_of(lab.call("mdm-2", "PUT", sample.target, sample.body)) ==
              "RecordOfAnotherCaller");
        CHECK(listed(lab, "mdm-2", sample.target) == 0);
        CHECK(listed(lab, "mdm", sample.target) == 1);
        // An admin may do all of it, and the record stays whose it was.
        CHECK(lab.call("admin", "PUT", sample.target, sample.body).status == 200);
        CHECK(lab.call("mdm", "PUT", sample.target, sample.body).status == 200);
        CHECK(lab.call("mdm", "DELETE", sample.target).status == 204);
    }
}

TEST_CASE("an admin's records are everybody's to read and nobody else's to change") {
    ApiLab lab;
    for (const Sample& sample : kSamples) {
        INFO(sample.target);
        CHECK(lab.call("admin", "PUT", sample.target, sample.body).status == 201);
        CHECK(lab.call("mdm", "GET", sample.target).status == 200);
        CHECK(listed(lab, "mdm", sample.target) == 1);
        CHECK(reason_of(lab.call("mdm", "PUT", sample.target, sample.body)) ==
              "RecordOfAnotherCaller");
        CHECK(reason_of(lab.call("mdm", "DELETE", sample.target)) == "RecordOfAnotherCaller");
        CHECK(lab.call("admin", "DELETE", sample.target).status == 204);
    }
}

TEST_CASE("a challenge cannot be ordered for another MDM's device, user or policy") {
    ApiLab lab;
    lab.make_records();
    const std::string order = R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi"})";
    CHECK(reason_of(lab.call("mdm-2", "POST", "/api/v1/challenges", order)) == "DeviceUnknown");
    CHECK(lab.call("mdm", "POST", "/api/v1/challenges", order).status == 201);
    CHECK(lab.call("admin", "POST", "/api/v1/challenges", order).status == 201);
}

TEST_CASE("a policy for a template that its MDM may not use is not taken") {
    ApiLab lab;
    std::vector<CallerRule> rules = lab.rules();
    for (CallerRule& rule : rules) {
        if (rule.name == "mdm") rule.templates = {"Phones"};
    }
    lab.parts.replace(lab.make_parts(rules));
    lab.make_records();  // a policy for Phones among them
    Json policy = json_of(lab.call("mdm", "GET", "/api/v1/policies/wifi"));
    policy["template"] = "Servers";
    const auto refused = lab.call("mdm", "PUT", "/api/v1/policies/wifi", policy.dump());
    CHECK(refused.status == 403);
    CHECK(reason_of(refused) == "CallerTemplateNotPermitted");
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/policies/wifi"))["template"] == "Phones");
    CHECK(lab.call("admin", "PUT", "/api/v1/policies/wifi", policy.dump()).status == 200);
}

TEST_CASE("an MDM reads the audit of its own calls, page by page") {
    ApiLab lab;
    for (const char* caller : {"mdm", "mdm-2", "admin", "mdm"}) {
        const std::string target = std::string("/api/v1/users/of-") + caller;
        lab.call(caller, "PUT", target, R"({"displayName":"one"})");
    }
    lab.call("mdm", "PUT", "/api/v1/users/of-mdm-2", R"({"displayName":"two"})");  // refused
    const auto read = [&lab](const std::string& caller, const std::string& limit) {
        std::vector<std::string> events;
        std::string target = "/api/v1/audit?limit=" + limit;
        while (true) {
            const Json page = json_of(lab.call(caller, "GET", target));
            for (const Json& one : page["items"]) {
                if (caller != "admin") CHECK(one["caller"] == caller);
                events.push_back(one["event"].get<std::string>());
            }
            if (page["next"].is_null()) return events;
            target = "/api/v1/audit?limit=" + limit + "&after=" + page["next"].get<std::string>();
        }
    };
    using Events = std::vector<std::string>;
    CHECK(read("mdm", "1") == Events{"put-user", "put-user", "call-rejected"});
    CHECK(read("mdm-2", "100") == Events{"put-user"});
    CHECK(read("admin", "2").size() == 5);
    CHECK(reason_of(lab.call("ndes", "GET", "/api/v1/audit")) == "RoleNotPermitted");
    CHECK(reason_of(lab.call("mdm", "GET", "/api/v1/audit/checkpoints")) == "RoleNotPermitted");
}

TEST_CASE("a repeated order gets its first answer, even if the device is gone by now") {
    ApiLab lab;
    lab.make_records();
    const Headers key = {{"idempotency-key", "order-1"}};
    const std::string order = R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi"})";
    const auto first = lab.call("mdm", "POST", "/api/v1/challenges", order, key);
    REQUIRE(first.status == 201);
    CHECK(lab.call("mdm", "DELETE", "/api/v1/devices/phone-1").status == 204);
    const auto again = lab.call("mdm", "POST", "/api/v1/challenges", order, key);
    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(header_of(again, "Idempotency-Replayed") == "true");
    // Another's key of the same name is another key.
    CHECK(reason_of(lab.call("mdm-2", "POST", "/api/v1/challenges", order, key)) ==
          "DeviceUnknown");
}

TEST_CASE("a used key with another body is 422, also when the body would clash besides") {
    ApiLab lab;
    lab.make_records();
    const Headers key = {{"idempotency-key", "order-1"}};
    const std::string posted =
        R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi","challenge":"Posted-123"})";
    CHECK(lab.call("mdm", "POST", "/api/v1/challenges", posted, key).status == 201);
    const auto clash = lab.call("mdm", "POST", "/api/v1/challenges",
                                posted.substr(0, posted.size() - 1) + R"(,"ttlSeconds":60})", key);
    CHECK(reason_of(clash) == "IdempotencyKeyReused");
    CHECK(reason_of(lab.call("mdm", "POST", "/api/v1/challenges", posted,
                             {{"idempotency-key", "order-2"}})) == "ChallengeInUse");
}

TEST_CASE("request IDs are echoed, JSON must be acceptable, and a fault has its pointer") {
    ApiLab lab;
    const auto ask = [&](const Headers& headers) {
        return lab.call("mdm", "GET", "/api/v1/users", "", headers);
    };
    CHECK(header_of(ask({{"x-request-id", "abc-1"}}), "X-Request-Id") == "abc-1");
    CHECK(header_of(ask({{"x-request-id", "a b"}}), "X-Request-Id") == "");
    CHECK(header_of(ask({{"x-request-id", std::string(129, 'x')}}), "X-Request-Id") == "");
    CHECK(ask({{"accept", "text/html, application/json;q=0.5"}}).status == 200);
    CHECK(ask({{"accept", "*/*"}}).status == 200);
    CHECK(reason_of(ask({{"accept", "text/html"}})) == "NotAcceptable");
    CHECK(reason_of(ask({{"accept", "application/json;q=0"}})) == "NotAcceptable");
    const auto pointer = [&](const std::string& target, const std::string& body) {
        const auto answer = lab.call("mdm", target.ends_with("s") ? "POST" : "PUT", target, body);
        return json_of(answer).value("pointer", "none");
    };
    CHECK(pointer("/api/v1/users/u", R"({"enabled":1})") == "/enabled");
    CHECK(pointer("/api/v1/users/u", R"({"color":1})") == "/color");
    CHECK(pointer("/api/v1/users/u", "[]") == "");
    CHECK(pointer("/api/v1/challenges", R"([{"deviceId":"d","policyId":"p","ttlSeconds":1}])") ==
          "/0/ttlSeconds");
}

TEST_CASE("monitor reads figures and the description, and nothing else") {
    ApiLab lab;
    CHECK(lab.call("monitor", "GET", "/api/v1/status").status == 200);
    CHECK(lab.call("monitor", "GET", "/openapi.yaml").content_type == "application/yaml");
    CHECK(json_of(lab.call("mdm", "GET", "/openapi.json"))["openapi"] == "3.1.0");
    CHECK(reason_of(lab.call("mdm", "GET", "/api/v1/status")) == "RoleNotPermitted");
    CHECK(reason_of(lab.call("monitor", "GET", "/api/v1/users")) == "RoleNotPermitted");
}
