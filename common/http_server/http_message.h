// Request, Peer, Response: what a handler sees of HTTP. Plain values; no Boost, TLS or JSON type.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/tls/client_certificate.h"

namespace ndes::http {

struct Request {
    std::string method;  // upper case: "GET", "POST", "HEAD", "PUT", "DELETE"
    std::string target;  // as received: path and query, not decoded; begins with '/'
    std::string path;    // percent-decoded; a malformed escape never reaches a handler
    std::string query;   // after the first '?', not decoded
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    // The header's value, or "" if absent. `name` in lower case. A name that occurs twice has
    // been refused before (Host, Content-Length, Transfer-Encoding) or joined by ", ".
    std::string_view header(std::string_view name) const;
};

// Who is at the other end of the connection.
struct Peer {
    std::string address;  // numeric
    std::uint16_t port = 0;
    std::string tls;  // version and suite, "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS
    // The verified client certificate; absent without TLS, without one, or with one that failed.
    std::shared_ptr<const Certificate> certificate;
    // What was presented with it, for whoever verifies it again; may be null.
    std::shared_ptr<const std::vector<Certificate>> certificate_chain;
    // Why a presented certificate does not count ("certificate has expired"); empty otherwise.
    std::string certificate_error;
    std::string spki_sha256;  // hex, of a certificate that was presented, whether it counts or not
    ClientFault certificate_fault = ClientFault::none;  // which kind of why
};

// Connection, Content-Length, Transfer-Encoding, Date and Server are the transport's own and are
// ignored among `headers`. A value with a control character makes the answer an empty 500.
struct Response {
    int status = 200;          // 200 to 599
    std::string content_type;  // empty: no Content-Type header
    std::string body;          // not sent in answer to HEAD, nor with 204 and 304
    std::vector<std::pair<std::string, std::string>> headers;
};

// Called on a worker thread, from many at once. A throw becomes 500 with an empty body.
using Handler = std::function<Response(const Request&, const Peer&)>;

}  // namespace ndes::http
