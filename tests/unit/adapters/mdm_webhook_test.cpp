// The event SCEPChallenge of Jamf Pro and Fleet: the answer is the challenge, bound to the device.
#include "tests/catch.h"
#include "tests/unit/adapters/adapter_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

Json event(const Json& device, const char* object = "device") {
    Json body = {{"webhook",
                  {{"id", 1},
                   {"name", "SCEPChallenge"},
                   {"webhookEvent", "SCEPChallenge"},
                   {"eventTimestamp", 1780000000}}},
                 {"event",
                  {{"scepServerUrl", "https://scep.example.org/certsrv/mscep/mscep.dll"},
                   {"payloadIdentifier", "CDB0BC64-F3EB-4B1A-AA5E-9A5D994CA593"},
                   {"payloadTypes", {"com.apple.security.scep"}}}}};
    if (!device.is_null()) body["event"][object] = device;
    return body;
}

}  // namespace

TEST_CASE("mdm webhook: the challenge comes as plain text and enrols the device it was asked for") {
    AdapterLab lab;
    lab.make_shared_records();
    const http::Response response =
        lab.mdm_webhook("wifi", event({{"uuid", "5d7c45e9"}, {"serialNumber", "SN0001"}}));
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain");
    CHECK(header_of(response, "Cache-Control") == "no-store");
    const std::string challenge = response.body;
    CHECK(json_of(lab.step_ca(
              "scepchallenge",
              lab.step_ca_question(lab.request(challenge), challenge, "t-1").dump()))["allow"] ==
          true);
    const Json shown = json_of(lab.call("admin", "GET", "/api/v1/transactions/t-1"));
    CHECK(shown["deviceId"] == "SN0001");
    CHECK(shown["userId"] == "alice");
    CHECK(shown["owner"] == "mdm_webhook-caller");
    for (const crp::AuditRecord& record : lab.audit()) {
        for (const auto& [name, value] : record.facts)
            CHECK(value.find(challenge) == std::string::npos);
    }
    CHECK(lab.log.all().find(challenge) == std::string::npos);
}

TEST_CASE("mdm webhook: the device may be told under another object's name") {
    AdapterLab lab;
    lab.make_shared_records();
    CHECK(lab.mdm_webhook("wifi", event({{"udid", "SN0002"}}, "targetDevice")).status == 200);
}

TEST_CASE("mdm webhook: no device, an unknown one or two of them get no challenge") {
    AdapterLab lab;
    lab.make_shared_records();
    CHECK(reason_of(lab.mdm_webhook("wifi", event(nullptr))) == "DeviceUnknown");
    CHECK(reason_of(lab.mdm_webhook("wifi", event({{"serialNumber", "SN9"}}))) == "DeviceUnknown");
    CHECK(reason_of(lab.mdm_webhook("wifi", event({{"serialNumber", 7}}))) == "DeviceUnknown");
    CHECK(reason_of(lab.mdm_webhook(
              "wifi", event({{"uuid", "SN0001"}, {"serialNumber", "SN0002"}}))) == "Conflict");
    CHECK(json_of(lab.call("admin", "GET", "/api/v1/challenges"))["items"].empty());
}

TEST_CASE("mdm webhook: another MDM's device is no device of this one") {
    AdapterLab lab;
    lab.make_shared_records();
    lab.call("mdm-2", "PUT", "/api/v1/devices/SN0003",
             R"({"name":"phone-3","ownerUserId":"alice"})");
    CHECK(reason_of(lab.mdm_webhook("wifi", event({{"serialNumber", "SN0003"}}))) ==
          "DeviceUnknown");
}

TEST_CASE("mdm webhook: policy, event and password have to be right") {
    AdapterLab lab;
    lab.make_shared_records();
    const Json good = event({{"serialNumber", "SN0001"}});
    CHECK(reason_of(lab.mdm_webhook("vpn", good)) == "PolicyUnknown");
    CHECK(reason_of(lab.mdm_webhook("a b", good)) == "IdMalformed");
    Json other = good;
    other["webhook"]["webhookEvent"] = "ComputerAdded";
    CHECK(reason_of(lab.mdm_webhook("wifi", other)) == "BadRequest");
    CHECK(reason_of(lab.mdm_webhook("wifi", Json::array())) == "BadRequest");
    const http::Response wrong = lab.mdm_webhook("wifi", good, "wrong-password-here");
    CHECK(wrong.status == 401);
    CHECK(reason_of(wrong) == "CredentialsInvalid");
    CHECK(wrong.body.find("wrong-password") == std::string::npos);
}
