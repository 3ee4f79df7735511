// Conditional requests, paging, filters, revocation: the API over a memory store.
#include "crp-service/http/conditional.h"

#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

constexpr const char* kUser = "/api/v1/users/bob";
constexpr const char* kBody = R"({"userPrincipalName":"bob@example.org"})";

}  // namespace

TEST_CASE("a record's ETag changes with every write, and never comes again") {
    ApiLab lab;
    const http::Response created = lab.call("mdm", "PUT", kUser, kBody);
    CHECK(created.status == 201);
    const std::string first = header_of(created, "ETag");
    CHECK(header_of(lab.call("mdm", "GET", kUser), "ETag") == first);
    const std::string second = header_of(lab.call("mdm", "PUT", kUser, kBody), "ETag");
    CHECK(second != first);
    CHECK(lab.call("mdm", "DELETE", kUser).status == 204);
    const std::string third = header_of(lab.call("mdm", "PUT", kUser, kBody), "ETag");
    CHECK(third != first);
    CHECK(third != second);
}

TEST_CASE("a read of what the caller has already is answered 304") {
    ApiLab lab;
    const std::string tag = header_of(lab.call("mdm", "PUT", kUser, kBody), "ETag");
    const auto status = [&](const std::string& condition) {
        return lab.call("mdm", "GET", kUser, "", {{"if-none-match", condition}}).status;
    };
    CHECK(status(tag) == 304);
    CHECK(status("W/" + tag) == 304);
    CHECK(status("\"other\", " + tag) == 304);
    CHECK(status("*") == 304);
    CHECK(status("\"other\"") == 200);
    CHECK(status("unquoted") == 400);
    CHECK(status("\"open") == 400);
    const auto again = lab.call("mdm", "GET", kUser, "", {{"if-none-match", tag}});
    CHECK(again.body.empty());
    CHECK(header_of(again, "ETag") == tag);
}

TEST_CASE("a conditional write is done on the revision it means, or not at all") {
    ApiLab lab;
    const std::string first = header_of(lab.call("mdm", "PUT", kUser, kBody), "ETag");
    const auto put = [&](const std::string& name, const std::string& condition) {
        return lab.call("mdm", "PUT", kUser, R"({"displayName":"changed"})", {{name, condition}});
    };
    CHECK(put("if-none-match", "*").status == 412);
    CHECK(put("if-match", "\"other\"").status == 412);
    CHECK(put("if-match", "W/" + first).status == 412);  // RFC 9110 section 13.1.1: strong
    CHECK(reason_of(put("if-match", "\"other\"")) == "PreconditionFailed");
    CHECK(json_of(lab.call("mdm", "GET", kUser))["displayName"] == "");
    CHECK(put("if-match", first).status == 200);
    CHECK(put("if-match", first).status == 412);  // it has changed by now
    CHECK(put("if-match", "*").status == 200);
    CHECK(lab.call("mdm", "DELETE", kUser, "", {{"if-match", first}}).status == 412);
    CHECK(lab.call("mdm", "DELETE", kUser, "", {{"if-match", "*"}}).status == 204);
    CHECK(put("if-match", "*").status == 412);  // there is none any more
    CHECK(put("if-none-match", "*").status == 201);
}

TEST_CASE("all four kinds of records are created once only with If-None-Match: *") {
    ApiLab lab;
    lab.make_records();
    for (const char* target : {"/api/v1/users/alice", "/api/v1/devices/phone-1",
                               "/api/v1/policies/wifi", "/api/v1/templates/Phones"}) {
        INFO(target);
        const http::Response shown = lab.call("mdm", "GET", target);
        CHECK(shown.status == 200);
        CHECK(lab.call("mdm", "PUT", target, shown.body, {{"if-none-match", "*"}}).status == 412);
        CHECK(lab.call("mdm", "PUT", target, shown.body, {{"if-match", header_of(shown, "ETag")}})
                  .status == 200);
    }
}

TEST_CASE("pages lead on by Link, with their filters and limit") {
    ApiLab lab;
    lab.make_records();
    for (int i = 0; i < 5; ++i)
        lab.new_challenge();
    std::string target = "/api/v1/challenges?limit=2&deviceId=phone-1&state=issued";
    std::size_t seen = 0;
    int pages = 0;
    while (!target.empty() && pages < 10) {
        const http::Response page = lab.call("mdm", "GET", target);
        REQUIRE(page.status == 200);
        seen += json_of(page)["items"].size();
        ++pages;
        const std::string link = header_of(page, "Link");
        CHECK(link.empty() == json_of(page)["next"].is_null());
        target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
        if (!target.empty()) CHECK(target.find("deviceId=phone-1") != std::string::npos);
    }
    CHECK(seen == 5);
    CHECK(pages == 3);
}

TEST_CASE("collections are filtered, and a bad filter is named") {
    ApiLab lab;
    lab.make_records();
    lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             lab.verify_body("Wrong-Password-1", "t-1", "r-1").dump());
    const std::string challenge = lab.new_challenge();
    lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             lab.verify_body(challenge, "t-2", "r-2").dump());
    const auto count = [&](const std::string& target) {
        return json_of(lab.call("admin", "GET", target))["items"].size();
    };
    CHECK(count("/api/v1/transactions") == 2);
    CHECK(count("/api/v1/transactions?reason=ChallengeUnknown") == 1);
    CHECK(count("/api/v1/transactions?deviceId=phone-1") == 1);
    CHECK(count("/api/v1/transactions?state=verified") == 1);
    CHECK(count("/api/v1/transactions?state=issued") == 0);
    CHECK(count("/api/v1/transactions?since=1990-01-01T00:00:00Z") == 2);
    CHECK(count("/api/v1/transactions?since=2990-01-01T00:00:00Z") == 0);
    CHECK(count("/api/v1/challenges?state=reserved") == 1);
    CHECK(count("/api/v1/challenges?state=expired") == 0);
    for (const char* bad :
         {"/api/v1/transactions?state=lost", "/api/v1/transactions?since=yesterday",
          "/api/v1/transactions?reason=", "/api/v1/transactions?color=red",
          "/api/v1/transactions?limit=0", "/api/v1/transactions?limit=1001",
          "/api/v1/transactions?limit=5&limit=6", "/api/v1/transactions?cursor=nonsense",
          "/api/v1/users?deviceId=x", "/api/v1/certificates?expiringBefore=soon"}) {
        INFO(bad);
        CHECK(lab.call("admin", "GET", bad).status == 400);
    }
}

TEST_CASE("a revoked certificate shows as such, once, and can no longer be renewed with") {
    ApiLab lab;
    lab.make_records();
    const std::string base = "/CMCertificateRegistration/Certificate/";
    lab.call("ndes", "POST", base + "VerifyRequest",
             lab.verify_body(lab.new_challenge(), "t-1", "r-1").dump());
    lab.call("ndes", "POST", base + "Notify", lab.notify_body("t-1", "r-2").dump());
    const Json items = json_of(lab.call("mdm", "GET", "/api/v1/certificates"))["items"];
    REQUIRE(items.size() == 1);
    const std::string target = "/api/v1/certificates/" + items[0]["sha256"].get<std::string>();

    CHECK(lab.call("mdm-2", "GET", target).status == 404);
    CHECK(lab.call("mdm-2", "POST", target + "/revoke", "{}").status == 404);
    CHECK(lab.call("mdm", "POST", target + "/revoke", R"({"reason":"boredom"})").status == 400);
    CHECK(lab.call("mdm", "POST", target + "x/revoke", "{}").status == 400);
    const auto revoked =
        lab.call("mdm", "POST", target + "/revoke", R"({"reason":"keyCompromise"})");
    CHECK(revoked.status == 200);
    CHECK(json_of(revoked)["revoked"] == true);
    CHECK(json_of(revoked)["revocationReason"] == "keyCompromise");
    const auto again = lab.call("admin", "POST", target + "/revoke", R"({"reason":"superseded"})");
    CHECK(json_of(again)["revocationReason"] == "keyCompromise");

    int messages = 0;
    Json thumbprint;  // as state 9 told it
    const Json told = json_of(lab.call("mdm", "GET", "/api/v1/state-messages"));
    for (const Json& one : told["items"]) {
        if (one["state"] == 9) thumbprint = one["certificateThumbprint"];
        if (one["state"] != 14) continue;
        ++messages;
        CHECK(thumbprint.is_string());
        CHECK(one["certificateThumbprint"] == thumbprint);
    }
    CHECK(messages == 1);
    int audited = 0;
    for (const AuditRecord& one : lab.audit())
        audited += one.event == "revoke-certificate" ? 1 : 0;
    CHECK(audited == 1);
}
