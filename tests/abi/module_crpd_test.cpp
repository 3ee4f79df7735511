// Each way in which the CRP cannot be asked, against the real crpd: the original's log line and
// number, the result the host gets, and a sentence that says what to do.
#include <csignal>
#include <thread>

#include "common/crypto/certificate.h"
#include "common/tls/tls_context.h"
#include "tests/abi/module_crpd_lab.h"
#include "tests/support/scripted_tls_server.h"

namespace {

using namespace ndes;
using namespace ndes::test;

struct Expected {
    std::string result;  // of VerifyRequest
    std::string line;    // the original's
    std::string advice;  // in the line after it
};

void expect_fault(CrpdLab& lab, const ModuleSettings& settings, const Expected& expected) {
    CrpdModule module(lab, settings);
    REQUIRE(module.policy);
    module.log.clear();
    CHECK(module.hresult_of_verify(lab.verify_body("c", "fault")) == expected.result);
    CAPTURE(module.log.all());
    CHECK(module.logged(expected.line + "\n"));
    CHECK(module.logged(expected.advice));
    CHECK(module.log.texts().back() == "Exiting VerifyRequest with " + expected.result);
}

std::string not_sent(const std::string& what, int number) {
    return "Failed to send http request " + what + ". Error " + std::to_string(number);
}

LeafProfile server_profile() {
    LeafProfile profile;
    profile.extended_key_usage = "serverAuth";
    return profile;
}

}  // namespace

TEST_CASE("a request is verified by the real crpd and its outcome told, twice if need be") {
    CrpdLab lab;
    REQUIRE(lab.start());
    lab.make_records();
    CrpdModule module(lab, ModuleSettings(lab, lab.port()));
    REQUIRE(module.policy);
    const Json body = lab.verify_body(lab.new_challenge(), "T1");
    const auto first = module.verify(body);
    REQUIRE(first);
    CHECK(first->verified);
    // The same request ID again, as after an answer that was lost: the same decision.
    const auto again = module.verify(body);
    REQUIRE(again);
    CHECK(again->decision_id == first->decision_id);

    const Bytes certificate =
        from_base64(lab.notify_body("T1")["certificate"].get<std::string>()).value();
    const scep::PolicyOutcome outcome{"", "T1", "request-T1", 0, 0, certificate};
    CHECK(module.policy->notify(outcome));
    CHECK(module.policy->notify(outcome));
    CHECK(lab.call("mdm", "GET", "/api/v1/certificates").json["items"].size() == 1);

    module.log.clear();
    const auto refused = module.verify(lab.verify_body("not a challenge", "T2"));
    REQUIRE(refused);
    CHECK_FALSE(refused->verified);
    CHECK(module.logged("Verify challenge returns false\n"));
}

TEST_CASE("an outcome that crpd will never take is refused for good") {
    CrpdLab lab;
    REQUIRE(lab.start());
    CrpdModule module(lab, ModuleSettings(lab, lab.port()));
    REQUIRE(module.policy);
    const auto told = module.policy->notify({"", "unknown", "request-unknown", 2, -1, {}});
    REQUIRE_FALSE(told);
    CHECK(told.error().code == ErrorCode::bad_request);
    CHECK(told.error().detail.find("0x80190199") != std::string::npos);
    CHECK(module.logged("Notify returns"));
}

TEST_CASE("faults of crpd's certificate") {
    CrpdLab lab;
    LeafProfile profile = server_profile();
    Expected expected;
    SECTION("expired: 12037") {
        profile.not_after_s = 10;  // crpd does not start with one that has expired already
        expected = {
            "0x80072f05",
            "WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID\n" + not_sent(kModuleVerify, 12037),
            "Renew the CRP's certificate"};
    }
    SECTION("another name: 12175, with WinHTTP's own line before") {
        profile.subject_alt_name = "DNS:other.test";
        expected = {
            "0x80072f8f",
            "WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID\n" + not_sent(kModuleVerify, 12175),
            "Write a name in crp.urls that is in the subjectAltName"};
    }
    Identity server = lab.ca().issue(profile);
    const WallTime end = Certificate::from_handle(server.certificate.get())->not_after();
    lab.set_identity("server", std::move(server));
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());
    while (profile.not_after_s == 10 && system_clock().now() <= end)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    expect_fault(lab, ModuleSettings(lab, lab.port()), expected);
}

TEST_CASE("crpd's issuer is not on the trust list: 12175") {
    CrpdLab lab;
    REQUIRE(lab.start());
    ModuleSettings settings(lab, lab.port());
    settings.server_ca = lab.foreign_ca().certificate_file();
    expect_fault(
        lab, settings,
        {"0x80072f8f", "WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA\n" + not_sent(kModuleVerify, 12175),
         "Put the issuer of the CRP's certificate into crp.server_ca_file"});
}

TEST_CASE("faults of our certificate") {
    CrpdLab lab;
    Identity revoked = lab.ca().issue([] {
        LeafProfile profile;
        profile.extended_key_usage = "clientAuth";
        return profile;
    }());
    lab.more_server =
        "client_crl_file = \"" + lab.ca().write_crl({revoked.certificate.get()}).string() + "\"\n";
    lab.set_identity("revoked", std::move(revoked));
    lab.set_identity("server-usage", lab.ca().issue(server_profile()));
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());
    SECTION("expired: 12037 under its thumbprint, and nothing is sent") {
        const ModuleSettings settings(lab, lab.port(), "expired");
        const auto certificates = load_certificates(settings.certificate);
        expect_fault(
            lab, settings,
            {"0x80072f05", not_sent(certificates->front().sha1(), 12037), "Renew the certificate"});
    }
    struct Refused {
        const char* caller;
        const char* returns;
        const char* advice;
    };
    SECTION("not taken by crpd: 403, with the number that IIS gives it") {
        const auto refused = GENERATE(
            Refused{"untrusted", "403.16 ClientCertificateUntrusted", "crpd's client_ca_file"},
            Refused{"server-usage", "403.16 ClientCertificateUsage", "clientAuth by name"},
            Refused{"revoked", "403.13 ClientCertificateRevoked", "new certificate issued"},
            Refused{"stranger", "403 CallerUnknown", "crpctl caller pin"},
            Refused{"mdm", "403 RoleNotPermitted", "one of the roles"});
        CrpdModule module(lab, ModuleSettings(lab, lab.port(), refused.caller));
        REQUIRE(module.policy);
        CHECK(module.hresult_of_verify(lab.verify_body("c", "fault")) == "0x80070005");
        CAPTURE(module.log.all());
        CHECK(module.logged("Verify challenge returns localhost:" + std::to_string(lab.port()) +
                            ": HTTP " + refused.returns));
        CHECK(module.logged(refused.advice));
    }
}

TEST_CASE("no client certificate: -2147467259, and the module does not start") {
    CrpdLab lab;
    REQUIRE(lab.start());
    ModuleSettings settings(lab, lab.port());
    settings.certificate = lab.path("none.pem");
    const CrpdModule module(lab, settings);
    CHECK_FALSE(module.policy);
    CHECK(module.refusal.find("step 8 (Initialize)") != std::string::npos);
    CHECK(module.logged("Failed to retrieve client certificate. Error -2147467259\n"));
    CHECK(module.logged("none.pem"));
    CHECK(module.log.texts().back() == "Exiting Initialize with 0x80004005");
}

TEST_CASE("crpd cannot be reached") {
    CrpdLab lab;
    REQUIRE(lab.start());
    ModuleSettings settings(lab, lab.port());
    settings.more = "attempt_timeout = \"500ms\"\ntotal_timeout = \"2s\"\nattempts = 2\n";
    SECTION("it is not running: 12029") {
        lab.stop(SIGTERM);
        expect_fault(lab, settings,
                     {"0x80072efd", not_sent(kModuleVerify, 12029), "Look whether crpd runs"});
    }
    SECTION("its name has no address: 12007") {
        settings.urls = {ModuleSettings::url_of(lab.port(), "no-such-host.invalid")};
        expect_fault(lab, settings,
                     {"0x80072efd", not_sent(kModuleVerify, 12007), "can resolve it"});
    }
    SECTION("it is stopped in the middle of its work: 12002, and it goes on afterwards") {
        lab.make_records();
        CrpdModule module(lab, settings);
        REQUIRE(module.policy);
        const Json body = lab.verify_body(lab.new_challenge(), "T5");
        lab.process().send(SIGSTOP);
        CHECK(module.hresult_of_verify(body) == "0x80072ee2");
        CHECK(module.logged(not_sent(kModuleVerify, 12002) + "\n"));
        CHECK(module.logged("Look whether crpd is overloaded or a firewall drops packets."));
        lab.process().send(SIGCONT);
        const auto answer = module.verify(body);
        REQUIRE(answer);
        CHECK(answer->verified);
    }
}

TEST_CASE("what answers is no CRP: 12152") {
    CrpdLab lab;
    REQUIRE(lab.start());
    ModuleSettings settings(lab, lab.port());
    const Identity identity = lab.ca().issue(server_profile());
    const auto tls = build_server_context({.certificate = identity.certificate_file,
                                           .key = identity.key_file,
                                           .client_ca = lab.ca().certificate_file(),
                                           .client_crl = {}});
    REQUIRE(tls);
    ScriptedTlsServer other(*tls, [](ScriptedConnection& connection) {
        if (connection.handshake() && connection.read_request())
            connection.send("SSH-2.0-OpenSSH\r\n\r\n");
    });
    settings.urls = {ModuleSettings::url_of(other.port())};
    expect_fault(lab, settings, {"0x80072f78", not_sent(kModuleVerify, 12152), "see its log"});
}
