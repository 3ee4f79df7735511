// HttpClient: a small strict HTTP/1.1 client on Boost.Beast for calls to receivers that an operator
// names but does not control: every answer is bounded in size and time, and none can end the
// process. Follows no redirect, uses no proxy, keeps no cookie, sends a request again only when a
// kept connection turns out to be closed before any octet of an answer.
// One call at a time per object: for parallel calls use several. Boost is seen only in the .cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes::http {

// "https://host:port/path?query" in parts.
struct Url {
    bool https = true;
    std::string host;  // name or numeric address; IPv6 without brackets
    std::uint16_t port = 443;
    std::string target = "/";  // path and query, as given
    bool is_loopback() const;  // 127.0.0.0/8, ::1 or "localhost"
};

// bad_request: another scheme, user information, a fragment, white space, no host, a wrong port.
Result<Url> parse_url(std::string_view text);

struct ClientOptions {
    Url url;
    std::shared_ptr<SSL_CTX> tls;  // see build_client_context; needed exactly when url.https
    std::chrono::milliseconds deadline{10'000};  // whole call: name look-up to last octet
    std::size_t header_octets = 16UL * 1024;     // of the answer; over: unavailable
    std::size_t body_octets = 64UL * 1024;       // likewise
};

using ClientHeaders = std::vector<std::pair<std::string, std::string>>;

struct ClientResponse {
    int status = 0;
    ClientHeaders headers;  // names in lower case
    std::string body;
    std::string_view header(std::string_view name) const;  // "" if absent; `name` in lower case
};

class HttpClient {
  public:
    explicit HttpClient(ClientOptions options);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // The complete answer, whatever its status. timeout: the deadline passed. unavailable: not
    // reached, not trusted, closed, or no sound HTTP answer; `text` says which.
    Result<ClientResponse> post(const ClientHeaders& headers, std::string_view body);

  private:
    class Session;
    std::unique_ptr<Session> session_;
};

}  // namespace ndes::http
