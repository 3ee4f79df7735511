#include "crp-service/state_messages/sinks_config.h"

#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace ndes;
using namespace ndes::crp;

namespace {

Result<SinkOptions> read(const std::string& toml) {
    auto file = ConfigFile::parse(toml, "crpd.toml");
    if (!file) return pass_on(file);
    SinkOptions sinks = read_sinks(file->root().table("state_messages"), "/etc/crpd");
    if (auto sound = file->finish(); !sound) return pass_on(sound);
    return sinks;
}

const std::string kHook =
    "[[state_messages.webhook]]\nname=\"mdm\"\nurl=\"https://mdm.example.org/x\"\n"
    "secret_files=[\"a.key\",\"/b.key\"]\nserver_ca_file=\"ca.pem\"\n";

std::string fault_of(const std::string& toml) {
    const auto sinks = read(toml);
    REQUIRE_FALSE(sinks);
    return sinks.error().text;
}

}  // namespace

TEST_CASE("without settings there is no sink") {
    const auto sinks = read("");
    REQUIRE(sinks);
    CHECK(sinks->names().empty());
    CHECK(sinks->dispatch.retry_least == 5s);
    CHECK(sinks->dispatch.retry_most == 1h);
    CHECK(sinks->dispatch.give_up_after == 7 * 24h);
}

TEST_CASE("inbox and webhooks are read") {
    const auto sinks = read("[state_messages]\ninbox=\"/in\"\n" + kHook);
    REQUIRE(sinks);
    CHECK(sinks->names() == std::vector<std::string>{"inbox", "mdm"});
    const WebhookOptions& hook = sinks->webhooks[0];
    CHECK(hook.url.host == "mdm.example.org");
    CHECK(hook.secret_files[0] == "/etc/crpd/a.key");
    CHECK(hook.secret_files[1] == "/b.key");
    CHECK(hook.deadline == 10s);
    CHECK(hook.connections == 8);
}

TEST_CASE("what would not be safe or clear is a fault") {
    const auto has = [](const std::string& text, const char* part) {
        CAPTURE(text, part);
        CHECK(text.find(part) != std::string::npos);
    };
    has(fault_of(kHook + kHook), "another webhook");
    has(fault_of("[[state_messages.webhook]]\nname=\"inbox\"\nurl=\"https://h/\"\n"
                 "secret_files=[\"a\"]\nserver_ca_file=\"c\"\n"),
        "not \"inbox\"");
    has(fault_of(
            "[[state_messages.webhook]]\nname=\"m\"\nurl=\"http://h/\"\nsecret_files=[\"a\"]\n"),
        "loopback alone");
    has(fault_of(
            "[[state_messages.webhook]]\nname=\"m\"\nurl=\"https://h/\"\nsecret_files=[\"a\"]\n"),
        "server_ca_file");
    has(fault_of("[[state_messages.webhook]]\nname=\"m\"\nurl=\"http://127.0.0.1/\"\n"),
        "secret_files");
    has(fault_of("[state_messages]\ninbox=\"/in\"\ninbox_recipients_file=\"a\"\n"), "together");
    CHECK(
        read("[[state_messages.webhook]]\nname=\"m\"\nurl=\"http://127.0.0.1:1/\"\n"
             "secret_files=[\"a\"]\n"));
    CHECK(
        read("[[state_messages.webhook]]\nname=\"m\"\nurl=\"http://h/\"\nsecret_files=[\"a\"]\n"
             "allow_http=true\n"));
}
