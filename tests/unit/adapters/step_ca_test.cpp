// step-ca's webhooks in the shapes that step-ca sends, and what it reads of the answers.
#include "tests/catch.h"
#include "tests/support/scep_client.h"
#include "tests/unit/adapters/adapter_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

http::Response ask(AdapterLab& lab, const std::string& challenge, const std::string& id) {
    return lab.step_ca("scepchallenge",
                       lab.step_ca_question(lab.request(challenge), challenge, id).dump());
}

std::size_t count(AdapterLab& lab, const std::string& event) {
    std::size_t found = 0;
    for (const crp::AuditRecord& record : lab.audit()) {
        if (record.event == event) ++found;
    }
    return found;
}

}  // namespace

TEST_CASE("step-ca: a right challenge is allowed and the templates get what to issue") {
    AdapterLab lab;
    lab.make_records();
    const http::Response response = ask(lab, lab.new_challenge(), "A1B2C3");
    CHECK(response.status == 200);
    CHECK(response.content_type == "application/json");
    const Json answer = json_of(response);
    CHECK(answer["allow"] == true);
    CHECK_FALSE(answer.contains("error"));
    CHECK(answer["data"]["certificate"]["subject"] == "CN=alice@example.org");
    const Json shown = json_of(lab.call("mdm", "GET", "/api/v1/transactions/A1B2C3"));
    CHECK(shown["decisionId"] == answer["data"]["decisionId"]);
    CHECK(shown["state"] == "verified");
}

TEST_CASE("step-ca: a no is 200 with allow false, and its reason in the error") {
    AdapterLab lab;
    lab.make_records();
    const http::Response response = ask(lab, "Wrong-Password-1", "A1");
    CHECK(response.status == 200);
    CHECK(json_of(response)["allow"] == false);
    CHECK(json_of(response)["error"]["code"] == "ChallengeUnknown");
}

TEST_CASE("step-ca: a request without challenge is a no, as is a renewal, which step-ca sends so") {
    AdapterLab lab;
    lab.make_records();
    const http::Response response = ask(lab, "", "A1");
    CHECK(response.status == 200);
    CHECK(json_of(response)["error"]["code"] == "ChallengePasswordMissing");
}

TEST_CASE("step-ca: a repetition of the same octets gets the same answer and is recorded once") {
    AdapterLab lab;
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    const std::string body = lab.step_ca_question(lab.request(challenge), challenge, "A1").dump();
    const http::Response first = lab.step_ca("scepchallenge", body);
    const http::Response second = lab.step_ca("scepchallenge", body);
    CHECK(json_of(first)["allow"] == true);
    CHECK(first.body == second.body);
    CHECK(count(lab, "verify") == 1);

    const std::string wrong =
        lab.step_ca_question(lab.request("Wrong-Password-1"), "Wrong-Password-1", "A2").dump();
    CHECK(lab.step_ca("scepchallenge", wrong).body == lab.step_ca("scepchallenge", wrong).body);
    CHECK(count(lab, "verify") == 2);
}

TEST_CASE("step-ca: fields of later versions pass, and the ones that are read are read strictly") {
    AdapterLab lab;
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    Json body = lab.step_ca_question(lab.request(challenge), challenge, "A1");
    body["attestationData"] = {{"permanentIdentifier", "x"}};
    CHECK(json_of(lab.step_ca("scepchallenge", body.dump()))["allow"] == true);

    struct Case {
        const char* pointer;
        Json value;
        const char* named;
    };
    const std::vector<Case> cases = {
        {"/scepTransactionID", 7, "scepTransactionID"},
        {"/scepTransactionID", "", "scepTransactionID"},
        {"/scepTransactionID", std::string(256, 'x'), "scepTransactionID"},
        {"/x509CertificateRequest", nullptr, "x509CertificateRequest"},
        {"/x509CertificateRequest", "x", "x509CertificateRequest"},
        {"/x509CertificateRequest/raw", "not base64!", "x509CertificateRequest.raw"},
        {"/x509CertificateRequest/raw", "", "x509CertificateRequest.raw"},
        {"/scepChallenge", 7, "scepChallenge"},
        {"/scepChallenge", "another challenge", "scepChallenge"},
        {"/scepChallenge", nullptr, "scepChallenge"}};
    for (const Case& one : cases) {
        Json wrong = lab.step_ca_question(lab.request(challenge), challenge, "A9");
        wrong[Json::json_pointer(one.pointer)] = one.value;
        const http::Response response = lab.step_ca("scepchallenge", wrong.dump());
        INFO(wrong.dump());
        CHECK(response.status == 400);
        CHECK(json_of(response)["detail"].get<std::string>().starts_with(one.named));
    }
    CHECK(lab.call("admin", "GET", "/api/v1/transactions/A9").status == 404);
    CHECK(lab.step_ca("scepchallenge", R"({"scepTransactionID":"a","scepTransactionID":"b"})")
              .status == 400);
}

TEST_CASE("step-ca: the notification of a certificate completes the enrolment, once") {
    AdapterLab lab;
    lab.make_records();
    ask(lab, lab.new_challenge(), "A1");
    Json notice = lab.step_ca_notice("A1");
    notice["x509Certificate"] = {{"publicKey", "AAAA"},
                                 {"publicKeyAlgorithm", "ECDSA"},
                                 {"notBefore", "2026-05-28T00:00:00Z"},
                                 {"notAfter", "2027-05-28T00:00:00Z"},
                                 {"raw", to_base64(lab.certificate())}};
    const http::Response response = lab.step_ca("notifying", notice.dump());
    CHECK(response.status == 200);
    CHECK(json_of(response) == Json{{"allow", true}});
    CHECK(lab.step_ca("notifying", notice.dump()).status == 200);
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/transactions/A1"))["state"] == "issued");
    const Json messages = json_of(lab.call("mdm", "GET", "/api/v1/state-messages"))["items"];
    REQUIRE(messages.size() == 2);
    CHECK(messages[1]["state"] == 9);
}

TEST_CASE("step-ca: the notification of a failure has a text and no number") {
    AdapterLab lab;
    lab.make_records();
    ask(lab, lab.new_challenge(), "A1");
    Json notice = lab.step_ca_notice("A1");
    notice["scepErrorDescription"] = "failed signing\ncertificate";
    CHECK(lab.step_ca("notifying", notice.dump()).status == 200);
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/transactions/A1"))["state"] == "failed");
    const crp::AuditRecord record = lab.audit().back();
    REQUIRE(record.event == "notify");
    std::string told;
    for (const auto& [name, value] : record.facts) {
        if (name == "hresult") CHECK(value == "0x80004005");
        if (name == "error_text") told = value;
    }
    CHECK(told.starts_with("failed signing"));
    CHECK(told.find('\n') == std::string::npos);
}

TEST_CASE("step-ca: a notification of what was never asked is 404, of another key 409") {
    AdapterLab lab;
    lab.make_records();
    CHECK(lab.step_ca("notifying", lab.step_ca_notice("A7").dump()).status == 404);
    const EvpPkeyPtr other = make_ec_key();
    const std::string challenge = lab.new_challenge();
    lab.step_ca("scepchallenge",
                lab.step_ca_question(lab.request(challenge, "CN=alice@example.org", other.get()),
                                     challenge, "A1")
                    .dump());
    Json notice = lab.step_ca_notice("A1");
    notice["x509Certificate"] = {{"raw", to_base64(lab.certificate())}};
    CHECK(lab.step_ca("notifying", notice.dump()).status == 409);
}
