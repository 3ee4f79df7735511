// The rules for the HTTP library, one test each: trust, names, redirects, time limits, re-sending,
// hostile answers.
#include "policy-module/crp_client/https_crp_client.h"

#include <openssl/err.h>

#include "tests/catch.h"
#include "tests/unit/policy_module/https_bench.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using namespace ndes::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

ScriptedTlsServer::Script always(const std::string& answer) {
    return answering([answer](ScriptedConnection&, const std::string&) { return answer; });
}

const std::string kOk = http_answer(201, "application/json", "{}");

// Keeps what a server's threads saw.
class Seen {
  public:
    void add(const std::string& what) {
        const std::lock_guard lock(mutex_);
        all_.push_back(what);
    }
    std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> all_;
};

FaultKind fault_kind(const Outcome<CrpResponse>& outcome) {
    REQUIRE_FALSE(outcome);
    CAPTURE(outcome.error().text);
    return outcome.error().kind;
}

}  // namespace

TEST_CASE("a call arrives as the CRP expects it, under our certificate") {
    HttpsBench bench;
    Seen requests;
    Seen thumbprints;
    ScriptedTlsServer server(
        bench.good_tls(), answering([&](ScriptedConnection& connection, const std::string& text) {
            requests.add(text);
            thumbprints.add(connection.client_thumbprint());
            return http_answer(201, "Application/JSON; charset=utf-8", "{\"a\":1}");
        }));
    HttpsClient client(bench, server.port());
    const auto response = client.post("request-7");
    REQUIRE(response);
    CHECK(response->status == 201);
    CHECK(response->content_type == "application/json");
    CHECK(response->body == "{\"a\":1}");
    REQUIRE(requests.all().size() == 1);
    const std::string request = requests.all()[0];
    CHECK(request.starts_with("POST " + kTestPath + " HTTP/1.1\r\n"));
    CHECK(header_of(request, "User-Agent") == "NDES_Plugin");
    CHECK(header_of(request, "X-Request-Id") == "request-7");
    CHECK(header_of(request, "Content-Type").starts_with("application/json"));
    CHECK(header_of(request, "Host") == "localhost:" + std::to_string(server.port()));
    CHECK(request.find("Transfer-Encoding") == std::string::npos);
    CAPTURE(request);
    CHECK(request.ends_with("\r\n\r\n{\"n\":1}"));
    CHECK(thumbprints.all()[0] == client.keeper().current()->thumbprint);
}

// The library returns a connection to its pool a moment after the answer is there, so that a quick
// next call may open one more.
TEST_CASE("few connections serve many calls") {
    HttpsBench bench;
    ScriptedTlsServer server(bench.good_tls(), always(kOk));
    HttpsClient client(bench, server.port());
    for (int i = 0; i < 50; ++i)
        REQUIRE(client.post());
    CHECK(server.connections() <= 4);
}

TEST_CASE("the system's trust store and SSL_CERT_FILE are never trusted") {
    HttpsBench bench;
    TestCa rogue_ca(bench.folder, "rogue");
    ScriptedTlsServer rogue(bench.tls_of(rogue_ca.issue(HttpsBench::server_profile())),
                            always(kOk));
    ::setenv("SSL_CERT_FILE", rogue_ca.certificate_file().c_str(), 1);
    HttpsClient client(bench, rogue.port());
    const auto response = client.post();
    ::unsetenv("SSL_CERT_FILE");
    CHECK(fault_kind(response) == FaultKind::secure_failure);
    CHECK(response.error().advice.find("crp.server_ca_file") != std::string::npos);
}

TEST_CASE("the name must be in the certificate's SAN") {
    HttpsBench bench;
    LeafProfile profile = HttpsBench::server_profile();
    SECTION("another name") { profile.subject_alt_name = "DNS:other.test"; }
    SECTION("the subject's CN does not count") {
        profile.subject_alt_name = "DNS:other.test";
        profile.common_name = "localhost";
    }
    SECTION("nor without a SAN") {
        profile.subject_alt_name = "";
        profile.common_name = "localhost";
    }
    SECTION("a partial wildcard does not count") { profile.subject_alt_name = "DNS:local*"; }
    ScriptedTlsServer server(bench.tls_of(bench.ca.issue(profile)), always(kOk));
    HttpsClient client(bench, server.port());
    const auto response = client.post();
    CHECK(fault_kind(response) == FaultKind::secure_failure);
    CHECK(response.error().advice.find("crp.url") != std::string::npos);
}

TEST_CASE("an IP address in the URL must be in the SAN as one") {
    HttpsBench bench;
    ScriptedTlsServer server(bench.good_tls(), always(kOk));
    HttpsClient client(bench, server.port(), "127.0.0.1");
    CHECK(client.post());

    LeafProfile profile = HttpsBench::server_profile();
    profile.subject_alt_name = "DNS:localhost,IP:192.0.2.1";
    ScriptedTlsServer other(bench.tls_of(bench.ca.issue(profile)), always(kOk));
    HttpsClient refusing(bench, other.port(), "127.0.0.1");
    CHECK(fault_kind(refusing.post()) == FaultKind::secure_failure);
}

TEST_CASE("an expired or future server certificate is 12037") {
    HttpsBench bench;
    LeafProfile profile = HttpsBench::server_profile();
    SECTION("expired") {
        profile.not_before_s = -7200;
        profile.not_after_s = -3600;
    }
    SECTION("not yet valid") { profile.not_before_s = 3600; }
    ScriptedTlsServer server(bench.tls_of(bench.ca.issue(profile)), always(kOk));
    HttpsClient client(bench, server.port());
    const auto response = client.post();
    CHECK(fault_kind(response) == FaultKind::certificate_date);
    CHECK(original_error_number(response.error().kind) == 12037);
}

TEST_CASE("a certificate that is not for servers is refused") {
    HttpsBench bench;
    LeafProfile profile = HttpsBench::server_profile();
    profile.extended_key_usage = "clientAuth";
    ScriptedTlsServer server(bench.tls_of(bench.ca.issue(profile)), always(kOk));
    HttpsClient client(bench, server.port());
    CHECK(fault_kind(client.post()) == FaultKind::secure_failure);
}

TEST_CASE("TLS 1.2 is spoken, TLS 1.1 is not") {
    HttpsBench bench;
    auto tls = bench.good_tls();
    ::SSL_CTX_set_security_level(tls.get(), 0);
    SSL_CTX_set_min_proto_version(tls.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls.get(), TLS1_2_VERSION);
    REQUIRE(::SSL_CTX_set_cipher_list(tls.get(), "ALL:@SECLEVEL=0") == 1);
    {
        ScriptedTlsServer server(tls, always(kOk));
        HttpsClient client(bench, server.port());
        CHECK(client.post());
    }
    SSL_CTX_set_max_proto_version(tls.get(), TLS1_1_VERSION);
    ScriptedTlsServer server(tls, always(kOk));
    HttpsClient client(bench, server.port());
    CHECK(fault_kind(client.post()) == FaultKind::secure_failure);
}

TEST_CASE("a redirect is an answer, not a way") {
    HttpsBench bench;
    ScriptedTlsServer elsewhere(bench.good_tls(), always(kOk));
    const std::string location = "https://localhost:" + std::to_string(elsewhere.port()) + "/";
    const int status = GENERATE(301, 302, 307, 308);
    ScriptedTlsServer server(
        bench.good_tls(), always("HTTP/1.1 " + std::to_string(status) +
                                 " X\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n"));
    HttpsClient client(bench, server.port());
    const auto response = client.post();
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("the deadline is overall, whatever the server does") {
    HttpsBench bench;
    ScriptedTlsServer::Script script;
    SECTION("accepts and says nothing, not even TLS") {
        script = [](ScriptedConnection& connection) { connection.wait_for_end(); };
    }
    SECTION("reads and is silent") {
        script = [](ScriptedConnection& connection) {
            if (connection.handshake() && connection.read_request()) connection.wait_for_end();
        };
    }
    SECTION("drips its header, each octet within the library's own time limits") {
        script = [](ScriptedConnection& connection) {
            if (!connection.handshake() || !connection.read_request()) return;
            connection.send("HTTP/1.1 201 X\r\nA: ");
            while (connection.send("x"))
                std::this_thread::sleep_for(milliseconds(20));
        };
    }
    SECTION("drips its body") {
        script = [](ScriptedConnection& connection) {
            if (!connection.handshake() || !connection.read_request()) return;
            connection.send("HTTP/1.1 201 X\r\nContent-Length: 60000\r\n\r\n");
            while (connection.send("x"))
                std::this_thread::sleep_for(milliseconds(20));
        };
    }
    ScriptedTlsServer server(bench.good_tls(), script);
    HttpsClient client(bench, server.port());
    const auto start = steady_clock::now();
    CHECK(fault_kind(client.post("r-1", milliseconds(400))) == FaultKind::timeout);
    const auto took = steady_clock::now() - start;
    CHECK(took >= milliseconds(390));
    CHECK(took < milliseconds(2'500));
}

TEST_CASE("nobody at the address is 12029") {
    HttpsBench bench;
    std::uint16_t port = 0;
    {
        ScriptedTlsServer gone(bench.good_tls(), always(kOk));
        port = gone.port();
    }
    HttpsClient client(bench, port);
    CHECK(fault_kind(client.post()) == FaultKind::cannot_connect);
}

TEST_CASE("a POST that the library sends twice carries the same request ID twice") {
    HttpsBench bench;
    Seen ids;
    // The second request of each connection is read and never answered.
    ScriptedTlsServer server(bench.good_tls(), [&ids](ScriptedConnection& connection) {
        if (!connection.handshake()) return;
        for (int i = 0; i < 2; ++i) {
            const auto request = connection.read_request();
            if (!request) return;
            ids.add(header_of(*request, "X-Request-Id"));
            if (i == 0) connection.send(kOk);
        }
    });
    HttpsClient client(bench, server.port());
    constexpr int kCalls = 20;
    for (int i = 0; i < kCalls; ++i) {
        const auto response = client.post(std::to_string(i));
        CHECK(response);  // of the re-sending nothing is seen here
    }
    const auto seen = ids.all();
    CHECK(seen.size() > kCalls);
    for (int i = 0; i < kCalls; ++i)
        CHECK(std::count(seen.begin(), seen.end(), std::to_string(i)) >= 1);
}

TEST_CASE("a server that closes after each answer costs no call more than one repetition") {
    HttpsBench bench;
    ScriptedTlsServer server(bench.good_tls(), [](ScriptedConnection& connection) {
        if (connection.handshake() && connection.read_request()) connection.send(kOk);
    });
    HttpsClient client(bench, server.port());
    for (int i = 0; i < 20; ++i) {
        auto response = client.post();
        if (!response) {
            REQUIRE(is_retryable(response.error().kind));
            response = client.post();
        }
        CAPTURE(response ? std::string() : response.error().text);
        REQUIRE(response);
        CHECK(response->status == 201);
    }
}

TEST_CASE("an answer that is over-long, chunked or without a length is refused and cut off") {
    HttpsBench bench;
    const std::string head = "HTTP/1.1 201 X\r\nContent-Type: application/json\r\n";
    const std::string answer = GENERATE_COPY(
        as<std::string>(), head + "Content-Length: 65537\r\n\r\n" + std::string(65'537, 'x'),
        head + "Content-Length: 18446744073709551615\r\n\r\nx",
        head + "Content-Length: -1\r\n\r\n{}", head + "Content-Length: abc\r\n\r\n{}",
        head + "\r\n{}", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        // These end a process whose client does not watch out.
        head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n-3\r\n{}\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n{}",
        head + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}");
    ScriptedTlsServer server(bench.good_tls(), [&answer](ScriptedConnection& connection) {
        if (!connection.handshake() || !connection.read_request()) return;
        connection.send(answer);
        connection.wait_for_end();
    });
    HttpsClient client(bench, server.port());
    const auto start = steady_clock::now();
    CHECK(fault_kind(client.post()) == FaultKind::invalid_response);
    CHECK(steady_clock::now() - start < milliseconds(2'500));
}

TEST_CASE("the longest permitted answer is read") {
    HttpsBench bench;
    const std::string body(kMaxResponseOctets, 'x');
    ScriptedTlsServer server(bench.good_tls(), always(http_answer(201, "application/json", body)));
    HttpsClient client(bench, server.port());
    const auto response = client.post();
    REQUIRE(response);
    CHECK(response->body == body);
}

TEST_CASE("an answer that breaks off is a fault at every length") {
    HttpsBench bench;
    const std::string whole = http_answer(201, "application/json", to_json(sample_yes()));
    std::atomic<std::size_t> length{0};
    ScriptedTlsServer server(bench.good_tls(), [&](ScriptedConnection& connection) {
        if (connection.handshake() && connection.read_request())
            connection.send(whole.substr(0, length));
    });
    HttpsClient client(bench, server.port());
    for (length = 0; length < whole.size(); length += 23)
        REQUIRE(fault_kind(client.post()) == FaultKind::invalid_response);
    length = whole.size() - 1;
    CHECK(fault_kind(client.post()) == FaultKind::invalid_response);
    length = whole.size();
    CHECK(client.post());
}

TEST_CASE("garbage in place of HTTP is a fault") {
    HttpsBench bench;
    const std::string answer =
        GENERATE(as<std::string>(), "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1\r\n\r\n",
                 "HTTP/1.1 abc X\r\n\r\n", std::string("\0\0\0\0\r\n\r\n", 8));
    ScriptedTlsServer server(bench.good_tls(), [&answer](ScriptedConnection& connection) {
        if (connection.handshake() && connection.read_request()) connection.send(answer);
    });
    HttpsClient client(bench, server.port());
    CHECK(fault_kind(client.post()) == FaultKind::invalid_response);
}

TEST_CASE("whatever the library throws, a fault comes back") {
    HttpsBench bench;
    ScriptedTlsServer server(bench.good_tls(), always(kOk));
    HttpsClient client(bench, server.port());
    CHECK(fault_kind(client.post("r-1", milliseconds(2'000), "/%zz and \x01")) ==
          FaultKind::failed);
}

TEST_CASE("many threads call at once, each gets its own answer") {
    HttpsBench bench;
    ScriptedTlsServer server(
        bench.good_tls(), answering([](ScriptedConnection&, const std::string& request) {
            return http_answer(201, "application/json", header_of(request, "X-Request-Id"));
        }));
    HttpsClient client(bench, server.port());
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                const std::string id = std::to_string(t) + "-" + std::to_string(i);
                const auto response = client.post(id);
                if (response && response->body == id) ++right;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(right == 160);
    CHECK(server.connections() <= 32);
}

TEST_CASE("no more calls than permitted are under way; one too many waits, and is told so") {
    HttpsBench bench;
    std::atomic<int> arrived{0};
    std::atomic<bool> go{false};
    ScriptedTlsServer server(bench.good_tls(),
                             answering([&](ScriptedConnection&, const std::string&) {
                                 ++arrived;
                                 arrived.notify_all();
                                 go.wait(false);
                                 return kOk;
                             }));
    HttpsClient client(bench, server.port());
    std::vector<std::thread> threads;
    std::atomic<int> answered_well{0};
    for (int i = 0; i < HttpsClient::kMaxCalls; ++i)
        threads.emplace_back([&] {
            if (client.post()) ++answered_well;
        });
    for (int seen = arrived; seen < HttpsClient::kMaxCalls; seen = arrived)
        arrived.wait(seen);
    const auto refused = client.post("r-2", milliseconds(50));
    CHECK(fault_kind(refused) == FaultKind::too_many_calls);
    CHECK(refused.error().destination.path == kTestPath);
    CHECK(arrived == HttpsClient::kMaxCalls);
    std::thread waiting([&] {
        if (client.post("r-3", milliseconds(8'000))) ++answered_well;
    });
    go = true;
    go.notify_all();
    for (std::thread& thread : threads)
        thread.join();
    waiting.join();
    CHECK(answered_well == HttpsClient::kMaxCalls + 1);
}

TEST_CASE("a name without an address is 12007") {
    HttpsBench bench;
    HttpsClient client(bench, 443, "no-such-host.invalid");
    const auto response = client.post();
    CHECK(fault_kind(response) == FaultKind::name_unknown);
    CHECK(original_error_number(response.error().kind) == 12007);
}
