// The probes that broke another server (header and body sizes, chunked coding, smuggling,
// pipelining, …), each sent as raw octets over TLS.
#include "tests/catch.h"
#include "tests/unit/http_server/raw_client.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

struct Probe {
    const char* name;
    std::string octets;
    int status;
    std::string body = {};  // looked at for 200 only
};

std::string chunked(const std::string& coded) {
    return "POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + coded;
}

std::string with_length(const std::string& value, const std::string& rest = "hello") {
    return "POST /l HTTP/1.1\r\nHost: t\r\nContent-Length: " + value + "\r\n\r\n" + rest;
}

std::string many_headers(int count) {
    std::string headers;
    for (int i = 0; i < count; ++i)
        headers += "x-" + std::to_string(i) + ": v\r\n";
    return get("/", headers);
}

const std::string kNul(1, '\0');

const std::vector<Probe> kFramingProbes = {
    {"chunk size -1", chunked("-1\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size -2", chunked("-2\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size 7fffffff", chunked("7fffffff\r\nhello"), 413},
    {"chunk size ffffffff", chunked("ffffffff\r\nhello"), 413},
    {"chunk size ffffffffffffffff", chunked("ffffffffffffffff\r\nhello"), 413},
    {"chunk size over 64 bits", chunked("fffffffffffffffff1\r\nhello"), 413},
    {"chunk size is no number", chunked("xyz\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size empty", chunked("\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk longer than its size", chunked("3\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk line ends in bare LF", chunked("5\nhello\r\n0\r\n\r\n"), 400},
    {"bare LF in chunk extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
    {"chunk extension", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), 200, "POST /c? [hello]"},
    {"two chunks", chunked("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"), 200, "POST /c? [hello]"},
    {"trailer", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), 200, "POST /c? [hello]"},
    {"empty chunked body", chunked("0\r\n\r\n"), 200, "POST /c? []"},
    {"length is no number", with_length("abc"), 400},
    {"length with parameter", with_length("5;x"), 400},
    {"length negative", with_length("-1"), 400},
    {"length with sign", with_length("+5"), 400},
    {"length empty", with_length(""), 400},
    {"length over 64 bits", with_length("99999999999999999999"), 400},
    {"length list", with_length("5, 5"), 400},
    {"length over the limit", with_length("131073", ""), 413},
    {"length twice", with_length("5\r\nContent-Length: 5"), 400},
    {"length twice, different", with_length("5\r\nContent-Length: 4"), 400},
    {"length, then chunked", with_length("5\r\nTransfer-Encoding: chunked"), 400},
    {"chunked, then length",
     chunked("").substr(0, chunked("").size() - 2) + "Content-Length: 5\r\n\r\n0\r\n\r\n", 400},
    {"coding xchunked", "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n", 400},
    {"coding chunked, gzip",
     "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400},
    {"coding gzip, chunked",
     "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"coding twice",
     "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"coding in 1.0", "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
};

const std::vector<Probe> kHeadProbes = {
    {"HTTP/9.9", "GET / HTTP/9.9\r\nHost: t\r\n\r\n", 505},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505},
    {"no version", "GET /\r\nHost: t\r\n\r\n", 400},
    {"other protocol", "GET / HTTQ/1.1\r\nHost: t\r\n\r\n", 400},
    {"no target", "GET HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"folded header", get("/", "X: a\r\n b\r\n"), 400},
    {"folded after Host", "GET / HTTP/1.1\r\n Host: t\r\n\r\n", 400},
    {"NUL in value", get("/", "X: a" + kNul + "b\r\n"), 400},
    {"NUL in target", "GET /a" + kNul + " HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"NUL in name", get("/", "X" + kNul + ": b\r\n"), 400},
    {"bare LF", "GET / HTTP/1.1\nHost: t\n\n", 400},
    {"bare LF in header", get("/", "X: a\nY: b\r\n"), 400},
    {"bare CR in header", get("/", "X: a\rY: b\r\n"), 400},
    {"space before colon", get("/", "X : a\r\n"), 400},
    {"tab before colon", get("/", "X\t: a\r\n"), 400},
    {"header without colon", get("/", "X\r\n"), 400},
    {"header without name", get("/", ": a\r\n"), 400},
    {"header name with parenthesis", get("/", "X(y): a\r\n"), 400},
    {"header of 17 KiB", get("/", "X: " + std::string(17 * 1024, 'x') + "\r\n"), 431},
    {"header of 15 KiB", get("/", "X: " + std::string(15 * 1024, 'x') + "\r\n"), 200, "GET /? []"},
    {"5000 headers", many_headers(5000), 431},
    {"101 headers", many_headers(101), 431},
    {"99 headers", many_headers(99), 200, "GET /? []"},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"Host twice", "GET / HTTP/1.1\r\nHost: t\r\nHost: t\r\n\r\n", 400},
    {"Host with path", "GET / HTTP/1.1\r\nHost: t/x\r\n\r\n", 400},
    {"Host with user", "GET / HTTP/1.1\r\nHost: a@t\r\n\r\n", 400},
    {"no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 200, "GET /? []"},
    {"empty line before the request", "\r\n" + get("/"), 200, "GET /? []"},
};

const std::vector<Probe> kMethodAndTargetProbes = {
    {"TRACE", "TRACE / HTTP/1.1\r\nHost: t\r\nX-Secret: s\r\n\r\n", 405},
    {"CONNECT", "CONNECT t:443 HTTP/1.1\r\nHost: t\r\n\r\n", 405},
    {"OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n", 405},
    {"PATCH", "PATCH / HTTP/1.1\r\nHost: t\r\n\r\n", 405},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: t\r\n\r\n", 501},
    {"method in lower case", "get / HTTP/1.1\r\nHost: t\r\n\r\n", 501},
    {"PUT", "PUT /p HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx", 200, "PUT /p? [x]"},
    {"DELETE", "DELETE /p HTTP/1.1\r\nHost: t\r\n\r\n", 200, "DELETE /p? []"},
    {"absolute form", "GET http://other/a?b=c HTTP/1.1\r\nHost: t\r\n\r\n", 200, "GET /a?b=c []"},
    {"absolute form without path", "GET HTTPS://other HTTP/1.1\r\nHost: t\r\n\r\n", 200,
     "GET /? []"},
    {"absolute form of another scheme", "GET ftp://other/a HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"absolute form with user", "GET http://u@other/a HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"asterisk form", "GET * HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"target without slash", "GET a HTTP/1.1\r\nHost: t\r\n\r\n", 400},
    {"fragment", get("/a#b"), 400},
    {"octet over 127 in target", get("/a\xC3\xA4"), 400},
    {"escape cut short", get("/a%2"), 400},
    {"escape that is no number", get("/a%zz"), 400},
    {"escape of NUL", get("/a%00b"), 400},
    {"escape in path", get("/a%20b%2Fc"), 200, "GET /a b/c? []"},
    {"escape in query stays", get("/a?m=%41%zz"), 200, "GET /a?m=%41%zz []"},
    {"target of 64 KiB", get("/" + std::string(64 * 1024 - 1, 'a')), 200,
     "GET /" + std::string(64 * 1024 - 1, 'a') + "? []"},
    {"target of 64 KiB and one", get("/" + std::string(64 * 1024, 'a')), 414},
    {"target without end", "GET /" + std::string(80 * 1024, 'a'), 414},
};

// Asks over a new connection; every refusal must end it and keep the server whole.
void check(const http::HttpServer& server, SSL_CTX* tls, const Probe& probe) {
    INFO(probe.name);
    RawClient client(server.port(), tls);
    REQUIRE(client.ok());
    const auto response = client.ask(probe.octets);
    CHECK(response.status == probe.status);
    if (probe.status == 200) {
        CHECK(response.body == probe.body);
        return;
    }
    CHECK(response.headers.at("connection") == "close");
    CHECK(response.body.size() < 64);
    CHECK(client.is_closed_within(std::chrono::seconds(5)));
}

void check_all(const std::vector<Probe>& probes) {
    const auto server = start_tls_server();
    for (const auto& probe : probes)
        check(*server, tls_fixture().client_context.get(), probe);
    RawClient client(server->port(), tls_fixture().client_context.get());
    CHECK(client.ask(get("/still-here")).body == "GET /still-here? []");
}

}  // namespace

TEST_CASE("framing probes over TLS") { check_all(kFramingProbes); }
TEST_CASE("head probes over TLS") { check_all(kHeadProbes); }
TEST_CASE("method and target probes over TLS") { check_all(kMethodAndTargetProbes); }

TEST_CASE("the probes over plain HTTP") {
    const auto server = start_server({});
    for (const auto* probes : {&kFramingProbes, &kHeadProbes, &kMethodAndTargetProbes}) {
        for (const auto& probe : *probes)
            check(*server, nullptr, probe);
    }
}

TEST_CASE("refused methods are answered with those that are served") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    const auto response = client.ask("TRACE / HTTP/1.1\r\nHost: t\r\nX-Secret: s3cr3t\r\n\r\n");
    CHECK(response.headers.at("allow") == "GET, HEAD, POST, PUT, DELETE");
    CHECK(response.body.find("s3cr3t") == std::string::npos);
}

TEST_CASE("a garbage length does not make the body a second request") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    CHECK(client.ask("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5;x\r\n\r\n" + get("/smuggled"))
              .status == 400);
    CHECK(client.is_closed_within(std::chrono::seconds(5)));
    CHECK(server->counters().requests == 0);
    CHECK(server->counters().refused_malformed == 1);
}

TEST_CASE("three pipelined requests get three answers in order") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    REQUIRE(client.send(get("/1") + post("/2", "two") + get("/3")));
    CHECK(client.receive().body == "GET /1? []");
    CHECK(client.receive().body == "POST /2? [two]");
    CHECK(client.receive().body == "GET /3? []");
}

TEST_CASE("HEAD is answered with the length and without the body") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    REQUIRE(client.send("HEAD /h HTTP/1.1\r\nHost: t\r\n\r\n" + get("/next")));
    const auto response = client.receive(false);
    CHECK(response.status == 200);
    CHECK(response.headers.at("content-length") == std::to_string(sizeof "HEAD /h? []" - 1));
    CHECK(client.receive().body == "GET /next? []");
}

TEST_CASE("a refusal after a HEAD has its body") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    REQUIRE(client.send("HEAD /h HTTP/1.1\r\nHost: t\r\n\r\nbad\r\n\r\n"));
    CHECK(client.receive(false).status == 200);
    const auto refusal = client.receive();
    CHECK(refusal.status == 400);
    CHECK(refusal.body == "Bad Request\n");
}

TEST_CASE("Expect: 100-continue is answered before the body is sent") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    const std::string head = "POST /e HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\n";
    SECTION("with a length") {
        CHECK(client.ask(head + "Content-Length: 5\r\n\r\n").status == 100);
        CHECK(client.ask("hello").body == "POST /e? [hello]");
        CHECK(client.ask(get("/next")).body == "GET /next? []");
    }
    SECTION("chunked") {
        CHECK(client.ask(head + "Transfer-Encoding: chunked\r\n\r\n").status == 100);
        CHECK(client.ask("5\r\nhello\r\n0\r\n\r\n").body == "POST /e? [hello]");
    }
    SECTION("with the body sent at once") {
        CHECK(client.ask(head + "Content-Length: 5\r\n\r\nhello").status == 100);
        CHECK(client.receive().body == "POST /e? [hello]");
    }
    SECTION("without a body there is nothing to wait for") {
        CHECK(client.ask(head + "Content-Length: 0\r\n\r\n").status == 200);
    }
    SECTION("a body over the limit is refused instead") {
        CHECK(client.ask(head + "Content-Length: 131073\r\n\r\n").status == 413);
    }
    SECTION("another expectation cannot be met") {
        CHECK(client.ask("POST / HTTP/1.1\r\nHost: t\r\nExpect: 200-maybe\r\n\r\n").status == 417);
    }
    SECTION("HTTP/1.0 does not know it") {
        CHECK(client
                  .ask("POST /e HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: "
                       "5\r\n\r\nhello")
                  .status == 200);
    }
}

TEST_CASE("a body over the limit is answered while the client still sends") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    const std::string block(64 * 1024, 'x');
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 524288\r\n\r\n");
    for (int i = 0; i < 8; ++i)
        client.send(block);
    CHECK(client.receive().status == 413);
    CHECK(server->counters().requests == 0);
}

TEST_CASE("a chunked body over the limit is cut at the limit") {
    const auto server =
        start_tls_server([](http::ServerOptions& options) { options.limits.body_octets = 1000; });
    RawClient client(server->port(), tls_fixture().client_context.get());
    const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
    SECTION("at the limit") {
        CHECK(client.ask(chunked(chunk + chunk + "0\r\n\r\n")).status == 200);
    }
    SECTION("over the limit") {
        CHECK(client.ask(chunked(chunk + chunk + "1\r\nx\r\n0\r\n\r\n")).status == 413);
    }
    SECTION("all framing and no body") {
        CHECK(client.ask(chunked("1;" + std::string(30'000, 'x') + "\r\n")).status == 413);
    }
}

TEST_CASE("keep-alive follows the version and the Connection header") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    SECTION("1.1 stays") {
        CHECK(client.ask(get("/a")).headers.count("connection") == 0);
        CHECK(client.ask(get("/b")).status == 200);
    }
    SECTION("1.1 with close ends") {
        CHECK(client.ask(get("/a", "Connection: close\r\n")).headers.at("connection") == "close");
        CHECK(client.is_closed_within(std::chrono::seconds(5)));
    }
    SECTION("1.0 ends") {
        CHECK(client.ask("GET / HTTP/1.0\r\n\r\n").headers.at("connection") == "close");
        CHECK(client.is_closed_within(std::chrono::seconds(5)));
    }
    SECTION("1.0 with keep-alive stays") {
        const std::string request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        CHECK(client.ask(request).headers.at("connection") == "keep-alive");
        CHECK(client.ask(request).status == 200);
    }
}

TEST_CASE("octets that arrive one by one make the same request") {
    const auto server = start_tls_server();
    RawClient client(server->port(), tls_fixture().client_context.get());
    for (const char c : chunked("5;x=y\r\nhello\r\n0\r\nT: t\r\n\r\n") + post("/2", "body")) {
        REQUIRE(client.send({&c, 1}));
    }
    CHECK(client.receive().body == "POST /c? [hello]");
    CHECK(client.receive().body == "POST /2? [body]");
}

TEST_CASE("a client that ends its side still gets its answer") {
    const auto server = start_server({});
    RawClient client(server->port());
    REQUIRE(client.send(get("/half")));
    client.shut_down_output();
    CHECK(client.receive().body == "GET /half? []");
    CHECK(client.is_closed_within(std::chrono::seconds(5)));
}

}  // namespace ndes::test
