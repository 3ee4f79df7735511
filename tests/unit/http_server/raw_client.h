// RawClient: a blocking client that sends exactly the octets it is given, plain or over TLS, and
// reads answers without any tolerance. Every wait ends after five seconds. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/crypto/openssl_ptr.h"

namespace ndes::test {

struct RawResponse {
    int status = 0;                              // 0: nothing usable came
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

class RawClient {
  public:
    // Connects at once; `tls` null: plain. ok() tells whether it worked, handshake included.
    explicit RawClient(std::uint16_t port, SSL_CTX* tls = nullptr,
                       const char* address = "127.0.0.1");
    ~RawClient();
    RawClient(RawClient&&) = delete;

    bool ok() const { return ok_; }
    // False if the server has closed.
    bool send(std::string_view octets);
    // `has_body` false: the answer to a HEAD, whose Content-Length is not followed by a body.
    RawResponse receive(bool has_body = true);
    // send and receive.
    RawResponse ask(std::string_view octets);
    // True if the server ends the connection in the time given, sending nothing more.
    bool is_closed_within(std::chrono::milliseconds time);
    // Ends our side and leaves the other open.
    void shut_down_output();
    // Closes with a TCP reset.
    void reset();
    SSL* ssl() const { return ssl_.get(); }
    int socket() const { return socket_; }

  private:
    // Appends what comes next to `received_`; false at the end or after the time limit.
    bool receive_more();
    void set_timeout(std::chrono::milliseconds time) const;
    // Takes the head off `received_`; its body is still to come.
    bool take_head(RawResponse& response);

    int socket_ = -1;
    std::unique_ptr<SSL, OpensslFree<::SSL_free>> ssl_;
    bool ok_ = false;
    bool at_end_ = false;
    std::string received_;
};

// An HTTP/1.1 GET of `target` with the headers given, each ending in CRLF.
std::string get(std::string_view target, std::string_view headers = "");
std::string post(std::string_view target, std::string_view body);

}  // namespace ndes::test
