// Several SCEP URLs in one ndesd: each with its own CA, RA, templates, algorithms and policy.
#include <set>

#include "common/random.h"
#include "scep-server/service.h"
#include "tests/catch.h"
#include "tests/load/http_connection.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::Lab;

namespace {

// The lab's profile at /certsrv/mscep/, and "routers" below the same host.
struct Setting {
    Setting()
        : ca(test::make_certificate({"CN=Routers CA", test::rsa_key_number(20), nullptr, nullptr,
                                     lab.clock.now() - std::chrono::days(9),
                                     lab.clock.now() + std::chrono::days(900),
                                     "critical,keyCertSign,cRLSign", true})),
          ra(test::make_certificate(
              {"CN=Routers RA", test::rsa_key_number(21), &ca, test::rsa_key_number(20),
               lab.clock.now() - std::chrono::days(1), lab.clock.now() + std::chrono::days(90)})) {
        test::write_certificates(lab.folder / "routers-ca.pem", {ca});
        test::write_key(lab.folder / "routers-ca.key", test::rsa_key_number(20));
        test::write_certificates(lab.folder / "routers-ra.pem", {ra});
        test::write_key(lab.folder / "routers-ra.key", test::rsa_key_number(21));
        set_policy(lab.profile().policy, "Signature\nGeneralPurpose\n", "templates.txt");
        lab.config.server.listen = {"127.0.0.1", 0};
        lab.config.health = {"127.0.0.1", 0};
        ProfileConfig routers = lab.profile();
        routers.name = "routers";
        routers.scep.path = "/certsrv/mscep/routers/";
        routers.scep.allow_3des = false;
        routers.issuer.certificate_file = lab.folder / "routers-ca.pem";
        routers.issuer.key.file = lab.folder / "routers-ca.key";
        routers.issuer.default_validity_days = 7;
        const auto pem = lab.folder / "routers-ra.pem";
        const auto key = lab.folder / "routers-ra.key";
        routers.ra = {pem, key, pem, key};
        lab.config.profiles.push_back(routers);
    }

    void set_policy(PolicyConfig& policy, const std::string& templates, const std::string& name) {
        policy.module = std::filesystem::path(NDES_BINARY_DIR) / "sample/allow_all.so";
        policy.module_config = lab.folder / name;
        test::write_text(policy.module_config, templates);
    }
    ProfileConfig& routers() { return lab.config.profiles.back(); }

    void start() {
        auto started = Service::start(lab.config, log, lab.clock, system_random());
        if (!started) INFO(started.error().text << " " << started.error().detail);
        REQUIRE(started);
        service = std::move(*started);
    }
    load::HttpReply get(const std::string& path, const std::string& query) {
        load::HttpConnection connection({"127.0.0.1", service->port(), path},
                                        std::chrono::seconds(20));
        return connection.get(query);
    }
    test::Reply send(const std::string& path, const Device& device, const Certificate& recipient,
                     ByteView content) {
        load::HttpConnection connection({"127.0.0.1", service->port(), path},
                                        std::chrono::seconds(20));
        const Bytes message =
            make_message(content, device.signing_key, device.signer, {recipient}, device.message);
        const auto reply = connection.post("operation=PKIOperation", as_text(message));
        REQUIRE(reply.status == 200);
        return device.read(as_bytes(reply.body));
    }
    test::Reply enrol_first(const Device& device) {
        return send(kFirst, device, lab.ra_encryption, make_csr(device.key, device.csr));
    }
    test::Reply enrol_router(const Device& device) {
        return send(kRouters, device, ra, make_csr(device.key, device.csr));
    }

    static constexpr const char* kFirst = "/certsrv/mscep/mscep.dll";
    static constexpr const char* kRouters = "/certsrv/mscep/routers/pkiclient.exe";
    Lab lab;
    Certificate ca;
    Certificate ra;
    test::RecordingLog log;
    std::unique_ptr<Service> service;
};

}  // namespace

TEST_CASE("the longest path that fits decides, and each profile has its own CA") {
    Setting setting;
    setting.start();
    const Device device(4);
    const auto first = setting.enrol_first(device);
    REQUIRE(first.pki_status == "0");
    CHECK(first.certificates.front().is_issued_by(setting.lab.ca));
    // The same transaction and request elsewhere is another one.
    const auto router = setting.enrol_router(device);
    REQUIRE(router.pki_status == "0");
    CHECK(router.certificates.front().is_issued_by(setting.ca));
    CHECK(router.certificates.front().not_after() < setting.lab.clock.now() + std::chrono::days(8));
    CHECK(setting.enrol_router(device).certificates.front().der() ==
          router.certificates.front().der());
    const auto names = [&](const char* path) {
        std::set<std::string> names;
        const auto body = setting.get(path, "operation=GetCACert").body;
        for (const Certificate& one : test::read_certificate_list(as_bytes(body)))
            names.insert(one.subject_text());
        return names;
    };
    CHECK(names(Setting::kFirst) ==
          std::set<std::string>{"CN=RA signing", "CN=RA encryption", "CN=Test CA,O=Lab"});
    CHECK(names(Setting::kRouters) == std::set<std::string>{"CN=Routers RA", "CN=Routers CA"});
}

TEST_CASE("each profile has its own algorithms") {
    Setting setting;
    setting.start();
    CHECK(setting.get(Setting::kFirst, "operation=GetCACaps").body.find("DES3") !=
          std::string::npos);
    CHECK(setting.get(Setting::kRouters, "operation=GetCACaps").body.find("DES3") ==
          std::string::npos);
    Device device(4);
    device.message.cipher = "DES-EDE3-CBC";
    CHECK(setting.enrol_first(device).pki_status == "0");
    const auto refused = setting.enrol_router(device);
    CHECK(refused.pki_status == "2");
    CHECK(refused.fail_info == "0");  // badAlg
}

TEST_CASE("each profile has its own templates, and may have its own policy module") {
    Setting setting;
    setting.routers().mscep.templates = {"Router", "Router", "Router"};
    const Device device(4);
    SECTION("the module is shared, and does not know the template") {
        setting.start();
        CHECK(setting.enrol_first(device).pki_status == "0");
        CHECK(setting.enrol_router(device).pki_status == "2");
    }
    SECTION("a module's settings of its own") {
        setting.set_policy(setting.routers().policy, "Router\n", "routers.txt");
        setting.routers().policy.own = true;
        setting.start();
        CHECK(setting.enrol_router(device).pki_status == "0");
        CHECK(setting.enrol_first(device).pki_status == "0");
    }
}

TEST_CASE("a certificate of one profile does not exist for another") {
    Setting setting;
    setting.start();
    Device device(4);
    const auto first = setting.enrol_first(device);
    const auto router = setting.enrol_router(device);
    REQUIRE(first.pki_status == "0");
    REQUIRE(router.pki_status == "0");

    Device renewer(5);
    renewer.message.message_type = "17";
    renewer.sign_with(first.certificates.front(), device.key);
    CHECK(setting.enrol_router(renewer).pki_status == "2");
    CHECK(setting.enrol_first(renewer).pki_status == "0");

    Device asker(4);
    asker.sign_with(router.certificates.front(), device.key);
    asker.message.message_type = "21";
    asker.message.transaction_id = "query";
    const Bytes own = test::make_issuer_and_serial(router.certificates.front());
    const Bytes other = test::make_issuer_and_serial(first.certificates.front());
    CHECK(setting.send(Setting::kRouters, asker, setting.ra, own).pki_status == "0");
    CHECK(setting.send(Setting::kRouters, asker, setting.ra, other).pki_status == "2");
    CHECK(setting.send(Setting::kFirst, asker, setting.lab.ra_encryption, own).pki_status == "2");
}

TEST_CASE("a message to one profile's RA does not open at another") {
    Setting setting;
    setting.start();
    const Device device(4);
    const auto reply = setting.send(Setting::kRouters, device, setting.lab.ra_encryption,
                                    make_csr(device.key, device.csr));
    CHECK(reply.pki_status == "2");
    CHECK(reply.fail_info == "1");  // badMessageCheck
}

TEST_CASE("a profile whose files are wrong stops the start by its name") {
    Setting setting;
    test::write_text(setting.lab.folder / "routers-ca.key", "nothing");
    const auto service =
        Service::start(setting.lab.config, setting.log, setting.lab.clock, system_random());
    REQUIRE_FALSE(service);
    CHECK(service.error().text.starts_with("profile \"routers\""));
}

TEST_CASE("a profile's reload does not touch the other's RA") {
    Setting setting;
    setting.start();
    const auto before = setting.get(Setting::kFirst, "operation=GetCACert").body;
    test::write_text(setting.lab.folder / "routers-ra.pem", "half a file");
    setting.service->reload();
    CHECK(setting.get(Setting::kFirst, "operation=GetCACert").body == before);
    CHECK(setting.enrol_router(Device(4)).pki_status == "0");
    CHECK(setting.log.text().find("routers-ra.pem") != std::string::npos);
}
