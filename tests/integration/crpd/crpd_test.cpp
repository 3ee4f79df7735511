// The real crpd over real mutual TLS: callers, one enrolment, crashes, reload, refusals to start.
#include <csignal>

#include "common/crypto/certificate.h"
#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";
constexpr const char* kNotify = "/CMCertificateRegistration/Certificate/Notify";

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("only callers on the list are served, and the others are told why") {
    CrpdLab lab;
    REQUIRE(lab.start());
    CHECK(lab.call("", "GET", "/CMCertificateRegistration").reason() == "ClientCertificateMissing");
    CHECK(lab.call("expired", "GET", "/api/v1/users").reason() == "ClientCertificateExpired");
    CHECK(lab.call("untrusted", "GET", "/api/v1/users").reason() == "ClientCertificateUntrusted");
    CHECK(lab.call("stranger", "GET", "/api/v1/users").reason() == "CallerUnknown");
    CHECK(lab.call("ndes", "GET", "/api/v1/users").reason() == "RoleNotPermitted");
    CHECK(lab.call("ndes", "GET", "/CMCertificateRegistration").reason() == "ServiceOnline");
    CHECK(lab.call("mdm", "GET", "/api/v1/users").status == 200);
    CHECK(lab.call("admin", "GET", "/api/v1/audit").json["items"].size() >= 5);
    CHECK(lab.wait_for_log("ClientCertificateExpired"));
}

TEST_CASE("one enrolment: verdict, notification, what can be read of it, and nothing secret left") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    const Answer verdict = lab.call("ndes", "POST", kVerify, lab.verify_body(challenge, "t/1="));
    CHECK(verdict.status == 201);
    CHECK(verdict.json["verified"] == true);
    CHECK(lab.call("ndes", "POST", kNotify, lab.notify_body("t/1=")).status == 204);
    const Answer shown = lab.call("mdm", "GET", "/api/v1/transactions/t%2F1%3D");
    CHECK(shown.json["state"] == "issued");
    CHECK(lab.call("mdm", "GET", "/api/v1/certificates").json["items"].size() == 1);

    // The same challenge for another transaction is a replay.
    const Answer replay = lab.call("ndes", "POST", kVerify, lab.verify_body(challenge, "t/2="));
    CHECK(replay.status == 201);
    CHECK(replay.json["verified"] == false);
    CHECK(replay.json["reason"] == "ChallengeReplayed");

    // Two state messages of t/1=, one of t/2=, dropped as files.
    CHECK(lab.wait_for_inbox(3));

    lab.stop(SIGTERM);
    const std::string log = read_text(lab.path("CRP.log"));
    CHECK(holds(log, "VerifyRequest Finished with status True"));
    CHECK(holds(log, "VerifyRequest Finished with status False"));
    CHECK(holds(log, "Notify Finished."));
    CHECK(holds(log, "CRP's previous status was 4 (0 = Online, 1 = Failed, 4 = Undefined)"));
    for (const char* file : {"CRP.log", "crpd.jsonl", "crp.db"}) {  // the WAL is in it now
        INFO(file);
        CHECK_FALSE(holds(read_text(lab.path(file)), challenge));
    }
}

TEST_CASE("what was answered survives kill -9, and the repeated question gets the same answer") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    const Json question = lab.verify_body(lab.new_challenge(), "t-1");
    const Answer first = lab.call("ndes", "POST", kVerify, question);
    REQUIRE(first.json["verified"] == true);
    lab.stop(SIGKILL);

    REQUIRE(lab.start());
    const Answer again = lab.call("ndes", "POST", kVerify, question);
    CHECK(again.json == first.json);
    CHECK(lab.call("ndes", "POST", kNotify, lab.notify_body("t-1")).status == 204);
    lab.stop(SIGKILL);

    REQUIRE(lab.start());
    const Answer shown = lab.call("mdm", "GET", "/api/v1/transactions/t-1");
    CHECK(shown.json["state"] == "issued");
    CHECK(shown.json["history"].size() == 1);
}

TEST_CASE("SIGHUP: a caller taken off the list is refused at once, also on an open connection") {
    CrpdLab lab;
    REQUIRE(lab.start());
    const auto open = lab.connect("mdm");
    const auto other = lab.connect("admin");
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").status == 200);
    CHECK(CrpdLab::ask(*other, "GET", "/api/v1/users").status == 200);

    lab.write_config({"ndes", "admin"});
    lab.process().send(SIGHUP);
    REQUIRE(lab.wait_for_output("Configuration reloaded", 0));
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").reason() == "CallerUnknown");
    CHECK(CrpdLab::ask(*other, "GET", "/api/v1/users").status == 200);

    // A bad configuration changes nothing, and is told.
    write_text_file(lab.config(), "nonsense");
    lab.process().send(SIGHUP);
    REQUIRE(lab.wait_for_output("Configuration not reloaded", 0));
    CHECK(CrpdLab::ask(*other, "GET", "/api/v1/users").status == 200);
    const Json audit = lab.call("admin", "GET", "/api/v1/audit?limit=1000").json["items"];
    int reloads = 0;
    for (const Json& record : audit)
        reloads += record["event"] == "reload" ? 1 : 0;
    CHECK(reloads == 2);
}

TEST_CASE("SIGHUP: a new server certificate and challenge key, and the old challenges stay good") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    const std::string old_challenge = lab.new_challenge();
    const auto pin_of_server = [&] {
        const auto client = lab.connect("ndes");
        const X509Ptr certificate(::SSL_get1_peer_certificate(client->ssl()));
        return Certificate::from_handle(certificate.get()).value().spki_sha256();
    };
    const std::string old_pin = pin_of_server();

    lab.change_server_certificate();
    lab.add_challenge_key("k2.key");
    lab.write_config({"ndes", "mdm", "admin"});
    lab.process().send(SIGHUP);
    REQUIRE(lab.wait_for_output("Configuration reloaded", 0));
    CHECK(pin_of_server() != old_pin);
    CHECK(lab.new_challenge().starts_with("crp1.k2."));
    const Answer verdict = lab.call("ndes", "POST", kVerify, lab.verify_body(old_challenge, "t"));
    CHECK(verdict.json["reason"] == "Success");
}

TEST_CASE("the health listener answers without certificate") {
    CrpdLab lab;
    REQUIRE(lab.start());
    CHECK(lab.health("/healthz").json["status"] == 0);
    CHECK(lab.health("/").status == 200);
    CHECK(lab.health("/livez").status == 200);
    CHECK(lab.health("/api/v1/users").status == 404);
}

TEST_CASE("SIGTERM ends crpd with 0, and its end is audited") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.process().send(SIGTERM);
    CHECK(lab.process().wait() == 0);
    REQUIRE(lab.start());
    const Json audit = lab.call("admin", "GET", "/api/v1/audit").json["items"];
    std::vector<std::string> events;
    for (const Json& record : audit)
        events.push_back(record["event"]);
    CHECK(events == std::vector<std::string>{"start", "stop", "start"});
}

TEST_CASE("a second crpd on the same database is refused") {
    CrpdLab lab;
    REQUIRE(lab.start());
    const auto output = lab.path("second.txt");
    CHECK(run_program({program("crpd"), "--config", lab.config()}, output) != 0);
    CHECK(holds(read_text(output), "crp.db"));
    CHECK(lab.health("/readyz").status == 200);
}

TEST_CASE("crpd does not make a missing database") {
    CrpdLab lab;
    std::filesystem::remove(lab.path("crp.db"));
    const auto output = lab.path("missing.txt");
    CHECK(run_program({program("crpd"), "--config", lab.config()}, output) != 0);
    CHECK(holds(read_text(output), "crpctl db create"));
    CHECK_FALSE(std::filesystem::exists(lab.path("crp.db")));
}

TEST_CASE("exit codes and messages of the command lines") {
    CrpdLab lab;
    const auto output = lab.path("out.txt");
    const auto run = [&](std::vector<std::string> arguments) {
        arguments[0] = program(arguments[0]);
        return run_program(arguments, output);
    };
    CHECK(run({"crpd", "--version"}) == 0);
    CHECK(run({"crpd"}) == 2);
    CHECK(run({"crpd", "--config", lab.config(), "--no-such-flag"}) == 2);
    CHECK(run({"crpd", "--config", lab.path("none.toml")}) == 1);
    CHECK(run({"crpd", "--config", lab.config(), "--check-config"}) == 0);
    CHECK(run({"crpctl"}) == 2);
    CHECK(run({"crpctl", "nonsense"}) == 2);
    CHECK(run({"crpctl", "db", "create", "--config", lab.config()}) == 4);  // it exists
    CHECK(run({"crpctl", "db", "check", "--config", lab.config()}) == 0);
    CHECK(run({"crpctl", "db", "migrate", "--path", lab.path("crp.db")}) == 0);
    CHECK(run({"crpctl", "db", "create"}) == 2);
    CHECK(run({"crpctl", "keys", "new", "--out", lab.path("k1.key")}) == 4);  // never overwritten
    CHECK(run({"crpctl", "keys", "new", "--out", lab.path("k9.key")}) == 0);
    CHECK(run({"crpctl", "caller", "pin", lab.config()}) == 1);
    CHECK(run({"crpctl", "config", "check", "--config", lab.config()}) == 0);
    CHECK(run({"crpctl", "reasons", "--format", "xml"}) == 2);
    CHECK(run({"crpctl", "reasons", "--format", "json"}) == 0);
    std::filesystem::remove(lab.path("k1.key"));
    CHECK(run({"crpd", "--config", lab.config(), "--check-config"}) == 1);
    CHECK(holds(read_text(output), "k1.key"));
}

TEST_CASE("crpctl orders a challenge, shows a transaction, and tells what went wrong") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    lab.call("ndes", "POST", kVerify, lab.verify_body("Wrong-Password-1", "t/7="));
    const auto output = lab.path("out.txt");
    const auto run = [&](std::vector<std::string> arguments, const std::string& caller) {
        arguments.insert(arguments.begin(), program("crpctl"));
        for (const std::string& argument : lab.rest_options(caller))
            arguments.push_back(argument);
        std::filesystem::remove(output);
        return run_program(arguments, output);
    };
    const std::vector<std::string> order = {"challenge", "new",  "--device", "phone-1",
                                            "--policy",  "wifi", "--user",   "alice",
                                            "--ttl",     "120",  "--format", "json"};
    CHECK(run(order, "admin") == 0);
    CHECK(parse_json(read_text(output)).value()["challenge"].is_string());
    CHECK(run({"tx", "show", "t/7=", "--format", "json"}, "admin") == 0);
    CHECK(parse_json(read_text(output)).value()["reason"] == "ChallengeUnknown");
    CHECK(run({"tx", "show", "t-8"}, "admin") == 4);
    CHECK(holds(read_text(output), "RecordUnknown"));
    CHECK(run(order, "stranger") == 4);
    CHECK(holds(read_text(output), "CallerUnknown"));
    CHECK(run({"challenge", "new", "--device", "phone-1"}, "admin") == 2);
    lab.stop(SIGTERM);
    CHECK(run(order, "admin") == 3);
}

TEST_CASE("a new key is 64 hexadecimal digits for its owner alone") {
    CrpdLab lab;
    const std::string text = read_text(lab.path("k1.key"));
    CHECK(text.size() == 65);
    CHECK(text.find_first_not_of("0123456789abcdef\n") == std::string::npos);
    const auto mode = std::filesystem::status(lab.path("k1.key")).permissions();
    CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}
