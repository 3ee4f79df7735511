// Who may call what: every route, every role, every way not to be known.
#include "crp-service/http/api.h"

#include "crp-service/http/routes.h"
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

// The pattern's path for a record that does not exist.
std::string target_of(std::string_view pattern) {
    const std::size_t brace = pattern.find('{');
    if (brace == std::string_view::npos) return std::string(pattern);
    return std::string(pattern.substr(0, brace)) + "none" +
           std::string(pattern.substr(pattern.find('}') + 1));
}

// What a permitted caller gets for body {} and no such record.
int expected_status(const Route& route) {
    if (route.pattern == "/CMCertificateRegistration") return 403;
    if (route.pattern == "/CertificateRegistrationSvc") return 403;
    if (route.method == "POST") return 400;
    // A fingerprint and a sink's name are judged before they are looked up.
    if (route.pattern.find("{sha256}") != std::string_view::npos) return 400;
    if (route.pattern.ends_with("/dead-letters")) return 400;
    const bool one_record = route.pattern.find('{') != std::string_view::npos;
    if (route.method == "PUT") {
        const bool may_be_empty = route.pattern.find("/users/") != std::string_view::npos ||
                                  route.pattern.find("/devices/") != std::string_view::npos;
        return may_be_empty ? 201 : 400;
    }
    return one_record ? 404 : 200;
}

}  // namespace

TEST_CASE("every route answers exactly the roles it names") {
    for (const Route& route : all_routes()) {
        for (Role role : {Role::ndes, Role::mdm, Role::admin, Role::monitor}) {
            ApiLab lab;
            INFO(route.method << " " << route.pattern << " as " << to_string(role));
            const http::Response response = lab.call(to_string(role), std::string(route.method),
                                                     target_of(route.pattern), "{}");
            if (!route.adapter.empty()) {  // not switched on here: as if it did not exist
                CHECK(response.status == 404);
                CHECK(reason_of(response) == "PathUnknown");
            } else if (route.roles.has(role)) {
                CHECK(response.status == expected_status(route));
                CHECK(reason_of(response) != "RoleNotPermitted");
            } else {
                CHECK(response.status == 403);
                CHECK(reason_of(response) == "RoleNotPermitted");
            }
        }
    }
}

TEST_CASE("who is not known is refused with the reason, whatever the path") {
    ApiLab lab;
    http::Peer nobody;
    nobody.address = "192.0.2.9";
    http::Peer expired = nobody;
    expired.certificate_error = "certificate has expired";
    std::vector<std::string> targets = {"/", "/no/such/path"};
    for (const Route& route : all_routes())
        targets.push_back(target_of(route.pattern));
    for (const std::string& target : targets) {
        INFO(target);
        const http::Response without = lab.call(nobody, "GET", target);
        CHECK(without.status == 403);
        CHECK(reason_of(without) == "ClientCertificateMissing");
        const http::Response invalid = lab.call(expired, "GET", target);
        CHECK(invalid.status == 403);
        CHECK(reason_of(invalid) == "ClientCertificateInvalid");
        CHECK(json_of(invalid)["detail"].get<std::string>().find("has expired") !=
              std::string::npos);
        const http::Response stranger = lab.call("stranger", "GET", target);
        CHECK(stranger.status == 403);
        CHECK(reason_of(stranger) == "CallerUnknown");
    }
}

TEST_CASE("a certificate that failed does not count, even if there is one") {
    ApiLab lab;
    http::Peer peer = lab.peer("admin");
    peer.certificate_error = "certificate revoked";
    CHECK(reason_of(lab.call(peer, "GET", "/api/v1/users")) == "ClientCertificateInvalid");
}

TEST_CASE("a caller taken off the list is refused at the next request") {
    ApiLab lab;
    CHECK(lab.call("mdm", "GET", "/api/v1/users").status == 200);
    lab.parts.replace(lab.parts_without("mdm"));
    CHECK(reason_of(lab.call("mdm", "GET", "/api/v1/users")) == "CallerUnknown");
    CHECK(lab.call("mdm-2", "GET", "/api/v1/users").status == 200);
}

TEST_CASE("browsing the base path answers 403 and says that the service is up") {
    ApiLab lab;
    for (const char* target : {"/CMCertificateRegistration", "/CMCertificateRegistration/",
                               "/CertificateRegistrationSvc"}) {
        const http::Response response = lab.call("ndes", "GET", target);
        CHECK(response.status == 403);
        CHECK(reason_of(response) == "ServiceOnline");
        CHECK(json_of(response)["detail"].get<std::string>().find("ndes") != std::string::npos);
    }
    CHECK(lab.audit().empty());  // not a rejected call
}

TEST_CASE("an unknown path is 404, a wrong method 405 with Allow") {
    ApiLab lab;
    const http::Response unknown = lab.call("admin", "GET", "/api/v2/users");
    CHECK(unknown.status == 404);
    CHECK(reason_of(unknown) == "PathUnknown");
    const http::Response wrong = lab.call("admin", "DELETE", "/api/v1/users");
    CHECK(wrong.status == 405);
    CHECK(header_of(wrong, "Allow") == "GET");
}

TEST_CASE("a body must be JSON by its content type") {
    struct Case {
        const char* type;
        int status;
    };
    const Case one = GENERATE(values<Case>({{"application/json", 201},
                                            {"Application/JSON; charset=utf-8", 201},
                                            {"application/json ;x=y", 201},
                                            {"application/json; CharSet=\"UTF-8\"", 201},
                                            {"application/json;x=y; charset=utf-16", 415},
                                            {"application/json; charset=", 415},
                                            {"text/json", 415},
                                            {"application/x-www-form-urlencoded", 415},
                                            {"application/jsonx", 415},
                                            {";", 415}}));
    INFO(one.type);
    ApiLab lab;
    CHECK(lab.call("mdm", "PUT", "/api/v1/users/u", "{}", {{"content-type", one.type}}).status ==
          one.status);
    CHECK(lab.call("mdm", "PUT", "/api/v1/users/v", "{}").status == 201);
}

TEST_CASE("an encoded body is refused before it is read") {
    ApiLab lab;
    const http::Response packed =
        lab.call("mdm", "PUT", "/api/v1/users/u", "{}", {{"content-encoding", "gzip"}});
    CHECK(packed.status == 415);
    CHECK(reason_of(packed) == "ContentTypeUnsupported");
    CHECK(lab.call("mdm", "PUT", "/api/v1/users/u", "{}", {{"content-encoding", "identity"}})
              .status == 201);
}

TEST_CASE("bad JSON is refused") {
    const std::string body = GENERATE(
        as<std::string>{}, "", "{", "nonsense", "{} {}", "{\"enabled\":true,\"enabled\":false}",
        "\xEF\xBB\xBF{}", "{\"displayName\":\"\xff\"}", "[1]", "null", "{\"enabled\":tru}",
        "{'enabled':true}", std::string(40, '['));
    INFO(body);
    ApiLab lab;
    const http::Response response = lab.call("mdm", "PUT", "/api/v1/users/u", body);
    CHECK(response.status == 400);
    CHECK(reason_of(response) == "BadRequest");
    CHECK(lab.store.find_user("u").value() == std::nullopt);
}

TEST_CASE("octets that are not UTF-8 are refused before they reach the store") {
    ApiLab lab;
    for (const char* target : {"/api/v1/transactions/%FF", "/api/v1/transactions/a%C0%80",
                               "/api/v1/certificates/%ED%A0%80", "/%FE"}) {
        INFO(target);
        const http::Response response = lab.call("mdm", "GET", target);
        CHECK(response.status == 404);
        CHECK(reason_of(response) == "PathUnknown");
    }
    for (const char* target :
         {"/api/v1/transactions?deviceId=%FF", "/api/v1/transactions?reason=%C3",
          "/api/v1/certificates?deviceId=%FF", "/api/v1/challenges?deviceId=a%80",
          "/api/v1/users?cursor=%FF", "/api/v1/audit?after=%FF"}) {
        INFO(target);
        const http::Response response = lab.call("mdm", "GET", target);
        CHECK(response.status == 400);
        CHECK(reason_of(response) == "QueryMalformed");
        CHECK(json_of(response)["detail"].get<std::string>().find("UTF-8") != std::string::npos);
    }
    CHECK(lab.call("mdm", "GET", "/api/v1/transactions?deviceId=caf%C3%A9").status == 200);
    CHECK(reason_of(lab.call("mdm", "GET", "/api/v1/transactions/caf%C3%A9")) == "RecordUnknown");
}

TEST_CASE("refused calls are logged and audited") {
    ApiLab lab;
    const http::Response response = lab.call("monitor", "GET", "/api/v1/audit");
    const auto records = lab.audit();
    REQUIRE(records.size() == 1);
    CHECK(records[0].event == "call-rejected");
    CHECK(records[0].outcome == "deny");
    CHECK(records[0].reason == "RoleNotPermitted");
    CHECK(records[0].caller == "monitor");
    CHECK(records[0].peer_address == "192.0.2.1");
    using Fact = std::pair<std::string, std::string>;
    const auto& facts = records[0].facts;
    CHECK(std::count(facts.begin(), facts.end(),
                     Fact("caller_spki_sha256", lab.certificate_of("monitor").spki_sha256())) == 1);
    const std::string instance = json_of(response)["instance"].get<std::string>();
    CHECK(std::count(facts.begin(), facts.end(), Fact("instance", instance)) == 1);
    CHECK(lab.log.all().find("RoleNotPermitted") != std::string::npos);
}

TEST_CASE("what the transport refuses is a problem, logged and audited") {
    ApiLab lab;
    http::Response plain;
    plain.status = 413;
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/challenges";
    const http::Response response = lab.api.refuse_unread(plain, request, lab.peer("mdm"));
    CHECK(response.status == 413);
    CHECK(response.content_type == "application/problem+json");
    CHECK(reason_of(response) == "TooLarge");
    REQUIRE(lab.audit().size() == 1);
    CHECK(lab.audit()[0].event == "call-rejected");
    CHECK(lab.audit()[0].reason == "TooLarge");
    CHECK(lab.audit()[0].caller == "mdm");
    CHECK(lab.log.all().find("/api/v1/challenges") != std::string::npos);
}

TEST_CASE("every status of the transport has a reason, and a flood of them is bounded") {
    ApiLab lab;
    http::Response plain;
    for (const int status : {400, 405, 408, 413, 414, 417, 431, 501, 505}) {
        plain.status = status;
        const http::Response response = lab.api.refuse_unread(plain, {}, {});
        CHECK(response.status == status);
        CHECK(reason_of(response) != "InternalFault");
    }
    for (int i = 0; i < 1000; ++i)
        lab.api.refuse_unread(plain, {}, {});
    CHECK(lab.audit().size() == Rejections::kStrangersPerMinute);
}

TEST_CASE("strangers cannot fill log and audit") {
    ApiLab lab;
    http::Peer nobody;
    for (int i = 0; i < 1000; ++i)
        lab.call(nobody, "GET", "/" + std::to_string(i));
    CHECK(lab.audit().size() == Rejections::kStrangersPerMinute);
    // A known caller is not silenced by them.
    lab.call("monitor", "GET", "/api/v1/audit");
    CHECK(lab.audit().size() == Rejections::kStrangersPerMinute + 1);
    // The next minute tells what was left out.
    lab.clock.advance(std::chrono::minutes(1));
    lab.call(nobody, "GET", "/again");
    const auto records = lab.audit();
    REQUIRE(records.size() == Rejections::kStrangersPerMinute + 2);
    CHECK(records.back().facts.back() ==
          std::pair<std::string, std::string>(
              "suppressed", std::to_string(1000 - Rejections::kStrangersPerMinute)));
}

TEST_CASE("hostile text in a refused call cannot break a log line") {
    ApiLab lab;
    lab.call("admin", "GET", "/a%0D%0Ab%1B%5BLOG%5D");
    REQUIRE(lab.log.texts().size() == 1);
    CHECK(lab.log.texts()[0].find('\n') == std::string::npos);
    CHECK(lab.log.texts()[0].find('\x1b') == std::string::npos);
}

TEST_CASE("what a verification of the audit found becomes part of it") {
    ApiLab lab;
    const auto post = [&](const std::string& body, const std::string& caller = "admin") {
        return lab.call(caller, "POST", "/api/v1/audit/verifications", body).status;
    };
    CHECK(post(R"({"records":12})") == 204);
    CHECK(lab.audit().back().event == "verify-audit");
    CHECK(lab.audit().back().outcome == "permit");
    CHECK(post(R"({"records":12,"fault":"edited at 3"})") == 204);
    CHECK(lab.audit().back().outcome == "error");
    CHECK(lab.audit().back().facts.back() ==
          std::pair<std::string, std::string>("fault", "edited at 3"));
    for (const char* body : {"{}", R"({"records":-1})", R"({"records":1,"fault":7})",
                             R"({"records":1,"whole":true})"}) {
        CAPTURE(body);
        CHECK(post(body) == 400);
    }
    CHECK(post(R"({"records":12})", "mdm") == 403);
}
