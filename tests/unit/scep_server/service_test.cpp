// ndesd from its files to its sockets, with a real (small) policy module.

#include <algorithm>
#include <set>

#include "scep-server/listeners.h"
#include "tests/load/http_connection.h"
#include "tests/unit/scep_server/service_setting.h"
#include "tests/unit/sqlite/faulty_vfs.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::Lab;

namespace {

struct Setting : test::ServiceSetting {
    // What start() says is wrong.
    std::string fault() {
        auto service = start();
        REQUIRE_FALSE(service);
        return service.error().text;
    }
};

load::HttpConnection connect(std::uint16_t port, const std::string& path) {
    return load::HttpConnection({"127.0.0.1", port, path}, std::chrono::seconds(10));
}

std::string get_ca_cert(const Service& service) {
    auto connection = connect(service.port(), "/certsrv/mscep/");
    return connection.get("operation=GetCACert").body;
}

}  // namespace

TEST_CASE("a device enrols over HTTP, and health knows") {
    Setting setting;
    const auto service = setting.started();
    auto connection = connect(service->port(), "/certsrv/mscep/mscep.dll/pkiclient.exe");
    CHECK(connection.get("operation=GetCACaps").body.starts_with("AES\n"));

    Device device(4, "CN=device,O=Example");
    const Bytes message = device.request(setting.lab);
    const auto reply = connection.post("operation=PKIOperation", as_text(message));
    REQUIRE(reply.status == 200);
    const auto read = device.read(as_bytes(reply.body));
    CHECK(read.pki_status == "0");
    CHECK(read.certificates.front().subject_text() == "CN=device,O=Example");

    device.csr.key_usage = "keyEncipherment";  // its template is not on the module's list
    const auto refused =
        connection.post("operation=PKIOperation", as_text(device.request(setting.lab)));
    CHECK(device.read(as_bytes(refused.body)).fail_info == "2");

    const auto health = connect(service->health_port(), "/healthz").get("");
    CHECK(health.status == 200);
    CHECK(health.body.find(R"("issued":1,"refused":1)") != std::string::npos);
    service->stop();
    CHECK(connect(service->port(), "/certsrv/mscep/").get("operation=GetCACaps").status == 0);
}

TEST_CASE("a GET of 64 KiB is a request like any other") {
    Setting setting;
    const auto service = setting.started();
    auto connection = connect(service->port(), "/certsrv/mscep/");
    Device device(4);
    device.csr.subject_alt_names.assign(400, {});
    for (std::size_t i = 0; i < device.csr.subject_alt_names.size(); ++i)
        device.csr.subject_alt_names[i] = {SubjectAltNameType::dns,
                                           std::string(80, 'a') + std::to_string(i) + ".example"};
    const std::string text = to_base64url(device.request(setting.lab));
    CHECK(text.size() > 48 * 1024);
    CHECK(text.size() < 65400);
    const auto reply = connection.get("operation=PKIOperation&message=" + text);
    REQUIRE(reply.status == 200);
    CHECK_FALSE(device.read(as_bytes(reply.body)).pki_status.empty());
}

TEST_CASE("reload takes the RA's new certificates, and keeps the old when they are bad") {
    Setting setting;
    const auto service = setting.started();
    const std::string before = get_ca_cert(*service);
    test::write_certificates(
        setting.lab.folder / "signing.pem",
        {test::make_certificate({"CN=RA signing renewed", setting.lab.ra_signing_key,
                                 &setting.lab.ca, setting.lab.ca_key, setting.lab.clock.now(),
                                 setting.lab.clock.now() + std::chrono::days(400),
                                 "critical,digitalSignature"})});
    service->reload();
    const std::string renewed = get_ca_cert(*service);
    CHECK(renewed != before);

    test::write_text(setting.lab.folder / "signing.pem", "half a file");
    service->reload();
    CHECK(get_ca_cert(*service) == renewed);
    CHECK(setting.log.text().find("EVENT_MSCEP_FAILED_RA_CERT") != std::string::npos);
    CHECK(setting.log.text().find("signing.pem") != std::string::npos);
}

TEST_CASE("reload takes the CA's renewed certificate, whose file is watched") {
    Setting setting;
    const auto service = setting.started();
    const auto watched = files_to_watch(setting.lab.config);
    const auto file = setting.lab.profile().issuer.certificate_file;
    CHECK(std::ranges::find(watched, file) != watched.end());
    const Certificate renewed = test::make_certificate(
        {setting.lab.ca.subject_text(), setting.lab.ca_key, nullptr, nullptr,
         setting.lab.clock.now(), setting.lab.clock.now() + std::chrono::days(9000),
         "critical,keyCertSign,cRLSign", true});
    test::write_certificates(file, {renewed});
    service->reload();
    CHECK(get_ca_cert(*service).find(as_text(renewed.der())) != std::string::npos);
    test::write_certificates(file, {setting.lab.ra_signing});
    service->reload();
    CHECK(get_ca_cert(*service).find(as_text(renewed.der())) != std::string::npos);
    CHECK(setting.log.text().find("the issuer's files in use stay") != std::string::npos);
}

TEST_CASE("a journal that takes nothing more ends the watchdog's beat: a restart alone helps") {
    test::DiskFaults& disk = test::install_faulty_disk();
    Setting setting;
    const auto service = setting.started();
    CHECK(service->manager_state().find("STATUS=Online") != std::string::npos);
    CHECK(service->manager_state().find("\nWATCHDOG=1") != std::string::npos);
    disk.sync_fails = true;
    const Device device(4);
    auto connection = connect(service->port(), "/certsrv/mscep/");
    const auto reply =
        connection.post("operation=PKIOperation", as_text(device.request(setting.lab)));
    disk.sync_fails = false;
    CHECK(reply.status == 503);
    CHECK(service->manager_state().find("STATUS=Failed") != std::string::npos);
    CHECK(service->manager_state().find("WATCHDOG") == std::string::npos);
}

TEST_CASE("the listener waits for as long as the settings let module and CA take") {
    using namespace std::chrono_literals;
    Lab lab;
    lab.profile().policy.module_config = lab.folder / "module.toml";
    const auto module = [&](const std::string& more) {
        test::write_text(lab.profile().policy.module_config,
                         "[crp]\ncertificate_file = \"c.pem\"\n" + more);
    };
    module("");
    const auto usual = answer_time(lab.config);
    CHECK(usual >= 30s);
    module("total_timeout = \"60s\"\n");
    CHECK(answer_time(lab.config) == usual + 48s);
    lab.profile().issuer.deadline = 120s;
    CHECK(answer_time(lab.config) == usual + 48s);  // a local CA has none
    ProfileConfig routers = lab.profile();
    routers.issuer.kind = "est";
    lab.config.profiles.push_back(routers);
    CHECK(answer_time(lab.config) == usual + 168s);
}

TEST_CASE("what is recorded outlives a restart") {
    Setting setting;
    const Device device(4);
    const Bytes message = device.request(setting.lab);
    std::set<Bytes> certificates;
    for (int run = 0; run < 2; ++run) {
        const auto service = setting.started();
        auto connection = connect(service->port(), "/certsrv/mscep/");
        const auto reply = connection.post("operation=PKIOperation", as_text(message));
        certificates.insert(device.read(as_bytes(reply.body)).certificates.front().der());
        setting.lab.config.journal.create = false;
    }
    CHECK(certificates.size() == 1);
}

TEST_CASE("what is wrong at the start is named, and nothing is served") {
    Setting setting;
    auto& config = setting.lab.config;
    SECTION("no module") {
        setting.lab.profile().policy.module = setting.lab.folder / "missing.so";
        CHECK(setting.fault().find("missing.so") != std::string::npos);
    }
    SECTION("a module that does not initialise") {
        setting.lab.profile().policy.module_config = setting.lab.folder / "missing.txt";
        CHECK(setting.fault().find("allow_all.so") != std::string::npos);
    }
    SECTION("no journal") {
        config.journal.create = false;
        CHECK(setting.fault().find("journal.create") != std::string::npos);
    }
    SECTION("no key for the journal") {
        config.journal.key_file = setting.lab.folder / "missing.key";
        CHECK(setting.fault().find("missing.key") != std::string::npos);
    }
    SECTION("an RA of another CA") {
        test::write_certificates(
            setting.lab.profile().ra.signing_certificate_file,
            {test::make_certificate({"CN=foreign", setting.lab.ra_signing_key, nullptr, nullptr,
                                     setting.lab.clock.now(),
                                     setting.lab.clock.now() + std::chrono::days(1),
                                     "digitalSignature"})});
        CHECK(setting.fault().find("signing.pem: is not issued by the CA") != std::string::npos);
    }
    SECTION("no CA key") {
        setting.lab.profile().issuer.key.file = setting.lab.folder / "missing.key";
        CHECK(setting.fault().find("missing.key") != std::string::npos);
    }
    SECTION("no TLS key") {
        config.server.certificate_file = setting.lab.folder / "ca.pem";
        config.server.key_file = setting.lab.folder / "missing.key";
        CHECK(setting.fault().find("missing.key") != std::string::npos);
    }
    SECTION("a port that is taken") {
        const auto service = setting.started();
        config.journal.path = setting.lab.folder / "other.db";
        config.server.listen.port = service->port();
        CHECK(setting.fault().find("device listener") != std::string::npos);
    }
    SECTION("a journal that is open elsewhere") {
        const auto service = setting.started();
        CHECK(setting.fault().find("journal") != std::string::npos);
    }
}

TEST_CASE("the files that are named can be checked without starting") {
    Setting setting;
    CHECK(check_files(setting.lab.config, setting.log, setting.lab.clock, system_random()));
    CHECK_FALSE(std::filesystem::exists(setting.lab.config.journal.path));
    test::write_text(setting.lab.folder / "ca.key", "");
    CHECK_FALSE(check_files(setting.lab.config, setting.log, setting.lab.clock, system_random()));
}
