#include "scep-server/http/scep_endpoint.h"

#include <fstream>

#include "common/http_server/url.h"
#include "scep-server/http/health_endpoint.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

constexpr const char* kBase = "/certsrv/mscep/mscep.dll";

struct Setting {
    Lab lab;
    FakePolicy policy;
    EnrollBench bench{lab, policy};
    ScepEndpoint endpoint{lab.profile().scep, bench.ra, bench.enrollment, bench.log};

    http::Response call(const std::string& method, const std::string& target,
                        const std::string& body = {}) {
        http::Request request;
        request.method = method;
        request.target = target;
        const auto question = target.find('?');
        request.path = target.substr(0, question);
        if (question != std::string::npos) request.query = target.substr(question + 1);
        request.body = body;
        http::Peer peer;
        peer.address = "192.0.2.7";
        return endpoint.handle(request, peer);
    }
};

std::string header(const http::Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return {};
}

std::string lines_of_64(const std::string& base64, const char* line_end) {
    std::string text;
    for (std::size_t i = 0; i < base64.size(); i += 64)
        text += base64.substr(i, 64) + line_end;
    return text;
}

std::string without_padding(std::string base64) {
    while (base64.ends_with('='))
        base64.pop_back();
    return base64;
}

}  // namespace

TEST_CASE("GetCACaps lists what is allowed, one word a line") {
    ScepConfig config;
    CHECK(capabilities_text(config, false) ==
          "AES\nDES3\nPOSTPKIOperation\nRenewal\nSHA-256\nSHA-384\nSHA-512\nSCEPStandard\n");
    config.allow_3des = false;
    config.allow_renewal = false;
    CHECK(capabilities_text(config, false) ==
          "AES\nPOSTPKIOperation\nSHA-256\nSHA-384\nSHA-512\nSCEPStandard\n");
    config.legacy_des_sha1 = true;
    CHECK(capabilities_text(config, false) ==
          "AES\nPOSTPKIOperation\nSHA-1\nSHA-256\nSHA-384\nSHA-512\nSCEPStandard\n");

    Setting setting;
    const auto response =
        setting.call("GET", std::string(kBase) + "?operation=GetCACaps&message=0");
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain");
    CHECK(response.body == capabilities_text(setting.lab.profile().scep, false));
}

TEST_CASE("GetCACert gives the RA's certificates and the CA") {
    Setting setting;
    for (const char* query : {"?operation=GetCACert", "?operation=GetCACert&message=1",
                              "?message=MyDeviceID&operation=GetCACert"}) {
        const auto response = setting.call("GET", std::string(kBase) + query);
        CHECK(response.status == 200);
        CHECK(response.content_type == "application/x-x509-ca-ra-cert");
        const auto list = test::read_certificate_list(as_bytes(response.body));
        REQUIRE(list.size() == 3);
        for (const Certificate& wanted :
             {setting.lab.ra_signing, setting.lab.ra_encryption, setting.lab.ca}) {
            const auto same = [&](const Certificate& one) { return one.der() == wanted.der(); };
            CHECK(std::count_if(list.begin(), list.end(), same) == 1);
        }
    }
}

TEST_CASE("a CA that is its own RA is sent as itself") {
    Lab lab;
    const Certificate ca = test::make_certificate(
        {"CN=All in one", lab.ca_key, nullptr, nullptr, lab.clock.now() - std::chrono::days(1),
         lab.clock.now() + std::chrono::days(9),
         "critical,keyCertSign,digitalSignature,keyEncipherment", true});
    test::write_certificates(lab.folder / "ca.pem", {ca});
    const auto pem = lab.folder / "ca.pem";
    const auto key = lab.folder / "ca.key";
    const auto ra = load_ra({pem, key, pem, key}, {ca}, lab.clock.now());
    REQUIRE(ra);
    CHECK((*ra)->get_ca_cert_type == "application/x-x509-ca-cert");
    CHECK(as_bytes((*ra)->get_ca_cert_body).size() == ca.der().size());
}

TEST_CASE("the RA's files are checked and named") {
    Lab lab;
    const auto error_of = [&] {
        const auto ra = load_ra(lab.profile().ra, {lab.ca}, lab.clock.now());
        REQUIRE_FALSE(ra);
        return ra.error().text;
    };
    SECTION("another key") {
        test::write_key(lab.folder / "signing.key", test::rsa_key_number(3));
        CHECK(error_of().find("signing") != std::string::npos);
    }
    SECTION("missing file") {
        std::filesystem::remove(lab.folder / "encryption.pem");
        CHECK(error_of().find("encryption.pem") != std::string::npos);
    }
    SECTION("another CA's") {
        test::write_certificates(
            lab.folder / "encryption.pem",
            {test::make_certificate({"CN=foreign", lab.ra_encryption_key, nullptr, nullptr,
                                     lab.clock.now(), lab.clock.now() + std::chrono::days(1),
                                     "keyEncipherment"})});
        CHECK(error_of().find("encryption.pem: is not issued by the CA") != std::string::npos);
    }
    SECTION("dates only warn") {
        const auto ra = load_ra(lab.profile().ra, {lab.ca}, lab.clock.now());
        REQUIRE(ra);
        CHECK(ra_days_left(**ra, lab.clock.now()) == 200);
        test::RecordingLog log;
        warn_of_ra_dates(**ra, lab.clock.now(), log);
        CHECK(log.text().empty());
        warn_of_ra_dates(**ra, lab.clock.now() + std::chrono::days(171), log);
        CHECK(log.text().find("EVENT_SCEP_RA_CLOSE_TO_EXPIRE") != std::string::npos);
        warn_of_ra_dates(**ra, lab.clock.now() + std::chrono::days(201), log);
        CHECK(log.text().find("EVENT_SCEP_RA_EXPIRE") != std::string::npos);
    }
}

TEST_CASE("any path at or below the configured one is served, in any case of letters") {
    Setting setting;
    for (const char* path : {"/certsrv/mscep", "/certsrv/mscep/", "/certsrv/mscep/mscep.dll",
                             "/certsrv/mscep/mscep.dll/pkiclient.exe", "/CertSrv/mscep/MSCEP.dll",
                             "/certsrv/mscep/x/y"})
        CHECK(setting.call("GET", std::string(path) + "?operation=GetCACaps").status == 200);
    for (const char* path : {"/", "/certsrv", "/certsrv/mscep_admin/", "/certsrv/mscepx",
                             "/certsrv/msce", "/cgi-bin/pkiclient.exe"})
        CHECK(setting.call("GET", std::string(path) + "?operation=GetCACaps").status == 404);
}

TEST_CASE("what is neither operation nor message is answered as such") {
    Setting setting;
    struct Case {
        const char* method;
        const char* query;
        int status;
        const char* text;
    };
    const std::vector<Case> cases{
        {"GET", "", 403, "policy module"},
        {"HEAD", "", 403, ""},
        {"GET", "?message=x", 403, "policy module"},
        {"GET", "?operation=GetNextCACert", 404, "no successor"},
        {"GET", "?operation=getcacaps", 400, "unknown"},
        {"GET", "?operation=", 400, "unknown"},
        {"GET", "?operation=GetCACaps&operation=GetCACert", 400, "twice"},
        {"GET", "?operation=%zz", 400, "query"},
        {"GET", "?operation=PKIOperation", 400, "message="},
        {"GET", "?operation=PKIOperation&message=", 400, "message="},
        {"GET", "?operation=PKIOperation&message=*", 400, "base64"},
        {"GET", "?operation=PKIOperation&message=MAAA", 400, "not a SCEP message"},
        {"HEAD", "?operation=GetCACaps", 200, ""},
        {"HEAD", "?operation=PKIOperation&message=MAAA", 405, ""},
        {"POST", "?operation=PKIOperation", 400, "no body"},
        {"POST", "?operation=GetCACaps", 405, ""},
        {"POST", "?operation=Nonsense", 400, "Nonsense"},
        {"PUT", "?operation=PKIOperation", 405, ""},
        {"DELETE", "", 405, ""},
        {"OPTIONS", "", 405, ""},
    };
    for (const Case& one : cases) {
        INFO(one.method << " " << one.query);
        const auto response = setting.call(one.method, std::string(kBase) + one.query);
        CHECK(response.status == one.status);
        CHECK(response.body.find(one.text) != std::string::npos);
        CHECK((response.status == 405) == !header(response, "Allow").empty());
    }
    CHECK(setting.policy.verify_calls == 0);
}

TEST_CASE("PKIOperation is served by POST, whatever it says of itself") {
    Setting setting;
    int number = 0;
    for (const char* query : {"?operation=PKIOperation", "?operation=PKIOperation&message=x", ""}) {
        INFO(query);
        Device device(4);
        device.message.transaction_id = "tx " + std::to_string(++number);
        const auto response = setting.call("POST", std::string(kBase) + query,
                                           std::string(as_text(device.request(setting.lab))));
        CHECK(response.status == 200);
        CHECK(response.content_type == "application/x-pki-message");
        CHECK(header(response, "X-Ndes-Transaction") == "tx%20" + std::to_string(number));
        CHECK(device.read(as_bytes(response.body)).pki_status == "0");
    }
}

TEST_CASE("PKIOperation is served by GET in every base64 that clients send") {
    Setting setting;
    Device device(4);
    const Bytes message = device.request(setting.lab);
    const std::string base64 = to_base64(message);
    std::string as_spaces = base64;
    std::replace(as_spaces.begin(), as_spaces.end(), '+', ' ');
    const std::vector<std::pair<const char*, std::string>> cases{
        {"escaped", http::percent_encode(base64)},
        {"not escaped", base64},
        {"without padding", without_padding(base64)},
        {"base64url", to_base64url(message)},
        {"lines, escaped", http::percent_encode(lines_of_64(base64, "\n"))},
        {"lines of CRLF, escaped", http::percent_encode(lines_of_64(base64, "\r\n"))},
        {"line ends escaped alone", lines_of_64(base64, "%0A")},
        {"plus as space", http::percent_encode(as_spaces)},
    };
    for (const auto& [name, text] : cases) {
        INFO(name);
        const auto response =
            setting.call("GET", std::string(kBase) + "?operation=PKIOperation&message=" + text);
        REQUIRE(response.status == 200);
        CHECK(response.content_type == "application/x-pki-message");
        CHECK(device.read(as_bytes(response.body)).pki_status == "0");
    }
    CHECK(setting.policy.verify_calls == 1);
}

TEST_CASE("a message over the limit is refused before it is looked at") {
    Setting setting;
    const std::string large(setting.lab.profile().scep.max_message + 1, 'A');
    CHECK(setting.call("POST", kBase, large).status == 413);
    const std::string target = std::string(kBase) + "?operation=PKIOperation&message=";
    CHECK(setting.call("GET", target + to_base64(as_bytes(large))).status == 414);
    CHECK(setting.call("GET", target + std::string(3 * large.size(), 'A')).status == 414);
    CHECK(setting.bench.log.text().find("EVENT_MSCEP_FAIL_TO_CONVERT") != std::string::npos);
}

TEST_CASE("a request that cannot be decided is 503 with a time to come again") {
    Setting setting;
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return Failure(Error{ErrorCode::timeout, "no answer from crp.example", "12002",
                             std::chrono::seconds(9)});
    };
    const Device device(4);
    const auto response =
        setting.call("POST", kBase, std::string(as_text(device.request(setting.lab))));
    CHECK(response.status == 503);
    CHECK(header(response, "Retry-After") == "9");
    CHECK(header(response, "X-Ndes-Transaction") == "transaction-4");
    CHECK(response.body.find("crp.example") == std::string::npos);
}

TEST_CASE("health tells what an operator and a probe need") {
    Setting setting;
    auto module = std::make_unique<FakePolicy>();
    FakePolicy& policy = *module;
    PolicyWatch watched(std::move(module), setting.lab.clock);
    const HealthEndpoint health(
        {setting.bench.journal, setting.bench.watch, [&] { return watched.standing(); },
         [&] { return ra_days_left(*setting.bench.ra.get(), setting.lab.clock.now()); },
         [&] { return setting.bench.enrollment.counters(); }, [] { return "a_metric 1\n"; },
         "fake 1.0", "Test CA"});
    const auto get = [&](const std::string& path, const std::string& query = {}) {
        http::Request request;
        request.method = "GET";
        request.path = path;
        request.query = query;
        return health.handle(request, {});
    };
    for (const char* path : {"/", "/healthz"}) {
        const auto response = get(path);
        CHECK(response.status == 200);
        CHECK(response.content_type == "application/json");
        CHECK(response.body.find(R"("status":0,"text":"Online","module":"fake 1.0")") !=
              std::string::npos);
        CHECK(response.body.find(R"("pendingNotifies":0)") != std::string::npos);
        CHECK(response.body.find(R"("raDaysLeft":200)") != std::string::npos);
    }
    CHECK(get("/livez").status == 200);
    CHECK(get("/readyz").body == "ready\n");
    CHECK(get("/readyz", "verbose").body.find("[+]journal ok\n") != std::string::npos);
    CHECK(get("/metrics").body == "a_metric 1\n");
    CHECK(get("/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(get("/metricsx").status == 404);
    http::Request post;
    post.method = "POST";
    post.path = "/healthz";
    CHECK(health.handle(post, {}).status == 405);

    SECTION("a policy that could not be asked, until it answers or for a minute") {
        policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
            return fail(ErrorCode::unavailable, "the CRP is away");
        };
        policy.on_notify = [](const FakePolicy::Notified&) -> Result<void> {
            return fail(ErrorCode::unavailable, "the CRP is away");
        };
        CHECK_FALSE(watched.notify({}));
        CHECK(get("/readyz").status == 200);  // outcomes can wait
        CHECK_FALSE(watched.verify({}));
        CHECK(get("/readyz", "verbose").body.find("[-]policy_module failed\n") !=
              std::string::npos);
        const auto failed = get("/healthz");
        CHECK(failed.status == 503);
        CHECK(failed.body.find(R"("policyFailedAt":"2026-11-20T12:00:00)") != std::string::npos);
        SECTION("an outcome that is taken is an answer") {
            policy.on_notify = [](const FakePolicy::Notified&) { return Result<void>(); };
            CHECK(watched.notify({}));
        }
        SECTION("so is a module's own fault") {
            policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
                return fail(ErrorCode::internal, "broken");
            };
            CHECK_FALSE(watched.verify({}));
        }
        SECTION("who is sent no requests tries again") {
            setting.lab.clock.advance(std::chrono::seconds(59));
            CHECK(get("/readyz").status == 503);
            setting.lab.clock.advance(std::chrono::seconds(1));
        }
        CHECK(get("/readyz").status == 200);
        CHECK(get("/healthz").status == 200);
    }
    SECTION("a journal that cannot be read: nobody can tell") {
        setting.bench.journal.reads_fail = true;
        CHECK(get("/healthz").status == 503);
        CHECK(get("/healthz").body.find(R"("status":4,"text":"Undefined")") != std::string::npos);
        CHECK(get("/healthz").body.find(R"("pendingNotifies":null)") != std::string::npos);
        CHECK(get("/readyz").status == 503);
    }
    SECTION("a journal that has failed") {
        setting.bench.journal.broken = true;
        CHECK(get("/healthz").body.find(R"("status":1,"text":"Failed")") != std::string::npos);
        CHECK(get("/readyz", "verbose").body.find("[-]journal failed\n") != std::string::npos);
        CHECK(get("/livez").status == 200);
    }
    SECTION("outcomes that wait for long raise the alarm, and enrolment goes on") {
        PendingNotify notify;
        notify.transaction_id = "t";
        notify.disposition = 2;
        setting.policy.on_notify = [](const FakePolicy::Notified&) -> Result<void> {
            return fail(ErrorCode::unavailable, "away");
        };
        REQUIRE(setting.bench.journal.record_notify(notify));
        CHECK(get("/healthz").body.find(R"("notifyAlarm":false)") != std::string::npos);
        setting.lab.clock.advance(std::chrono::hours(1));
        const auto late = get("/healthz");
        CHECK(late.status == 200);
        CHECK(late.body.find(R"("pendingNotifies":1,"deadNotifies":0,"oldestNotify":"2026-)") !=
              std::string::npos);
        CHECK(late.body.find(R"("notifyAlarm":true)") != std::string::npos);
    }
    SECTION("an expired RA") {
        setting.lab.clock.advance(std::chrono::days(201));
        CHECK(get("/healthz").status == 503);
        CHECK(get("/readyz", "verbose").body.find("[-]ra_certificates") != std::string::npos);
    }
}
