// What the transport's tests share: a PKI, contexts, and a server that tells what it was asked.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/http_server/http_server.h"
#include "common/tls/tls_context.h"
#include "tests/support/test_pki.h"

namespace ndes::test {

// Made once per test program: key generation is the slow part.
struct TlsFixture {
    TlsFixture();
    TemporaryFolder folder;
    TestCa ca;
    Identity server;
    Identity client;
    std::shared_ptr<SSL_CTX> server_context;     // asks for a client certificate
    std::shared_ptr<SSL_CTX> client_context;     // presents `client`
    std::shared_ptr<SSL_CTX> anonymous_context;  // presents none
};
TlsFixture& tls_fixture();

// A client context that presents `identity` and trusts `fixture`'s CA.
std::shared_ptr<SSL_CTX> client_context_of(const Identity& identity);

// Answers 200 with a text that shows what arrived: "METHOD path?query [body]".
http::Response echo(const http::Request& request, const http::Peer& peer);

// Starts or throws.
std::unique_ptr<http::HttpServer> start_server(http::ServerOptions options,
                                               http::Handler handler = echo);
// With TLS on; `change` may set limits.
std::unique_ptr<http::HttpServer> start_tls_server(
    const std::function<void(http::ServerOptions&)>& change = {}, http::Handler handler = echo);

// A door that handlers wait at, so that a test decides how long they take.
class Gate {
  public:
    ~Gate() { open(); }
    void open();
    // Waits until open() or for ten seconds.
    void pass();
    // Waits until `count` handlers have come to the gate; false after ten seconds.
    bool wait_for(int count);

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
    int arrived_ = 0;
};

// Looks at `condition` until it holds; false after ten seconds.
bool eventually(const std::function<bool()>& condition);

// Open descriptors of this process.
std::size_t open_descriptors();

}  // namespace ndes::test
