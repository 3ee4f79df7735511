// The client against right, wrong and hostile receivers. None may take longer than the deadline,
// and none may end the process.
#include "common/http_client/http_client.h"

#include <atomic>
#include <chrono>
#include <csignal>

#include "tests/catch.h"
#include "tests/support/scripted_tls_server.h"
#include "tests/unit/http_server/test_server.h"

using namespace std::chrono_literals;
using namespace ndes;
using namespace ndes::test;
using ndes::http::ClientOptions;
using ndes::http::ClientResponse;
using ndes::http::HttpClient;

namespace {

ClientOptions options_for(std::uint16_t port, std::chrono::milliseconds deadline = 5s) {
    ClientOptions options;
    options.url =
        http::parse_url("https://127.0.0.1:" + std::to_string(port) + "/hook?a=b").value();
    options.tls = tls_fixture().client_context;
    options.deadline = deadline;
    return options;
}

// One POST to a receiver that sends `answer` and closes.
Result<ClientResponse> post_to(const std::string& answer, std::chrono::milliseconds deadline = 5s) {
    ScriptedTlsServer server(tls_fixture().server_context, [&](ScriptedConnection& connection) {
        if (!connection.handshake() || !connection.read_request()) return;
        connection.send(answer);
    });
    HttpClient client(options_for(server.port(), deadline));
    return client.post({{"Content-Type", "text/plain"}}, "body");
}

}  // namespace

TEST_CASE("posts over one kept connection and reads the whole answer") {
    auto server = start_tls_server();
    HttpClient client(options_for(server->port()));
    for (int i = 0; i < 3; ++i) {
        const auto response = client.post({{"Content-Type", "text/plain"}}, "hello");
        REQUIRE(response);
        CHECK(response->status == 200);
        CHECK(response->body.find("POST /hook?a=b [hello]") != std::string::npos);
    }
    CHECK(server->counters().connections_accepted == 1);
}

TEST_CASE("a kept connection that was closed is replaced, and the call made once more") {
    std::atomic<int> requests{0};
    ScriptedTlsServer server(tls_fixture().server_context, [&](ScriptedConnection& connection) {
        if (!connection.handshake() || !connection.read_request()) return;
        ++requests;
        connection.send(http_answer(204, "", ""));  // and closes
    });
    HttpClient client(options_for(server.port()));
    for (int i = 0; i < 3; ++i)
        CHECK(client.post({}, "x"));
    CHECK(requests == 3);
    CHECK(server.connections() == 3);
}

TEST_CASE("interim answers before the final one are skipped, but not for ever") {
    const std::string early =
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const auto response = post_to(early + http_answer(200, "", "done"));
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "done");
    CHECK(response->header("link").empty());

    std::string flood;
    for (int i = 0; i < 100; ++i)
        flood += early;
    CHECK_FALSE(post_to(flood + http_answer(200, "", "done")));
    CHECK_FALSE(post_to("HTTP/1.1 101 Switching Protocols\r\n\r\n" + http_answer(200, "", "x")));
}

TEST_CASE("a redirect is an answer like any other") {
    const auto response = post_to(
        "HTTP/1.1 307 Moved\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(response);
    CHECK(response->status == 307);
}

TEST_CASE("hostile and broken answers are errors in bounded time") {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const std::vector<std::string> answers = {
        "",
        "\r\n\r\n",
        "nonsense\r\n\r\n",
        "HTTP/1.1 99999 X\r\n\r\n",
        head + "Content-Length: 10\r\n\r\nhalf",
        head + "Content-Length: -1\r\n\r\n",
        head + "Content-Length: 99999999999999999999\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n-2\r\nx",
        head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        head + "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        head + "Content-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'),
        head + "Transfer-Encoding: chunked\r\n\r\nF4240\r\n" + std::string(1'000'000, 'x') +
            "\r\n0\r\n\r\n",
        head + "\r\n" + std::string(1'000'000, 'x'),
        head + "X: " + std::string(1'000'000, 'y') + "\r\n\r\n",
        head + std::string("X: a\0b", 6) + "\r\nContent-Length: 0\r\n\r\n",
    };
    for (const std::string& answer : answers) {
        CAPTURE(answer.substr(0, 80));
        const auto response = post_to(answer);
        REQUIRE_FALSE(response);
        CHECK(response.error().code == ErrorCode::unavailable);
    }
}

TEST_CASE("the deadline holds for the whole call") {
    const auto takes = [](ScriptedTlsServer::Script script) {
        ScriptedTlsServer server(tls_fixture().server_context, std::move(script));
        HttpClient client(options_for(server.port(), 300ms));
        const auto start = std::chrono::steady_clock::now();
        const auto response = client.post({}, "x");
        REQUIRE_FALSE(response);
        CHECK(response.error().code == ErrorCode::timeout);
        CHECK(std::chrono::steady_clock::now() - start < 5s);
    };
    takes([](ScriptedConnection& connection) { connection.wait_for_end(); });  // no handshake
    takes([](ScriptedConnection& connection) {
        connection.handshake();
        connection.wait_for_end();
    });
    takes([](ScriptedConnection& connection) {  // one octet at a time, for ever
        connection.handshake();
        connection.send("HTTP/1.1 200 OK\r\nX: ");
        while (connection.send("y"))
            std::this_thread::sleep_for(20ms);
    });
}

TEST_CASE("an address where nobody listens, and a name that does not exist, are unavailable") {
    auto server = start_tls_server();
    const std::uint16_t port = server->port();
    server->stop(0ms);
    HttpClient client(options_for(port));
    const auto refused = client.post({}, "x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(refused.error().text.find("connecting to 127.0.0.1") != std::string::npos);
}

TEST_CASE("only the own trust list and the name in the certificate count") {
    TemporaryFolder folder;
    TestCa other(folder, "Another CA");
    auto server = start_tls_server();
    ClientOptions options = options_for(server->port());
    options.tls = build_client_context({{}, {}, other.certificate_file()}).value();
    CHECK_FALSE(HttpClient(options).post({}, "x"));

    LeafProfile profile;
    profile.common_name = "127.0.0.1";
    profile.subject_alt_name = "DNS:elsewhere.example.org";
    profile.extended_key_usage = "serverAuth";
    const Identity identity = tls_fixture().ca.issue(profile);
    auto wrong_name = build_server_context({identity.certificate_file, identity.key_file, {}, {}});
    REQUIRE(wrong_name);
    server->replace_tls(*wrong_name);
    const auto response = HttpClient(options_for(server->port())).post({}, "x");
    REQUIRE_FALSE(response);
    CHECK(response.error().text.find("TLS handshake") != std::string::npos);
}

// A client library that throws on a thread of its own for this ends its program.
TEST_CASE("a receiver that answers a chunk size of -2 is an error and no more") {
    ScriptedTlsServer server(tls_fixture().server_context, [](ScriptedConnection& connection) {
        if (!connection.handshake() || !connection.read_request()) return;
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n");
        connection.wait_for_end();
    });
    HttpClient client(options_for(server.port()));
    const auto response = client.post({}, "x");
    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::unavailable);
}
