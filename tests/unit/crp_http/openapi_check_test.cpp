// The check that all API tests hold answers against: it has to see what is wrong.
#include "tests/support/openapi_check.h"
#include "tests/catch.h"

using namespace ndes::test;

namespace {

const nlohmann::json kUser = {{"id", "alice"},
                              {"userPrincipalName", "alice@example.org"},
                              {"displayName", ""},
                              {"email", ""},
                              {"securityIdentifier", ""},
                              {"enabled", true},
                              {"groups", nlohmann::json::array()}};

SeenAnswer good() {
    return {"GET",       "/api/v1/users/alice", 200, "application/json", {{"ETag", "\"7\""}},
            kUser.dump()};
}

std::string fault_in(const SeenAnswer& seen) {
    return OpenApiCheck::of_this_build().fault_in(seen);
}

}  // namespace

TEST_CASE("a good answer fits the description") {
    CHECK(fault_in(good()) == "");
    SeenAnswer head = good();
    head.method = "HEAD";
    head.body = "";
    CHECK(fault_in(head) == "");
}

TEST_CASE("an answer that the description does not know is caught") {
    SeenAnswer seen = good();
    SECTION("a field that it does not describe") {
        nlohmann::json body = kUser;
        body["password"] = "x";
        seen.body = body.dump();
    }
    SECTION("a field of another type") {
        nlohmann::json body = kUser;
        body["enabled"] = "yes";
        seen.body = body.dump();
    }
    SECTION("a word outside the enumeration, deep inside") {
        seen.target = "/api/v1/devices";
        seen.body = R"({"items":[{"enrollmentState":"lost"}],"next":null})";
    }
    SECTION("a field that is missing") {
        seen.target = "/api/v1/users";
        seen.body = R"({"items":[]})";
    }
    SECTION("a status that it does not name") { seen.status = 202; }
    SECTION("another content type") { seen.content_type = "text/html"; }
    SECTION("a header of another form") { seen.headers = {{"ETag", "7"}}; }
    SECTION("no JSON") { seen.body = "{"; }
    SECTION("a body where there is none") {
        seen.method = "DELETE";
        seen.status = 204;
    }
    SECTION("a result at a path that it does not name") { seen.target = "/api/v1/secrets"; }
    SECTION("a problem with a reason that it does not name") {
        seen.status = 404;
        seen.content_type = "application/problem+json";
        seen.body = R"({"type":"urn:x","title":"","status":404,"detail":"","instance":"",)"
                    R"("reason":"NoSuchWord","hint":"","retryable":false})";
    }
    CHECK(fault_in(seen) != "");
}
