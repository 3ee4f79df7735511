// The real crpd with every sink at once, and what its metrics say of one good and one refused
// enrolment, to the exact value.
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"
#include "tests/support/scripted_tls_server.h"
#include "tests/unit/http_server/test_server.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";
constexpr const char* kNotify = "/CMCertificateRegistration/Certificate/Notify";

// A webhook's receiver on loopback; fails until told otherwise.
struct Receiver {
    std::mutex mutex;
    std::vector<Json> events;
    int status = 500;
    int calls = 0;
    std::unique_ptr<http::HttpServer> server =
        start_tls_server({}, [this](const http::Request& request, const http::Peer&) {
            const std::lock_guard lock(mutex);
            ++calls;
            if (status == 200) events.push_back(parse_json(request.body).value());
            return http::Response{status, {}, {}, {}};
        });

    std::string table(const CrpdLab& lab) {
        write_text_file(lab.path("hook.key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
        std::filesystem::permissions(lab.path("hook.key"), std::filesystem::perms(0600));
        return "[[state_messages.webhook]]\nname = \"mdm\"\nurl = \"https://127.0.0.1:" +
               std::to_string(server->port()) +
               "/hook\"\nsecret_files = [\"hook.key\"]\nserver_ca_file = \"" +
               tls_fixture().ca.certificate_file().string() + "\"\n";
    }
};

bool has_sample(const std::string& text, const std::string& sample) {
    INFO(sample);
    const bool found = ("\n" + text).find("\n" + sample + "\n") != std::string::npos;
    CHECK(found);
    return found;
}

void enrol(CrpdLab& lab) {
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    REQUIRE(lab.call("ndes", "POST", kVerify, lab.verify_body(challenge, "t-1")).json["verified"] ==
            true);
    REQUIRE(lab.call("ndes", "POST", kNotify, lab.notify_body("t-1")).status == 204);
    REQUIRE(lab.call("ndes", "POST", kVerify, lab.verify_body(challenge, "t-2")).json["reason"] ==
            "ChallengeReplayed");
}

}  // namespace

TEST_CASE("every sink gets every message by itself, and the metrics tell") {
    CrpdLab lab;
    Receiver receiver;
    LeafProfile mp;
    mp.common_name = "mp";
    mp.key = KeyKind::rsa_2048;
    mp.key_usage = "critical,keyEncipherment";
    const Identity recipient = lab.issue(mp);
    LeafProfile crp;
    crp.common_name = "crp-signing";
    const Identity signer = lab.issue(crp);
    lab.state_message_settings =
        "poll_interval = \"50ms\"\nretry_least = \"50ms\"\n"
        "retry_most = \"200ms\"\ninbox_signing_certificate_file = \"" +
        signer.certificate_file.string() + "\"\ninbox_signing_key_file = \"" +
        signer.key_file.string() + "\"\ninbox_recipients_file = \"" +
        recipient.certificate_file.string() + "\"\n";
    lab.more_tables = receiver.table(lab);
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());
    enrol(lab);

    // The webhook fails; the inbox does not wait for it.
    CHECK(lab.wait_for_inbox(3));
    REQUIRE(eventually([&] {
        const std::lock_guard lock(receiver.mutex);
        return receiver.calls > 0;
    }));
    {
        const std::lock_guard lock(receiver.mutex);
        CHECK(receiver.events.empty());
        receiver.status = 200;
    }
    REQUIRE(eventually([&] {
        const std::lock_guard lock(receiver.mutex);
        return receiver.events.size() == 3;
    }));
    std::vector<int> states;
    for (const Json& event : receiver.events) {
        if (event["subject"] == "t-1") states.push_back(event["data"]["state"].get<int>());
    }
    CHECK(states == std::vector<int>{5, 9});

    // A sealed file opens for the management point.
    for (const auto& entry : std::filesystem::directory_iterator(lab.path("inbox"))) {
        const std::string command =
            "openssl cms -decrypt -binary -inform DER -in '" + entry.path().string() +
            "' -recip '" + recipient.certificate_file.string() + "' -inkey '" +
            recipient.key_file.string() + "' | openssl cms -verify -binary -inform DER -CAfile '" +
            lab.ca().certificate_file().string() + "' -purpose any -out '" +
            lab.path("message.xml").string() + "' 2>/dev/null";
        CHECK(std::system(command.c_str()) == 0);
        CHECK(read_text(lab.path("message.xml")).starts_with("\xff\xfe"));
    }
    const std::string log = read_text(lab.path("CRP.log"));
    std::size_t at = 0;
    for (const char* line :
         {"Notify Started.", "Beginning state message creation...",
          "Retrieveing the CRP certificate", "Retrieving the GWP or MP certificate.",
          "Sending Success state message"}) {
        INFO(line);
        at = log.find(line, at);
        REQUIRE(at != std::string::npos);
    }

    lab.process().send(SIGUSR1);  // makes the collector run, too
    REQUIRE(eventually([&] {
        return lab.metrics().find(
                   "ndes_crp_deliveries_total{result=\"delivered\",sink=\"mdm\"} 3") !=
               std::string::npos;
    }));
    const std::string text = lab.metrics();
    for (const char* sample :
         {"ndes_crp_requests_total{code=\"201\",endpoint=\"VerifyRequest\"} 2",
          "ndes_crp_requests_total{code=\"204\",endpoint=\"Notify\"} 1",
          "ndes_crp_requests_total{code=\"201\",endpoint=\"POST /api/v1/challenges\"} 1",
          "ndes_crp_phase_total{phase=\"1\",reason=\"Success\",result=\"passed\"} 2",
          "ndes_crp_phase_total{phase=\"2\",reason=\"Success\",result=\"passed\"} 2",
          "ndes_crp_phase_total{phase=\"3\",reason=\"Success\",result=\"passed\"} 1",
          "ndes_crp_phase_total{phase=\"3\",reason=\"ChallengeReplayed\",result=\"refused\"} 1",
          "ndes_crp_outcomes_total{outcome=\"issued\"} 1", "ndes_crp_challenges_consumed_total 1",
          "ndes_crp_state_messages{sink=\"mdm\",state=\"waiting\"} 0",
          "ndes_crp_state_messages{sink=\"inbox\",state=\"dead\"} 0",
          "ndes_crp_deliveries_total{result=\"delivered\",sink=\"inbox\"} 3",
          "ndes_crp_sink_up{sink=\"mdm\"} 1", "ndes_crp_health_status 0"})
        has_sample(text, sample);
    CHECK(text.find("x509_cert_not_after{") != std::string::npos);
    CHECK(text.find("t-1") == std::string::npos);
    if (std::system("command -v promtool >/dev/null") == 0) {
        write_text_file(lab.path("metrics.txt"), text);
        CHECK(std::system(
                  ("promtool check metrics <" + lab.path("metrics.txt").string()).c_str()) == 0);
    }
    CHECK(lab.health("/healthz?run=1").json["checks"].size() == 9);
}

TEST_CASE("what a sink had not got when crpd was killed, it gets afterwards") {
    CrpdLab lab;
    Receiver receiver;
    lab.state_message_settings =
        "poll_interval = \"50ms\"\nretry_least = \"50ms\"\n"
        "retry_most = \"200ms\"\n";
    lab.more_tables = receiver.table(lab);
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());
    enrol(lab);
    lab.stop(SIGKILL);
    {
        const std::lock_guard lock(receiver.mutex);
        receiver.status = 200;
    }
    REQUIRE(lab.start());
    CHECK(eventually([&] {
        const std::lock_guard lock(receiver.mutex);
        return receiver.events.size() == 3;
    }));
    CHECK(lab.wait_for_inbox(3));
}
