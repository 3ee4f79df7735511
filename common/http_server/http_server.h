// HttpServer: the product's one HTTP/1.1 transport, on Boost.Beast. TLS, peer certificate, limits,
// deadlines, connection caps, bounded worker pool, drain.
// Knows no path, role or format: a handler decides. Boost is seen only in the .cpp files.
// start, stop and replace_tls may be called from any thread except from inside a handler (stop
// waits for those); the handler runs on the workers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "common/http_server/http_message.h"

namespace ndes::http {

struct ServerLimits {
    std::size_t target_octets = 64UL * 1024;  // request target; over: 414
    std::size_t header_octets = 16UL * 1024;  // all header fields; over: 431
    std::size_t body_octets = 128UL * 1024;   // over: 413, read no further
    // Over: the one that has been waiting longest for its client's octets is closed for the new
    // one; when none waits, the new one at once.
    std::size_t connections = 1024;
    std::size_t connections_per_address = 256;  // IPv6: per /64 network; over: closed at once
    std::size_t queued_requests = 256;          // waiting for a worker; over: 503 + Retry-After
    // What requests on all connections together may hold in memory beyond 24 KiB each, from their
    // first octet to their answer; over: 503 + Retry-After and the end of the connection.
    std::size_t large_request_octets = 12UL * 1024 * 1024;
    std::chrono::milliseconds handshake_timeout{10'000};
    // First octet of a request to its last; on a new connection also until the first octet.
    std::chrono::milliseconds request_timeout{10'000};
    std::chrono::milliseconds idle_timeout{75'000};  // between requests; above a client's pool
    std::chrono::milliseconds write_timeout{10'000};
    std::chrono::milliseconds handler_timeout{30'000};  // answer `overdue` and close when passed
};

// Shapes an answer with which the transport refuses a request that the handler never sees (400,
// 405, 408, 413, 414, 417, 431, 501, 505) and learns of it. `plain`: what is answered otherwise;
// its status counts. `request`: empty unless the whole head could be read; then its body is not
// complete. Called as a handler is; a throw leaves an empty body. Not called when no worker is
// free.
using Refusal =
    std::function<Response(const Response& plain, const Request& request, const Peer& peer)>;

struct ServerOptions {
    std::string address = "127.0.0.1";  // numeric IPv4 or IPv6
    std::uint16_t port = 0;             // 0: the system chooses, see port()
    std::shared_ptr<SSL_CTX> tls;       // null: plain HTTP
    std::size_t io_threads = 1;
    std::size_t worker_threads = 4;
    ServerLimits limits;
    std::string server_name;  // value of the Server header; empty: none
    Refusal refusal = {};     // none: a line of plain text
    // For whoever waits for a handler past its limit.
    Response overdue{504, "text/plain", "Gateway Timeout\n", {}};
};

// Counters since start, for metrics and health. Consistent each, not together.
struct ServerCounters {
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused_malformed = 0;  // 4xx, 501 and 505 made by the transport itself
    std::uint64_t refused_busy = 0;       // 503 made by the transport itself
    std::uint64_t handshakes_failed = 0;
};

class HttpServer {
  public:
    // Binds and listens before it returns. configuration or unavailable, naming address and port.
    static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Handler handler);

    virtual ~HttpServer() = default;  // as stop() with no grace
    virtual std::uint16_t port() const = 0;

    // Connections accepted from now on use `tls` (never null); open ones go on with theirs.
    // Ignored by a server that was started without TLS.
    virtual void replace_tls(std::shared_ptr<SSL_CTX> tls) = 0;

    // Accepts no more, answers what has been read completely, closes the rest; returns when all
    // threads have ended, at the latest after `grace` plus the longest running handler.
    virtual void stop(std::chrono::milliseconds grace) = 0;

    virtual ServerCounters counters() const = 0;
};

}  // namespace ndes::http
