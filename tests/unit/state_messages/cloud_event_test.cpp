// What a webhook's receiver reads: the event, and its signature by a known answer.
#include "crp-service/state_messages/cloud_event.h"

#include "crp-service/state_messages/webhook_signature.h"
#include "tests/support/test_pki.h"
#include "tests/unit/state_messages/message_samples.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

TEST_CASE("a state message is a CloudEvents 1.0 event in structured mode") {
    const auto event = parse_json(to_cloud_event(sample_message("m-1", "tx-1"), "urn:ndes-crp"));
    REQUIRE(event);
    CHECK((*event)["specversion"] == "1.0");
    CHECK((*event)["id"] == "m-1");
    CHECK((*event)["source"] == "urn:ndes-crp");
    CHECK((*event)["type"] == "ndes.state-message.issued");
    CHECK((*event)["subject"] == "tx-1");
    CHECK((*event)["time"] == "2026-11-20T13:35:00.123Z");
    CHECK((*event)["datacontenttype"] == "application/json");
    const Json& data = (*event)["data"];
    CHECK(data["state"] == 9);
    CHECK(data["topicType"] == 5001);
    CHECK(data["transactionId"] == "tx-1");
    CHECK(data["deviceId"] == "phone-1");
    CHECK(data["certificateThumbprint"].is_null());
    CHECK_FALSE(data.contains("attempts"));
}

TEST_CASE("hostile text in a message stays inside its JSON string") {
    StateMessage message = sample_message("m-1", "tx\"}\n\xff");
    const auto event = parse_json(to_cloud_event(message, "s"));
    REQUIRE(event);
    CHECK((*event)["subject"] == "tx\"}\n\xEF\xBF\xBD");
}

// The known answer of the specification's own libraries.
TEST_CASE("the signature is that of Standard Webhooks") {
    TemporaryFolder folder;
    const auto file = folder.path() / "webhook.key";
    const auto read = [&](const std::string& text) {
        write_text_file(file, text);
        std::filesystem::permissions(file, std::filesystem::perms::owner_read);
        auto secret = read_webhook_secret(file);
        std::filesystem::remove(file);
        return secret;
    };
    for (const char* form :
         {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
        auto secret = read(form);
        REQUIRE(secret);
        std::vector<Secret> secrets;
        secrets.push_back(std::move(*secret));
        const std::string body = R"({"test": 2432232314})";
        const std::string wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        CHECK(sign_webhook(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == wanted);
        secrets.emplace_back(Bytes(32, 7));
        const std::string both =
            sign_webhook(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
        CHECK(both.starts_with(wanted + " v1,"));
        CHECK(both.size() == 2 * wanted.size() + 1);
    }
    for (const char* bad :
         {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "c2hvcnQ=", "whsec_not base64"}) {
        CAPTURE(bad);
        const auto secret = read(bad);
        REQUIRE_FALSE(secret);
        CHECK(secret.error().text.find("webhook.key") != std::string::npos);
        CHECK(secret.error().text.find("not base64") == std::string::npos);
    }
    write_text_file(file, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    CHECK_FALSE(read_webhook_secret(file));  // others can read it
}
