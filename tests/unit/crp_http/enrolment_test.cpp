// One enrolment over the API: verdict, notification, and what the MDM can read of it afterwards.
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";
constexpr const char* kNotify = "/CMCertificateRegistration/Certificate/Notify";

}  // namespace

TEST_CASE("a verified and issued request shows everywhere with its transaction ID") {
    ApiLab lab;
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    const std::string id = "qk7/+A==";
    const http::Response verdict =
        lab.call("ndes", "POST", kVerify, lab.verify_body(challenge, id, "r-1").dump());
    REQUIRE(verdict.status == 201);
    const Json answer = json_of(verdict);
    INFO(verdict.body);
    CHECK(answer["verified"] == true);
    CHECK(answer["reason"] == "Success");
    CHECK(answer["transactionId"] == id);
    CHECK(answer["certificate"]["subject"] == "CN=alice@example.org");

    const http::Response noted =
        lab.call("ndes", "POST", kNotify, lab.notify_body(id, "r-1").dump());
    INFO(noted.body);
    CHECK(noted.status == 204);

    const Json shown = json_of(lab.call("mdm", "GET", "/api/v1/transactions/qk7%2F%2BA%3D%3D"));
    CHECK(shown["state"] == "issued");
    CHECK(shown["deviceId"] == "phone-1");
    CHECK(shown["userId"] == "alice");
    CHECK(shown["decisionId"] == answer["decisionId"]);
    CHECK(shown["outcomes"].size() > 10);
    CHECK(shown["history"].size() == 1);

    const Json certificates = json_of(lab.call("mdm", "GET", "/api/v1/certificates"));
    REQUIRE(certificates["items"].size() == 1);
    CHECK(certificates["items"][0]["sha256"] == shown["certificateSha256"]);
    const Json messages = json_of(lab.call("mdm", "GET", "/api/v1/state-messages"));
    REQUIRE(messages["items"].size() == 2);
    CHECK(messages["items"][0]["state"] == 5);
    CHECK(messages["items"][1]["state"] == 9);
    const std::string challenge_id = shown["challengeId"].get<std::string>();
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/challenges/" + challenge_id))["state"] ==
          "completed");

    // Another MDM sees nothing of it.
    CHECK(lab.call("mdm-2", "GET", "/api/v1/transactions/qk7%2F%2BA%3D%3D").status == 404);
    for (const char* path :
         {"/api/v1/transactions", "/api/v1/certificates", "/api/v1/state-messages"}) {
        INFO(path);
        CHECK(json_of(lab.call("mdm-2", "GET", path))["items"].empty());
        CHECK_FALSE(json_of(lab.call("admin", "GET", path))["items"].empty());
    }

    // Nothing that was written down holds the challenge.
    CHECK(lab.log.all().find(challenge) == std::string::npos);
    const http::Response audit = lab.call("admin", "GET", "/api/v1/audit?limit=1000");
    CHECK(audit.status == 200);
    CHECK(audit.body.find(challenge) == std::string::npos);
    CHECK(audit.body.find("\"verify\"") != std::string::npos);
}

TEST_CASE("an approved SID shows in the transaction, and none where there is none") {
    ApiLab lab;
    lab.make_records();
    lab.call("ndes", "POST", kVerify, lab.verify_body(lab.new_challenge(), "t-1", "r-1").dump());
    Json user = json_of(lab.call("mdm", "GET", "/api/v1/users/alice"));
    user["securityIdentifier"] = "S-1-5-21-1-2-3-1001";
    REQUIRE(lab.call("mdm", "PUT", "/api/v1/users/alice", user.dump()).status == 200);
    Json policy = json_of(lab.call("mdm", "GET", "/api/v1/policies/wifi"));
    policy["securityIdentifierExtension"] = true;
    REQUIRE(lab.call("mdm", "PUT", "/api/v1/policies/wifi", policy.dump()).status == 200);
    lab.call("ndes", "POST", kVerify, lab.verify_body(lab.new_challenge(), "t-2", "r-2").dump());
    const auto certificate = [&lab](const char* id) {
        const std::string path = std::string("/api/v1/transactions/") + id;
        return json_of(lab.call("mdm", "GET", path))["certificate"];
    };
    CHECK_FALSE(certificate("t-1").contains("securityIdentifier"));
    CHECK(certificate("t-2")["securityIdentifier"] == "S-1-5-21-1-2-3-1001");
}

TEST_CASE("the alias base path leads to the same service") {
    ApiLab lab;
    lab.make_records();
    const std::string body = lab.verify_body(lab.new_challenge(), "t-1", "r-1").dump();
    const http::Response verdict =
        lab.call("ndes", "POST", "/CertificateRegistrationSvc/Certificate/VerifyRequest", body);
    CHECK(verdict.status == 201);
    CHECK(lab.call("ndes", "POST", "/CertificateRegistrationSvc/Certificate/Notify",
                   lab.notify_body("t-1", "r-1").dump())
              .status == 204);
}

TEST_CASE("a no is a verdict, not an HTTP error, and its reason can be read") {
    ApiLab lab;
    lab.make_records();
    const http::Response verdict =
        lab.call("ndes", "POST", kVerify, lab.verify_body("Wrong-Password-1", "t-2", "r-2").dump());
    CHECK(verdict.status == 201);
    CHECK(json_of(verdict)["verified"] == false);
    CHECK(json_of(verdict)["reason"] == "ChallengeUnknown");
    // It is nobody's: whoever knows the transaction ID may learn why.
    const Json shown = json_of(lab.call("mdm-2", "GET", "/api/v1/transactions/t-2"));
    CHECK(shown["reason"] == "ChallengeUnknown");
    CHECK(shown["state"] == "refused");
    CHECK(shown["deviceId"].is_null());
}

TEST_CASE("a wrong call of VerifyRequest is 4xx and names the field") {
    ApiLab lab;
    lab.make_records();
    struct Case {
        const char* field;
        Json value;
    };
    const std::vector<Case> cases = {
        {"transactionId", nullptr}, {"transactionId", std::string(256, 'x')},
        {"requestId", 7},           {"certificateRequest", "not base64!"},
        {"certificateRequest", ""}, {"signingCertificate", "%%%"},
        {"password", "x"}};
    for (const Case& one : cases) {
        Json body = lab.verify_body("Some-Password-1", "t-3", "r-3");
        body[one.field] = one.value;
        const http::Response response = lab.call("ndes", "POST", kVerify, body.dump());
        INFO(body.dump());
        CHECK(response.status == 400);
        CHECK(json_of(response)["detail"].get<std::string>().find(one.field) != std::string::npos);
    }
    CHECK(lab.call("admin", "GET", "/api/v1/transactions/t-3").status == 404);
}

TEST_CASE("Notify of what was never verified is 404, of a contradiction 409") {
    ApiLab lab;
    lab.make_records();
    const http::Response unknown =
        lab.call("ndes", "POST", kNotify, lab.notify_body("t-9", "r-9").dump());
    CHECK(unknown.status == 404);

    lab.call("ndes", "POST", kVerify, lab.verify_body(lab.new_challenge(), "t-4", "r-4").dump());
    const Json told = lab.notify_body("t-4", "r-4");
    CHECK(lab.call("ndes", "POST", kNotify, told.dump()).status == 204);
    CHECK(lab.call("ndes", "POST", kNotify, told.dump()).status == 204);
    CHECK(lab.call("ndes", "POST", kNotify, lab.notify_body("t-4", "r-4").dump()).status == 409);
}

TEST_CASE("a transaction shows its history, newest first") {
    ApiLab lab;
    lab.make_records();
    lab.call("ndes", "POST", kVerify, lab.verify_body("Wrong-Password-1", "t-5", "r-5").dump());
    lab.clock.advance(std::chrono::seconds(10));
    lab.call("ndes", "POST", kVerify, lab.verify_body(lab.new_challenge(), "t-5", "r-6").dump());
    const Json shown = json_of(lab.call("mdm", "GET", "/api/v1/transactions/t-5"));
    REQUIRE(shown["history"].size() == 2);
    CHECK(shown["verified"] == true);
    CHECK(shown["history"][0]["verified"] == true);
    CHECK(shown["history"][1]["reason"] == "ChallengeUnknown");
}
