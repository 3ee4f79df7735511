// HttpConnection: a blocking keep-alive HTTP/1.1 client connection to loopback, plain or TLS, for
// load and fault tests. Reconnects by itself; every wait has a limit. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace ndes::load {

struct HttpTarget {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
    bool tls = false;
};

// "http://127.0.0.1:8080/certsrv/mscep/mscep.dll", or https, → its parts; nothing when it is not of
// that form.
std::optional<HttpTarget> parse_target(std::string_view url);

struct HttpReply {
    int status = 0;  // 0: no reply (connection refused, cut or timed out)
    std::string body;
};

class HttpConnection {
  public:
    // `tls`: for an https target; outlives this.
    HttpConnection(HttpTarget target, std::chrono::milliseconds timeout, SSL_CTX* tls = nullptr);
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;
    ~HttpConnection();

    HttpReply get(std::string_view query);
    HttpReply post(std::string_view query, std::string_view body);
    // A POST to a path of its own, with JSON.
    HttpReply post_json(std::string_view path, std::string_view body);

  private:
    HttpReply exchange(const std::string& request);
    bool connect();
    bool start_tls();
    void close();
    bool send_all(std::string_view text);
    HttpReply read_reply();
    std::optional<std::string> take(std::size_t count);
    std::optional<std::string> take_chunks();
    bool fill();

    HttpTarget target_;
    std::chrono::milliseconds timeout_;
    SSL_CTX* tls_;
    int socket_ = -1;
    SSL* ssl_ = nullptr;
    std::string buffer_;
};

}  // namespace ndes::load
