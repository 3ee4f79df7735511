// Intune's API for third-party CAs: token, discovery and the ScepActions as a CA's client calls
// them.
#include "common/http_server/url.h"
#include "crp-service/validation/reasons.h"
#include "tests/catch.h"
#include "tests/unit/adapters/adapter_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

http::Response validate(AdapterLab& lab, const std::string& challenge, const std::string& id) {
    return lab.intune("validateRequest", AdapterLab::intune_question(lab.request(challenge), id),
                      "00000000-0000-4000-8000-" + id);
}

constexpr const char* kGraph =
    "/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints";

}  // namespace

TEST_CASE("intune: a client's secret is exchanged for a token, in the form or as Basic") {
    AdapterLab lab;
    const http::Response response = lab.ask_token(kClientId, kClientSecret);
    CHECK(response.status == 200);
    CHECK(header_of(response, "Cache-Control") == "no-store");
    const Json answer = json_of(response);
    CHECK(answer["token_type"] == "Bearer");
    CHECK(answer["expires_in"] == 600);
    const std::string basic = to_base64(
        as_bytes(http::percent_encode(kClientId) + ":" + http::percent_encode(kClientSecret)));
    CHECK(lab.call(AdapterLab::bare_peer(), "POST", "/contoso.example/oauth2/token",
                   "grant_type=client_credentials&resource=https%3A%2F%2Fgraph.windows.net%2F",
                   {{"content-type", "application/x-www-form-urlencoded"},
                    {"authorization", "Basic " + basic}})
              .status == 200);
}

TEST_CASE("intune: a token request that is wrong is refused in the words of RFC 6749, too") {
    AdapterLab lab;
    const auto ask = [&](const std::string& target, const std::string& form) {
        return lab.call(AdapterLab::bare_peer(), "POST", target, form,
                        {{"content-type", "application/x-www-form-urlencoded"}});
    };
    const std::string client = "client_id=" + http::percent_encode(kClientId) +
                               "&client_secret=" + http::percent_encode(kClientSecret);
    const std::string grant = "grant_type=client_credentials&";
    struct Case {
        std::string target, form;
        int status;
        const char* error;
    };
    const std::string path = "/contoso.example/oauth2/v2.0/token";
    const Case cases[] = {
        {path, "", 401, "invalid_client"},
        {path, grant + "client_id=" + kClientId, 401, "invalid_client"},
        {path, grant + client + "&client_secret=x", 401, "invalid_client"},
        {path, grant + "client_id=" + kClientId + "&client_secret=wrong", 401, "invalid_client"},
        {path, grant + "client_id=jamf&client_secret=" + http::percent_encode(kMdmPassword), 401,
         "invalid_client"},
        {path, client, 400, "unsupported_grant_type"},
        {path, "grant_type=password&" + client, 400, "unsupported_grant_type"},
        {"/other.example/oauth2/v2.0/token", grant + client, 404, "invalid_request"}};
    for (const Case& one : cases) {
        INFO(one.target << " " << one.form);
        const http::Response response = ask(one.target, one.form);
        CHECK(response.status == one.status);
        CHECK(json_of(response)["error"] == one.error);
        CHECK(header_of(response, "WWW-Authenticate").empty() == (one.status != 401));
        CHECK(response.body.find("wrong") == std::string::npos);
    }
    CHECK(reason_of(lab.call(AdapterLab::bare_peer(), "POST", path, grant + client,
                             {{"content-type", "application/json"}})) == "ContentTypeUnsupported");
}

TEST_CASE("intune: a token ends with its time, its client and its secret") {
    AdapterLab lab;
    const std::string token = lab.token();
    const auto ask = [&](const std::string& shown) {
        return lab.call(AdapterLab::bare_peer(), "GET", kGraph, "",
                        {{"authorization", "Bearer " + shown}});
    };
    CHECK(ask(token).status == 200);
    CHECK(reason_of(ask("")) == "CredentialsMissing");
    CHECK(reason_of(ask(token + "A")) == "CredentialsInvalid");
    lab.clock.advance(std::chrono::seconds(599));
    CHECK(ask(token).status == 200);
    lab.clock.advance(std::chrono::seconds(1));
    CHECK(ask(token).status == 401);
    CHECK(reason_of(ask(token)) == "TokenExpired");

    const std::string next = lab.token();
    auto parts = lab.adapter_parts();
    parts->credentials = crp::Credentials();
    lab.parts.replace(std::move(parts));
    CHECK(reason_of(ask(next)) == "CredentialsInvalid");
}

TEST_CASE("intune: both discoveries lead to the ScepActions") {
    AdapterLab lab;
    for (const std::string& target :
         {std::string(kGraph),
          std::string("/contoso.example/servicePrincipalsByAppId/0000000a-0000-"
                      "0000-c000-000000000000/serviceEndpoints?api-version=1.6")}) {
        const Json answer = json_of(
            lab.call(AdapterLab::bare_peer(), "GET", target, "",
                     {{"authorization", "Bearer " + lab.token()}, {"client-request-id", "1"}}));
        INFO(target);
        REQUIRE(answer["value"].size() == 1);
        CHECK(answer["value"][0]["providerName"] == "ScepRequestValidationFEService");
        CHECK(answer["value"][0]["serviceName"] == "ScepRequestValidationFEService");
        CHECK(answer["value"][0]["uri"] == "https://crp.example.org:8443/intune");
    }
}

TEST_CASE("intune: a right request is Success, recorded, and echoes client-request-id") {
    AdapterLab lab;
    lab.make_records();
    const http::Response response = validate(lab, lab.new_challenge(), "000000000001");
    CHECK(response.status == 200);
    CHECK(json_of(response) == Json{{"code", "Success"}, {"errorDescription", ""}});
    CHECK(header_of(response, "client-request-id") == "00000000-0000-4000-8000-000000000001");
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/transactions/000000000001"))["state"] ==
          "verified");
}

TEST_CASE("intune: a no is 200 with Intune's code, or Unknown and our reason in the text") {
    AdapterLab lab;
    lab.make_records();
    const Json unknown = json_of(validate(lab, "Wrong-Password-1", "000000000002"));
    CHECK(unknown["code"] == "Unknown");
    CHECK(unknown["errorDescription"].get<std::string>().starts_with("ChallengeUnknown: "));
    CHECK(json_of(validate(lab, "", "000000000003"))["code"] == "ChallengePasswordMissing");
    const Json subject = json_of(lab.intune(
        "validateRequest",
        AdapterLab::intune_question(lab.request(lab.new_challenge(), "CN=other"), "t-4"), "r-4"));
    CHECK(subject["code"] == "SubjectNameMismatch");
    CHECK(subject["errorDescription"].get<std::string>().size() <= 255);
}

TEST_CASE("intune: the request may be broken into lines") {
    AdapterLab lab;
    lab.make_records();
    Json body = AdapterLab::intune_question(lab.request(lab.new_challenge()), "t-1");
    std::string text = body["request"]["certificateRequest"];
    text.insert(64, "\r\n").insert(130, "\n") += "\n";
    body["request"]["certificateRequest"] = text;
    CHECK(json_of(lab.intune("validateRequest", body, "r-1"))["code"] == "Success");
}

TEST_CASE("intune: a wrong call is 4xx and names the field or header") {
    AdapterLab lab;
    lab.make_records();
    const std::string token = "Bearer " + lab.token();
    const Json good = AdapterLab::intune_question(lab.request("x"), "t-1");
    const auto ask = [&](const Json& body, const Headers& more) {
        Headers headers = {{"authorization", token}};
        headers.insert(headers.end(), more.begin(), more.end());
        return lab.call(AdapterLab::bare_peer(), "POST", "/intune/ScepActions/validateRequest",
                        body.dump(), headers);
    };
    const Headers right = {{"api-version", "2018-02-20"}};
    const auto detail = [](const http::Response& response) {
        return json_of(response).value("detail", "");
    };
    CHECK(detail(ask(good, {})).starts_with("api-version: "));
    CHECK(detail(ask(good, {{"api-version", "2019-01-01"}})).starts_with("api-version: "));
    CHECK(detail(ask(good,
                     {{"api-version", "2018-02-20"}, {"client-request-id", std::string(129, 'x')}}))
              .starts_with("client-request-id: "));
    CHECK(detail(ask({{"notification", good["request"]}}, right)) == "request: is missing");
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, Json>>{{"transactionId", ""},
                                                   {"transactionId", 7},
                                                   {"certificateRequest", "!"},
                                                   {"certificateRequest", 7},
                                                   {"certificateRequest", ""},
                                                   {"callerInfo", 7}}) {
        Json wrong = good;
        wrong["request"][field] = value;
        const http::Response response = ask(wrong, right);
        INFO(wrong.dump());
        CHECK(response.status == 400);
        CHECK(detail(response).starts_with("request." + field));
    }
}

TEST_CASE("intune: the notification of a certificate completes the enrolment, once") {
    AdapterLab lab;
    lab.make_records();
    const Bytes csr = lab.request(lab.new_challenge());
    lab.intune("validateRequest", AdapterLab::intune_question(csr, "t-1"), "r-1");
    const Bytes certificate = lab.certificate();
    const Json told = lab.intune_success(csr, certificate, "t-1");
    const http::Response response = lab.intune("successNotification", told, "r-2");
    CHECK(response.status == 200);
    CHECK(json_of(response)["code"] == "Success");
    CHECK(lab.intune("successNotification", told, "r-3").status == 200);
    const Json shown = json_of(lab.call("mdm", "GET", "/api/v1/transactions/t-1"));
    CHECK(shown["state"] == "issued");
    const std::string sha1 = told["notification"]["certificateThumbprint"];
    CHECK(shown["certificateSha256"] == "sha1:" + sha1);
    const Json record = json_of(lab.call("mdm", "GET", "/api/v1/certificates/sha1:" + sha1));
    CHECK(record["subject"] == "CN=alice@example.org");
    CHECK(record["serialNumber"] == told["notification"]["certificateSerialNumber"]);
    const Json messages = json_of(lab.call("mdm", "GET", "/api/v1/state-messages"))["items"];
    REQUIRE(messages.size() == 2);
    CHECK(messages[1]["state"] == 9);
}

TEST_CASE("intune: a certificate that is another than was told is refused") {
    AdapterLab lab;
    lab.make_records();
    const Bytes csr = lab.request(lab.new_challenge());
    lab.intune("validateRequest", AdapterLab::intune_question(csr, "t-1"), "r-1");
    const Json good = lab.intune_success(csr, lab.certificate(), "t-1");
    for (const auto& [field, value] :
         std::vector<std::pair<std::string, Json>>{{"certificateThumbprint", std::string(39, 'a')},
                                                   {"certificateThumbprint", "zz"},
                                                   {"certificateSerialNumber", ""},
                                                   {"certificateExpirationDateUtc", "tomorrow"},
                                                   {"issuingCertificateAuthority", ""},
                                                   {"certificateRequest", "AAAA"}}) {
        Json wrong = good;
        wrong["notification"][field] = value;
        INFO(wrong.dump());
        CHECK(lab.intune("successNotification", wrong, "r-2").status == 400);
    }
    CHECK(lab.intune("successNotification", good, "r-3").status == 200);
    Json other = good;
    other["notification"]["certificateThumbprint"] = std::string(40, 'a');
    CHECK(lab.intune("successNotification", other, "r-4").status == 409);
    other["notification"]["transactionId"] = "t-9";
    CHECK(lab.intune("successNotification", other, "r-5").status == 404);
}

TEST_CASE("intune: thumbprints, serial numbers and times come in several spellings") {
    AdapterLab lab;
    lab.make_records();
    const Bytes csr = lab.request(lab.new_challenge());
    lab.intune("validateRequest", AdapterLab::intune_question(csr, "t-1"), "r-1");
    Json told = lab.intune_success(csr, lab.certificate(), "t-1");
    Json& notification = told["notification"];
    std::string spaced;
    for (const char digit : notification["certificateThumbprint"].get<std::string>()) {
        if (spaced.size() % 3 == 2) spaced += ':';
        spaced += static_cast<char>(std::toupper(static_cast<unsigned char>(digit)));
    }
    notification["certificateThumbprint"] = spaced;
    notification["certificateExpirationDateUtc"] = "2027-05-28T10:11:12.123+00:00";
    CHECK(lab.intune("successNotification", told, "r-2").status == 200);
}

TEST_CASE("intune: the notification of a failure reopens the challenge for the same request") {
    AdapterLab lab;
    lab.make_records();
    const Bytes csr = lab.request(lab.new_challenge());
    lab.intune("validateRequest", AdapterLab::intune_question(csr, "t-1"), "r-1");
    for (const Json& number : {Json(-2147467259), Json(2147500037U)}) {
        const Json told = {{"notification",
                            {{"transactionId", "t-1"},
                             {"certificateRequest", to_base64(csr)},
                             {"hResult", number},
                             {"errorDescription", "the CA said no"},
                             {"callerInfo", "ExampleCA 1.0"}}}};
        CHECK(lab.intune("failureNotification", told, "r-2").status == 200);
    }
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/transactions/t-1"))["state"] == "failed");
    CHECK(json_of(lab.intune("validateRequest", AdapterLab::intune_question(csr, "t-1"),
                             "r-3"))["code"] == "Success");
}

TEST_CASE("intune: every code of ours is one of Intune's") {
    const Json description =
        json_of(AdapterLab().call("admin", "GET", "/openapi.json"))["components"]["schemas"];
    const Json codes = description["IntuneAnswer"]["properties"]["code"]["enum"];
    CHECK(codes.size() == 25);
    for (const crp::Reason& reason : crp::all_reasons()) {
        if (reason.intune.empty()) continue;
        INFO(reason.word);
        CHECK(std::find(codes.begin(), codes.end(), Json(reason.intune)) != codes.end());
    }
}
