// ScriptedTlsServer: a TLS server that does exactly what a test's script says, right or wrong.
// For what a correct server never does; tests of correct answers use common/http_server.
// A thread per connection; every read ends after 10 seconds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/crypto/openssl_ptr.h"

namespace ndes::test {

// One accepted connection, as a script sees it.
class ScriptedConnection {
  public:
    ScriptedConnection(int socket, SSL_CTX* tls, int number);
    ~ScriptedConnection();
    ScriptedConnection(const ScriptedConnection&) = delete;
    ScriptedConnection& operator=(const ScriptedConnection&) = delete;

    // How many connections came before.
    int number() const { return number_; }
    bool handshake();
    // Header fields and body (by Content-Length) of the next request; nothing at the end.
    std::optional<std::string> read_request();
    bool send(std::string_view octets);
    // Until the client closes.
    void wait_for_end();
    // SHA-1 of the client's certificate, hex; empty without one.
    std::string client_thumbprint() const;
    void stop();  // from another thread

  private:
    bool read_more();

    int socket_;
    const int number_;
    std::unique_ptr<SSL, OpensslFree<::SSL_free>> ssl_;
    std::string buffer_;
};

class ScriptedTlsServer {
  public:
    using Script = std::function<void(ScriptedConnection&)>;

    // Listens on 127.0.0.1; the script runs for each connection, before any handshake.
    ScriptedTlsServer(std::shared_ptr<SSL_CTX> tls, Script script);
    ~ScriptedTlsServer();
    ScriptedTlsServer(const ScriptedTlsServer&) = delete;
    ScriptedTlsServer& operator=(const ScriptedTlsServer&) = delete;

    std::uint16_t port() const { return port_; }
    int connections() const { return accepted_; }

  private:
    void accept_all();

    std::shared_ptr<SSL_CTX> tls_;
    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;  // guards what follows
    std::vector<std::shared_ptr<ScriptedConnection>> connections_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

// The handshake, then `answer(request)` for each request until the client or the answer ends it
// (an empty answer closes).
ScriptedTlsServer::Script answering(
    std::function<std::string(ScriptedConnection&, const std::string& request)> answer);

// "HTTP/1.1 STATUS …", Content-Type and Content-Length, body.
std::string http_answer(int status, std::string_view content_type, std::string_view body);

// The value of a header field of a request as received; empty if absent.
std::string header_of(const std::string& request, const std::string& name);

}  // namespace ndes::test
