// stop(): what was read is answered, the rest ends, nothing crashes, also under load.
#include <atomic>

#include "tests/catch.h"
#include "tests/unit/http_server/raw_client.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SSL_CTX* tls() { return tls_fixture().client_context.get(); }

}  // namespace

TEST_CASE("stop answers the request under way and closes the rest") {
    Gate gate;
    const auto server =
        start_tls_server({}, [&](const http::Request& request, const http::Peer& peer) {
            if (request.path == "/slow") gate.pass();
            return echo(request, peer);
        });
    RawClient idle(server->port(), tls());
    REQUIRE(idle.ask(get("/")).status == 200);
    RawClient handshaking(server->port());
    RawClient partial(server->port(), tls());
    REQUIRE(partial.send("GET / HT"));
    RawClient busy(server->port(), tls());
    REQUIRE(busy.send(get("/slow")));
    REQUIRE(gate.wait_for(1));
    std::thread stopper([&] { server->stop(seconds(10)); });
    CHECK(idle.is_closed_within(seconds(5)));
    CHECK(handshaking.is_closed_within(seconds(5)));
    CHECK(partial.is_closed_within(seconds(5)));
    gate.open();
    const auto answer = busy.receive();
    CHECK(answer.status == 200);
    CHECK(answer.headers.at("connection") == "close");
    busy.is_closed_within(seconds(5));
    busy.reset();
    stopper.join();
    CHECK_FALSE(RawClient(server->port()).ok());
    CHECK(server->counters().connections_open == 0);
}

TEST_CASE("stop of a quiet server takes no time") {
    const auto server = start_tls_server();
    RawClient idle(server->port(), tls());
    REQUIRE(idle.ask(get("/")).status == 200);
    const auto begin = std::chrono::steady_clock::now();
    server->stop(seconds(10));
    CHECK(std::chrono::steady_clock::now() - begin < seconds(1));
    server->stop(seconds(10));  // a second one finds nothing to do
}

TEST_CASE("after the grace stop waits for the handler alone") {
    Gate gate;
    std::atomic<bool> stopped{false};
    const auto server =
        start_tls_server({}, [&](const http::Request& request, const http::Peer& peer) {
            gate.pass();
            return echo(request, peer);
        });
    RawClient busy(server->port(), tls());
    REQUIRE(busy.send(get("/")));
    REQUIRE(gate.wait_for(1));
    std::thread stopper([&] {
        server->stop(milliseconds(50));
        stopped = true;
    });
    CHECK(busy.is_closed_within(seconds(5)));
    CHECK_FALSE(stopped);
    gate.open();
    stopper.join();
}

TEST_CASE("stop under load, 25 times") {
    std::atomic<std::uint64_t> answered{0};
    for (int round = 0; round < 25; ++round) {
        auto server =
            start_tls_server([](http::ServerOptions& options) { options.io_threads = 2; });
        std::atomic<bool> end{false};
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i) {
            clients.emplace_back([&, i, port = server->port()] {
                while (!end) {
                    RawClient client(port, i % 2 == 0 ? tls() : nullptr);
                    const int requests = i == 1 ? 0 : 20;  // one client only opens and closes
                    for (int n = 0; n < requests && !end; ++n) {
                        if (client.ask(post("/load", "some body")).status != 200) break;
                        ++answered;
                    }
                }
            });
        }
        const auto goal = answered + 20;
        CHECK(eventually([&] { return answered >= goal; }));
        if (round % 3 == 0) {
            server.reset();  // as stop without grace
        } else {
            server->stop(milliseconds(round % 3 == 1 ? 0 : 500));
        }
        end = true;
        for (auto& client : clients)
            client.join();
    }
}

TEST_CASE("TLS settings are replaced under load without a failed connection") {
    const auto server = start_tls_server();
    auto& pki = tls_fixture();
    std::atomic<bool> end{false};
    std::atomic<int> failed{0};
    std::atomic<int> answered{0};
    std::thread client([&] {
        while (!end)
            ++(RawClient(server->port(), tls()).ask(get("/")).status == 200 ? answered : failed);
    });
    for (int i = 0; i < 20; ++i) {
        const auto next = build_server_context({pki.server.certificate_file, pki.server.key_file,
                                                pki.ca.certificate_file(), "", true});
        REQUIRE(next);
        server->replace_tls(*next);
    }
    CHECK(eventually([&] { return answered >= 20; }));
    end = true;
    client.join();
    CHECK(failed == 0);
}

}  // namespace ndes::test
