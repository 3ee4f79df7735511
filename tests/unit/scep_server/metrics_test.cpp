// /metrics of the real service: every name that the README lists, and what moves it.
#include "scep-server/metrics/ndes_metrics.h"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "tests/load/http_connection.h"
#include "tests/unit/scep_server/service_setting.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::Lab;

namespace {

struct Setting : test::ServiceSetting {
    Setting() {
        lab.profile().issuer.crl_file = lab.folder / "ca.crl";
        lab.profile().issuer.crl_lifetime = std::chrono::hours(48);
        service = started();
    }
    void enrol(const Device& device) {
        load::HttpConnection connection({"127.0.0.1", service->port(), "/certsrv/mscep/"},
                                        std::chrono::seconds(20));
        const Bytes message = device.request(lab);
        REQUIRE(connection.post("operation=PKIOperation", as_text(message)).status == 200);
    }
    std::string metrics() {
        load::HttpConnection connection({"127.0.0.1", service->health_port(), "/metrics"},
                                        std::chrono::seconds(20));
        const auto reply = connection.get("");
        REQUIRE(reply.status == 200);
        return reply.body;
    }

    std::unique_ptr<Service> service;
};

bool has(const std::string& text, const std::string& sample) {
    if (("\n" + text).find("\n" + sample + "\n") != std::string::npos) return true;
    UNSCOPED_INFO(sample << " is not in\n" << text);
    return false;
}

std::set<std::string> names_in(const std::string& text, const std::string& pattern) {
    std::set<std::string> names;
    const std::regex regex(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
        names.insert((*at)[1]);
    return names;
}

}  // namespace

TEST_CASE("metrics follow what happens to requests") {
    Setting setting;
    const std::string before = setting.metrics();
    CHECK(has(before, R"(ndes_scep_answers_total{answer="issued",profile=""} 0)"));
    CHECK(has(before, R"(ndes_scep_events_total{event="28",name="EVENT_MSCEP_NO_PASSWORD"} 0)"));
    CHECK(has(before, "ndes_scep_health_status 0"));

    Device device(4, "CN=device,O=Example");
    setting.enrol(device);
    device.csr.key_usage = "keyEncipherment";  // its template is not on the module's list
    setting.enrol(device);
    device.csr.challenge.clear();
    setting.enrol(device);
    setting.service->reload();
    test::write_text(setting.lab.folder / "signing.pem", "half a file");
    setting.service->reload();

    const std::string after = setting.metrics();
    CHECK(has(after, R"(ndes_scep_answers_total{answer="issued",profile=""} 1)"));
    CHECK(has(after, R"(ndes_scep_answers_total{answer="refused",profile=""} 2)"));
    CHECK(has(after, R"(ndes_scep_events_total{event="28",name="EVENT_MSCEP_NO_PASSWORD"} 1)"));
    CHECK(
        has(after, R"(ndes_scep_request_duration_seconds_count{message="PKCSReq",profile=""} 3)"));
    CHECK(has(after, R"(ndes_scep_policy_duration_seconds_count{profile="",result="yes"} 1)"));
    CHECK(has(after, R"(ndes_scep_policy_duration_seconds_count{profile="",result="no"} 1)"));
    CHECK(has(after, R"(ndes_scep_ca_duration_seconds_count{profile="",result="issued"} 1)"));
    CHECK(has(after, R"(ndes_scep_reloads_total{result="done"} 1)"));
    CHECK(has(after, R"(ndes_scep_reloads_total{result="failed"} 1)"));
    for (const char* use : {"ra-signing", "ra-encryption", "ca"})
        CHECK(after.find("use=\"" + std::string(use) + "\"") != std::string::npos);
    // Nothing of the device.
    CHECK(after.find("CN=device") == std::string::npos);
    CHECK(after.find("transaction-4") == std::string::npos);
}

TEST_CASE("the README lists each metric, and no other") {
    std::ifstream stream(std::filesystem::path(NDES_TEST_DATA) / "../../scep-server/README.md");
    const std::string readme{std::istreambuf_iterator<char>(stream), {}};
    Setting setting;
    CHECK(names_in(readme, "`((?:ndes|x509)_[a-z0-9_]+)`") ==
          names_in(setting.metrics(), "# TYPE ([a-z0-9_]+) "));
}
