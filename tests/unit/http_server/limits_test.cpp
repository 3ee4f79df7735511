// Deadlines, caps and what happens to slow, silent, broken and too many clients.
#include <array>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/http_server/raw_client.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kShort{150};
constexpr milliseconds kSoon{2'000};  // far more than kShort, far less than the other limits

std::unique_ptr<http::HttpServer> server_with(
    const std::function<void(http::ServerLimits&)>& change, http::Handler handler = echo) {
    return start_tls_server([&](http::ServerOptions& options) { change(options.limits); },
                            std::move(handler));
}

SSL_CTX* tls() { return tls_fixture().client_context.get(); }

}  // namespace

TEST_CASE("a client that does not finish its handshake is closed") {
    const auto server = server_with([](auto& limits) { limits.handshake_timeout = kShort; });
    RawClient silent(server->port());
    RawClient half(server->port());
    half.send("\x16\x03\x01\x02");
    CHECK(silent.is_closed_within(kSoon));
    CHECK(half.is_closed_within(kSoon));
    CHECK(server->counters().handshakes_failed == 2);
}

TEST_CASE("plain HTTP on a TLS port is closed") {
    const auto server = start_tls_server();
    RawClient client(server->port());
    client.send(get("/"));
    CHECK(client.receive().status == 0);
    CHECK(eventually([&] { return server->counters().handshakes_failed == 1; }));
}

TEST_CASE("a slow request is cut at its deadline, however it trickles") {
    const auto server = server_with([](auto& limits) { limits.request_timeout = kShort; });
    RawClient client(server->port(), tls());
    SECTION("head") { client.send("GET / HTTP/1.1\r\nHost: "); }
    SECTION("body") { client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc"); }
    SECTION("chunked body") {
        client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    }
    SECTION("octets without end") {
        client.send("GET / HTTP/1.1\r\nX: ");
        const auto end = std::chrono::steady_clock::now() + kSoon;
        while (server->counters().refused_malformed == 0 && std::chrono::steady_clock::now() < end)
            client.send("y");
        CHECK(std::chrono::steady_clock::now() < end);
    }
    CHECK(client.receive().status != 200);
    CHECK(client.is_closed_within(kSoon));
    CHECK(server->counters().refused_malformed == 1);
}

TEST_CASE("a late body gets 408") {
    const auto server = server_with([](auto& limits) { limits.request_timeout = kShort; });
    RawClient client(server->port(), tls());
    CHECK(client.ask("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc").status == 408);
}

TEST_CASE("the program shapes the transport's own refusals and is told what was read") {
    std::mutex mutex;
    std::vector<std::string> told;
    const auto server = start_tls_server([&](http::ServerOptions& options) {
        options.limits.body_octets = 4;
        options.limits.header_octets = 128;
        options.refusal = [&](const http::Response& plain, const http::Request& request,
                              const http::Peer& peer) {
            const std::lock_guard lock(mutex);
            told.push_back(std::to_string(plain.status) + " " + request.path + " " +
                           std::to_string(request.headers.size()));
            if (request.path == "/throw") throw std::runtime_error("broken");
            http::Response shaped;
            shaped.status = 200;  // the transport's own counts
            shaped.body = peer.address;
            return shaped;
        };
    });
    RawClient client(server->port(), tls());
    CHECK(client.ask(get("/secret", "X: y\r\n")).status == 200);
    const RawResponse malformed = client.ask("GET / HTTP/1.1\r\nHost: t\r\nbroken\r\n\r\n");
    CHECK(malformed.status == 400);
    CHECK(malformed.body == "127.0.0.1");
    CHECK(client.is_closed_within(kSoon));
    const std::string long_field = "X: " + std::string(200, 'x') + "\r\n";
    CHECK(RawClient(server->port(), tls()).ask(get("/", long_field)).status == 431);
    CHECK(RawClient(server->port(), tls()).ask(post("/api", "12345")).status == 413);
    const RawResponse thrown = RawClient(server->port(), tls()).ask(post("/throw", "12345"));
    CHECK(thrown.status == 413);
    CHECK(thrown.body.empty());
    const std::lock_guard lock(mutex);
    REQUIRE(told.size() == 4);
    CHECK(told[0] == "400  0");  // nothing of the request before
    CHECK(told[1] == "431  0");
    CHECK(told[2].starts_with("413 /api "));
    CHECK(server->counters().refused_malformed == 4);
}

TEST_CASE("a connection without a first request ends at the request deadline") {
    const auto server = server_with([](auto& limits) { limits.request_timeout = kShort; });
    RawClient client(server->port(), tls());
    CHECK(client.is_closed_within(kSoon));
    CHECK(server->counters().refused_malformed == 0);
}

TEST_CASE("an idle connection ends at the idle deadline and is told so by TLS") {
    const auto server = server_with([](auto& limits) { limits.idle_timeout = kShort; });
    RawClient client(server->port(), tls());
    CHECK(client.ask(get("/")).status == 200);
    CHECK(client.is_closed_within(kSoon));
    CHECK((::SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0);
}

TEST_CASE("a client that does not read its answer is closed") {
    const auto server =
        server_with([](auto& limits) { limits.write_timeout = kShort; },
                    [](const http::Request&, const http::Peer&) {
                        return http::Response{200, "", std::string(16 * 1024 * 1024, 'x'), {}};
                    });
    RawClient client(server->port(), tls());
    REQUIRE(client.send(get("/")));
    CHECK(eventually([&] { return server->counters().requests == 1; }));
    CHECK(eventually([&] { return server->counters().connections_open == 0; }));
}

TEST_CASE("a large answer arrives whole") {
    const std::string large(3 * 1024 * 1024, 'x');
    const auto server = start_tls_server({}, [&](const http::Request&, const http::Peer&) {
        return http::Response{200, "", large, {}};
    });
    RawClient client(server->port(), tls());
    CHECK(client.ask(get("/")).body == large);
    CHECK(client.ask(get("/")).body == large);
}

TEST_CASE("a handler past its deadline is answered for with 504, its answer dropped") {
    Gate gate;
    const auto server = server_with([](auto& limits) { limits.handler_timeout = kShort; },
                                    [&](const http::Request& request, const http::Peer& peer) {
                                        if (request.path == "/slow") gate.pass();
                                        return echo(request, peer);
                                    });
    RawClient client(server->port(), tls());
    CHECK(client.ask(get("/slow") + get("/second")).status == 504);
    CHECK(client.is_closed_within(kSoon));
    gate.open();
    RawClient other(server->port(), tls());
    CHECK(other.ask(get("/fast")).body == "GET /fast? []");
}

TEST_CASE("whoever waits too long for a handler can be told when to come again") {
    Gate gate;
    const auto server = start_tls_server(
        [](http::ServerOptions& options) {
            options.limits.handler_timeout = kShort;
            options.overdue = {503, "text/plain", "later\n", {{"Retry-After", "30"}}};
        },
        [&](const http::Request& request, const http::Peer& peer) {
            gate.pass();
            return echo(request, peer);
        });
    RawClient client(server->port(), tls());
    const auto response = client.ask(get("/slow"));
    CHECK(response.status == 503);
    CHECK(response.headers.at("retry-after") == "30");
    CHECK(response.body == "later\n");
    CHECK(client.is_closed_within(kSoon));
    gate.open();
}

TEST_CASE("a handler that throws is answered for with an empty 500") {
    const auto server =
        start_tls_server({}, [](const http::Request& request, const http::Peer&) -> http::Response {
            if (request.path == "/int") throw 1;
            throw std::runtime_error("secret detail");
        });
    RawClient client(server->port(), tls());
    for (const char* path : {"/", "/int"}) {
        const auto response = client.ask(get(path));
        CHECK(response.status == 500);
        CHECK(response.body.empty());
    }
}

TEST_CASE("a full queue is answered 503 at once and the connection lives on") {
    Gate gate;
    const auto server = start_tls_server(
        [](http::ServerOptions& options) {
            options.worker_threads = 1;
            options.limits.queued_requests = 1;
        },
        [&](const http::Request& request, const http::Peer& peer) {
            gate.pass();
            return echo(request, peer);
        });
    RawClient running(server->port(), tls());
    REQUIRE(running.send(get("/running")));
    REQUIRE(gate.wait_for(1));
    RawClient queued(server->port(), tls());
    REQUIRE(queued.send(get("/queued")));
    REQUIRE(eventually([&] { return server->counters().requests == 2; }));
    RawClient refused(server->port(), tls());
    const auto busy = refused.ask(get("/refused"));
    CHECK(busy.status == 503);
    CHECK(busy.headers.at("retry-after") == "1");
    CHECK(server->counters().refused_busy == 1);
    gate.open();
    CHECK(running.receive().body == "GET /running? []");
    CHECK(queued.receive().body == "GET /queued? []");
    CHECK(refused.ask(get("/again")).status == 200);
}

TEST_CASE("large requests that do not end are refused together, others are served meanwhile") {
    http::ServerOptions options;
    options.limits.large_request_octets = 256 * 1024;
    const auto server = start_server(options);
    const std::string head = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n";
    std::vector<std::unique_ptr<RawClient>> large;
    for (int i = 0; i < 12; ++i) {
        large.push_back(std::make_unique<RawClient>(server->port()));
        large.back()->send(head + std::string(60'000, 'x'));
    }
    REQUIRE(eventually([&] { return server->counters().refused_busy >= 4; }));
    CHECK(server->counters().refused_busy < 12);
    CHECK(RawClient(server->port()).ask(post("/", std::string(5'000, 'y'))).status == 200);
    RawClient one_more(server->port());
    const auto busy = one_more.ask(head + std::string(90'000, 'x'));
    CHECK(busy.status == 503);
    CHECK(busy.headers.at("retry-after") == "1");
    large.clear();
    REQUIRE(eventually([&] { return server->counters().connections_open <= 1; }));
    // All of it has been given back.
    RawClient after(server->port());
    for (int i = 0; i < 8; ++i)
        CHECK(after.ask(post("/", std::string(100'000, 'z'))).status == 200);
}

TEST_CASE("slow handlers do not hold up handshakes") {
    Gate gate;
    const auto server =
        start_tls_server([](http::ServerOptions& options) { options.worker_threads = 1; },
                         [&](const http::Request& request, const http::Peer& peer) {
                             gate.pass();
                             return echo(request, peer);
                         });
    RawClient first(server->port(), tls());
    REQUIRE(first.send(get("/")));
    REQUIRE(gate.wait_for(1));
    CHECK(RawClient(server->port(), tls()).ok());
    gate.open();
    CHECK(first.receive().status == 200);
}

TEST_CASE("connections over an address' cap are closed at once, and room is found again") {
    const auto server = server_with([](auto& limits) { limits.connections_per_address = 2; });
    auto first = std::make_unique<RawClient>(server->port(), tls());
    RawClient second(server->port(), tls());
    CHECK(first->ask(get("/")).status == 200);
    CHECK(second.ask(get("/")).status == 200);
    CHECK_FALSE(RawClient(server->port(), tls()).ok());
    CHECK(second.ask(get("/")).status == 200);
    first.reset();
    CHECK(eventually([&] { return server->counters().connections_open == 1; }));
    CHECK(RawClient(server->port(), tls()).ask(get("/")).status == 200);
}

TEST_CASE("a full house closes who has been silent longest") {
    const auto server = server_with([](auto& limits) {
        limits.connections = 3;
        limits.request_timeout = kSoon * 10;
    });
    RawClient slow(server->port(), tls());
    slow.send("GET / HTTP/1.1\r\nX: ");
    REQUIRE(eventually([&] { return server->counters().connections_open == 1; }));
    RawClient idle(server->port(), tls());
    CHECK(idle.ask(get("/")).status == 200);
    RawClient silent(server->port());
    REQUIRE(eventually([&] { return server->counters().connections_open == 3; }));
    // The handshake that never comes has the earliest deadline, then the slow request.
    CHECK(RawClient(server->port(), tls()).ask(get("/")).status == 200);
    CHECK(silent.is_closed_within(kSoon));
    REQUIRE(eventually([&] { return server->counters().connections_open == 2; }));
    RawClient third(server->port(), tls());
    CHECK(third.ask(get("/")).status == 200);
    CHECK(RawClient(server->port(), tls()).ask(get("/")).status == 200);
    CHECK(slow.is_closed_within(kSoon));
    CHECK(idle.ask(get("/")).status == 200);
}

TEST_CASE("a full house at work closes nobody") {
    Gate gate;
    const auto server = server_with([](auto& limits) { limits.connections = 2; },
                                    [&](const http::Request& request, const http::Peer& peer) {
                                        gate.pass();
                                        return echo(request, peer);
                                    });
    RawClient first(server->port(), tls());
    RawClient second(server->port(), tls());
    REQUIRE(first.send(get("/")));
    REQUIRE(second.send(get("/")));
    REQUIRE(gate.wait_for(2));
    CHECK_FALSE(RawClient(server->port(), tls()).ok());
    gate.open();
    CHECK(first.receive().status == 200);
    CHECK(second.receive().status == 200);
}

TEST_CASE("clients that vanish in every state leave no descriptor behind") {
    const auto server = start_tls_server();
    RawClient(server->port(), tls()).ask(get("/"));
    REQUIRE(eventually([&] { return server->counters().connections_open == 0; }));
    const auto before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
        RawClient bare(server->port());
        if (i % 4 == 1) bare.send("\x16\x03\x01");
        if (i % 4 == 2) bare.reset();
        if (i % 4 == 3) {
            RawClient spoken(server->port(), tls());
            spoken.send(i % 8 == 3 ? get("/").substr(0, 9) : post("/", "0123456789").substr(0, 60));
            if (i % 16 > 8) spoken.reset();
        }
    }
    CHECK(eventually([&] { return server->counters().connections_open == 0; }));
    CHECK(eventually([&] { return open_descriptors() <= before; }));
    CHECK(RawClient(server->port(), tls()).ask(get("/")).status == 200);
}

TEST_CASE("without descriptors the acceptor waits instead of spinning, and recovers") {
    const auto server = start_server({});
    RawClient(server->port()).ask(get("/"));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // for the client
    REQUIRE(socket >= 0);
    rlimit none = before;
    none.rlim_cur = 0;  // no new descriptor for anybody in this process
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
    const std::string request = get("/", "Connection: close\r\n");
    ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    const std::clock_t cpu_before = std::clock();
    const timeval patience{0, 400'000};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::array<char, 12> answer{};
    const auto during = ::recv(socket, answer.data(), answer.size(), MSG_WAITALL);
    const double cpu_s = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(connected == 0);
    CHECK(during < 0);
    CHECK(cpu_s < 0.1);
    const timeval longer{5, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longer, sizeof longer);
    CHECK(::recv(socket, answer.data(), answer.size(), MSG_WAITALL) > 0);
    CHECK(std::string_view(answer.data(), answer.size()) == "HTTP/1.1 200");
    ::close(socket);
}

TEST_CASE("start names what is wrong") {
    http::ServerOptions options;
    SECTION("address") {
        options.address = "localhost";
        const auto server = http::HttpServer::start(options, echo);
        REQUIRE_FALSE(server);
        CHECK(server.error().code == ErrorCode::configuration);
        CHECK(server.error().text == "listen address localhost port 0: not a numeric IP address");
    }
    SECTION("port in use") {
        const auto first = start_server({});
        options.port = first->port();
        const auto second = http::HttpServer::start(options, echo);
        REQUIRE_FALSE(second);
        CHECK(second.error().code == ErrorCode::unavailable);
        CHECK(second.error().text.find(std::to_string(first->port())) != std::string::npos);
    }
    SECTION("address of another machine") {
        options.address = "192.0.2.1";
        const auto server = http::HttpServer::start(options, echo);
        REQUIRE_FALSE(server);
        CHECK(server.error().code == ErrorCode::configuration);
    }
    SECTION("no handler, threads or room") {
        CHECK_FALSE(http::HttpServer::start(options, nullptr));
        options.worker_threads = 0;
        CHECK_FALSE(http::HttpServer::start(options, echo));
        options.worker_threads = 1;
        options.limits.connections = 0;
        CHECK_FALSE(http::HttpServer::start(options, echo));
    }
}

}  // namespace ndes::test
