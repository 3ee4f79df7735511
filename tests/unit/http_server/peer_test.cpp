// Which certificate called: told to the handler for each request, never mixed up between clients.
#include <atomic>

#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/catch.h"
#include "tests/unit/http_server/raw_client.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

http::Response tell_peer(const http::Request& /*request*/, const http::Peer& peer) {
    const std::string name = peer.certificate ? peer.certificate->subject_text() : "none";
    return {200, "text/plain", peer.address + "|" + name + "|" + peer.certificate_error, {}};
}

Identity issue_client(const std::string& name, long not_after_s = 3600) {
    LeafProfile profile;
    profile.common_name = name;
    profile.extended_key_usage = "clientAuth";
    profile.not_after_s = not_after_s;
    return tls_fixture().ca.issue(profile);
}

std::string ask_as(const http::HttpServer& server, SSL_CTX* tls) {
    RawClient client(server.port(), tls);
    return client.ask(get("/")).body;
}

}  // namespace

TEST_CASE("the handler learns who calls") {
    const auto server = start_tls_server({}, tell_peer);
    auto& pki = tls_fixture();
    CHECK(ask_as(*server, pki.client_context.get()) == "127.0.0.1|CN=client|");
    CHECK(ask_as(*server, pki.anonymous_context.get()) == "127.0.0.1|none|");
    CHECK(ask_as(*server, client_context_of(issue_client("late", -60)).get()) ==
          "127.0.0.1|none|certificate has expired");
    TestCa other(pki.folder, "Other CA");
    LeafProfile profile;
    profile.extended_key_usage = "clientAuth";
    CHECK(ask_as(*server, client_context_of(other.issue(profile)).get()) ==
          "127.0.0.1|none|unable to get local issuer certificate");
    CHECK(server->counters().handshakes_failed == 0);
}

TEST_CASE("the caller's port is told") {
    const auto server = start_server({}, [](const http::Request&, const http::Peer& peer) {
        return http::Response{200, "", std::to_string(peer.port), {}};
    });
    RawClient client(server->port());
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    REQUIRE(::getsockname(client.socket(), reinterpret_cast<sockaddr*>(&local), &size) == 0);
    const auto port = ntohs(reinterpret_cast<sockaddr_in&>(local).sin_port);
    CHECK(client.ask(get("/")).body == std::to_string(port));
}

TEST_CASE("IPv6, and IPv4 through an IPv6 listener") {
    http::ServerOptions options;
    options.address = "::";
    const auto server = start_server(options, tell_peer);
    CHECK(RawClient(server->port(), nullptr, "::1").ask(get("/")).body == "::1|none|");
    CHECK(RawClient(server->port(), nullptr, "127.0.0.1").ask(get("/")).body == "127.0.0.1|none|");
}

TEST_CASE("three certificates at once are never mixed up") {
    const auto server = start_tls_server(
        [](http::ServerOptions& options) {
            options.io_threads = 2;
            options.worker_threads = 3;
        },
        tell_peer);
    std::atomic<int> wrong{0};
    std::atomic<int> right{0};
    std::vector<std::thread> clients;
    for (const std::string name : {"one", "two", "three"}) {
        clients.emplace_back([&, name, tls = client_context_of(issue_client(name))] {
            const std::string expected = "127.0.0.1|CN=" + name + "|";
            for (int connection = 0; connection < 15; ++connection) {
                RawClient client(server->port(), tls.get());
                for (int request = 0; request < 10; ++request)
                    ++(client.ask(get("/")).body == expected ? right : wrong);
            }
        });
    }
    for (auto& client : clients)
        client.join();
    CHECK(wrong == 0);
    CHECK(right == 450);
}

TEST_CASE("replaced TLS settings apply to new connections, open ones go on") {
    const auto server = start_tls_server({}, tell_peer);
    auto& pki = tls_fixture();
    RawClient before(server->port(), pki.client_context.get());
    CHECK(before.ask(get("/")).status == 200);
    TestCa other(pki.folder, "New CA");
    const auto stricter = build_server_context(
        {pki.server.certificate_file, pki.server.key_file, other.certificate_file(), "", true});
    REQUIRE(stricter);
    server->replace_tls(*stricter);
    CHECK(before.ask(get("/")).body == "127.0.0.1|CN=client|");
    CHECK(ask_as(*server, pki.client_context.get()) ==
          "127.0.0.1|none|unable to get local issuer certificate");
    server->replace_tls(nullptr);  // never back to plain HTTP
    CHECK(RawClient(server->port()).ask(get("/")).status == 0);
    CHECK(ask_as(*server, pki.anonymous_context.get()) == "127.0.0.1|none|");
}

TEST_CASE("a plain server stays plain") {
    const auto server = start_server({}, tell_peer);
    server->replace_tls(tls_fixture().server_context);
    CHECK(RawClient(server->port()).ask(get("/")).status == 200);
}

}  // namespace ndes::test
