// What the tests of the HTTPS client share: a PKI, a server's identity, a client at hand.
#pragma once

#include <memory>
#include <string>

#include "common/clock.h"
#include "common/tls/tls_context.h"
#include "policy-module/crp_client/https_crp_client.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_tls_server.h"
#include "tests/support/test_pki.h"

namespace ndes::test {

inline const std::string kTestBase = "/CMCertificateRegistration";
inline const std::string kTestPath = kTestBase + "/Certificate/VerifyRequest";

struct HttpsBench {
    TemporaryFolder folder;
    TestCa ca{folder, "CRP CA"};
    TestCa client_ca{folder, "NDES CA"};
    Identity client = issue_client();
    RecordingLog log;

    Identity issue_client() {
        LeafProfile profile;
        profile.common_name = "ndes";
        profile.extended_key_usage = "clientAuth";
        profile.not_after_s = 90L * 86'400;  // nothing to warn of
        return client_ca.issue(profile);
    }
    static LeafProfile server_profile() {
        LeafProfile profile;
        profile.common_name = "crp";
        profile.extended_key_usage = "serverAuth";
        return profile;
    }

    // TLS of a server that shows `identity` and asks for client certificates.
    std::shared_ptr<SSL_CTX> tls_of(const Identity& identity) const {
        auto context = build_server_context({.certificate = identity.certificate_file,
                                             .key = identity.key_file,
                                             .client_ca = client_ca.certificate_file(),
                                             .client_crl = {}});
        if (!context) throw std::runtime_error(context.error().text);
        return *context;
    }
    std::shared_ptr<SSL_CTX> good_tls() { return tls_of(ca.issue(server_profile())); }

    policy::ClientIdentityFiles files(const std::string& host = "localhost") const {
        return {client.certificate_file, client.key_file, {}, ca.certificate_file(), {host}};
    }
};

// A client with the identity it needs.
class HttpsClient {
  public:
    static constexpr int kMaxCalls = 16;

    HttpsClient(HttpsBench& bench, std::uint16_t port, const std::string& host = "localhost",
                const Clock& clock = system_clock(), policy::ClientIdentityFiles files = {})
        : clock_(clock) {
        if (files.certificate.empty()) files = bench.files(host);
        auto keeper = policy::ClientIdentityKeeper::open(files, clock, bench.log);
        if (!keeper) throw std::runtime_error(keeper.error().text);
        keeper_ = std::move(*keeper);
        client_ = policy::make_https_crp_client(
            {host, port, kTestBase, std::chrono::milliseconds(3'000), kMaxCalls}, *keeper_, clock);
    }

    policy::Outcome<policy::CrpResponse> post(
        const std::string& request_id = "r-1",
        std::chrono::milliseconds limit = std::chrono::milliseconds(8'000),
        const std::string& path = "/Certificate/VerifyRequest") {
        return client_->post({path, "{\"n\":1}", request_id, clock_.steady_now() + limit});
    }
    policy::ClientIdentityKeeper& keeper() { return *keeper_; }

  private:
    const Clock& clock_;
    std::unique_ptr<policy::ClientIdentityKeeper> keeper_;
    std::unique_ptr<policy::CrpClient> client_;
};

}  // namespace ndes::test
