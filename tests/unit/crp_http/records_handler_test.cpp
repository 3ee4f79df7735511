// Users, devices, policies and templates over the API.
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::test;

TEST_CASE("a record is made, replaced, read, listed and removed") {
    struct Case {
        const char* collection;
        const char* body;
        const char* event;
    };
    const Case one = GENERATE(values<Case>({
        {"/api/v1/users", R"({"displayName":"A"})", "user"},
        {"/api/v1/devices", R"({"name":"d"})", "device"},
        {"/api/v1/devices",
         R"({"registeredKeys":["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]})",
         "device"},
        {"/api/v1/policies",
         R"({"certificateRequestId":"x","template":"T","subjectFormat":"CN=a"})", "policy"},
        {"/api/v1/policies",
         R"({"certificateRequestId":"x","template":"T","subjectFormat":"CN=a",
             "requireRegisteredKey":true,"securityIdentifierExtension":true})",
         "policy"},
        {"/api/v1/templates", R"({"permissions":[]})", "template"},
    }));
    INFO(one.collection);
    ApiLab lab;
    const std::string path = std::string(one.collection) + "/x-1";
    const http::Response made = lab.call("mdm", "PUT", path, one.body);
    CHECK(made.status == 201);
    CHECK(made.content_type == "application/json");
    CHECK(lab.call("admin", "PUT", path, one.body).status == 200);

    const http::Response got = lab.call("mdm", "GET", path);
    CHECK(got.status == 200);
    CHECK(json_of(got) == json_of(made));
    // What GET answered can be PUT again.
    CHECK(lab.call("mdm", "PUT", path, got.body).status == 200);

    const Json list = json_of(lab.call("mdm", "GET", one.collection));
    CHECK(list["items"].size() == 1);
    CHECK(list["items"][0] == json_of(made));
    CHECK(list["next"].is_null());

    const http::Response removed = lab.call("mdm", "DELETE", path);
    CHECK(removed.status == 204);
    CHECK(removed.body.empty());
    CHECK(lab.call("mdm", "GET", path).status == 404);
    CHECK(lab.call("mdm", "DELETE", path).status == 404);

    const auto audit = lab.audit();
    CHECK(audit.front().event == "put-" + std::string(one.event));
    CHECK(audit.front().caller == "mdm");
    CHECK(audit.front().outcome == "permit");
}

TEST_CASE("identifiers in paths are checked") {
    ApiLab lab;
    struct Case {
        std::string id;
        int status;
    };
    const Case one = GENERATE(values<Case>({
        {"a", 201},
        {"4514c247-96e3-4c6e-9d60-806ac5fa7e2f", 201},
        {"%7B4514c247%7D", 201},
        {"alice%40example.org", 201},
        {std::string(64, 'a'), 201},
        {std::string(65, 'a'), 400},
        {"a%20b", 400},
        {"a%2Fb", 400},
        {"a%0Ab", 400},
        {"%C3%A4", 400},
        {"a'--", 400},
    }));
    INFO(one.id);
    const http::Response response = lab.call("mdm", "PUT", "/api/v1/users/" + one.id, "{}");
    CHECK(response.status == one.status);
    if (one.status == 400) {
        CHECK(reason_of(response) == "IdMalformed");
        CHECK(lab.call("mdm", "GET", "/api/v1/users/" + one.id).status == 400);
        CHECK(lab.call("mdm", "DELETE", "/api/v1/users/" + one.id).status == 400);
    }
}

TEST_CASE("collections come in pages") {
    ApiLab lab;
    for (int i = 0; i < 5; ++i) {
        lab.call("mdm", "PUT", "/api/v1/users/u" + std::to_string(i), "{}");
    }
    std::vector<std::string> seen;
    std::string query = "?limit=2";
    const std::string name = GENERATE("after", "cursor");
    for (int pages = 0; pages < 4; ++pages) {
        const Json page = json_of(lab.call("mdm", "GET", "/api/v1/users" + query));
        for (const Json& item : page["items"])
            seen.push_back(item["id"].get<std::string>());
        if (page["next"].is_null()) break;
        query = "?limit=2&" + name + "=" + page["next"].get<std::string>();
    }
    CHECK(seen == std::vector<std::string>{"u0", "u1", "u2", "u3", "u4"});
}

TEST_CASE("a bad query is refused") {
    ApiLab lab;
    const std::string query =
        GENERATE(as<std::string>{}, "?limit=0", "?limit=1001", "?limit=ten", "?limit=", "?limit=1x",
                 "?limit=1&limit=2", "?after=a&cursor=b", "?order=asc");
    INFO(query);
    const http::Response response = lab.call("mdm", "GET", "/api/v1/users" + query);
    CHECK(response.status == 400);
    CHECK(reason_of(response) == "QueryMalformed");
}

TEST_CASE("a cursor of nobody's is refused") {
    ApiLab lab;
    CHECK(lab.call("mdm", "GET", "/api/v1/transactions?after=nonsense!").status == 400);
}
