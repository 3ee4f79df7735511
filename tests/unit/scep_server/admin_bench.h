// The admin site around a real journal and the password cache (or a module whose answers are
// chosen), without its listener.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "scep-server/enroll/password_policy.h"
#include "scep-server/http/admin_endpoint.h"
#include "tests/unit/scep_server/enroll_bench.h"

namespace ndes::test {

// The text of a page as an MDM reads it: UTF-16 by its byte order mark; "" for anything else. Pages
// of these tests are ASCII.
inline std::string read_page(const std::string& octets) {
    if (octets.size() % 2 != 0 || !octets.starts_with("\xFF\xFE")) return {};
    std::string text;
    for (std::size_t i = 2; i < octets.size(); i += 2) {
        if (octets[i + 1] != '\0') return {};
        text += octets[i];
    }
    return text;
}

struct AdminBench {
    // `module`: null for the password cache.
    explicit AdminBench(Lab& around, FakePolicy* module = nullptr);

    // An admin.caller whose client certificate is known under its name. Before the first get.
    void caller(const std::string& name, std::vector<std::string> enroll, bool administrator,
                bool approve = false);

    http::Response get_as(const std::string& name, const std::string& query,
                          const std::string& path = "/certsrv/mscep_admin/");
    http::Response call(const std::string& method, const std::string& target,
                        const http::Peer& peer, const std::string& body = {},
                        const std::string& authorization = {});
    http::Peer peer_of(const std::string& name);

    Lab& lab;
    RecordingLog log;
    std::unique_ptr<scep::Journal> journal;
    scep::ChallengeSeal seal;
    std::unique_ptr<scep::Policy> cache;
    scep::Policy& policy;
    scep::AdminConfig config;
    std::shared_ptr<const scep::PasswordFile> passwords = std::make_shared<scep::PasswordFile>();
    std::unique_ptr<scep::PendingDesk> desk;
    std::unique_ptr<scep::PendingApi> api;
    std::unique_ptr<scep::RevocationDesk> revocation;
    std::unique_ptr<scep::IssuedApi> issued;
    std::unique_ptr<scep::NotifyApi> notifies;
    int wakes = 0;
    std::unique_ptr<scep::AdminLogin> login;
    std::unique_ptr<scep::AdminEndpoint> endpoint;
    std::map<std::string, Certificate> certificates;
};

}  // namespace ndes::test
