// CaConnection: HTTP(S) calls to a CA that is asked over the network.
// Knows no CA's protocol. Any thread; a connection for each call, so that none is sent twice.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/http_client/http_client.h"
#include "common/tls/tls_context.h"

namespace ndes::scep {

struct CaConnectionOptions {
    std::string url;                             // of the service; `path` of a call is put after it
    TlsClientFiles tls;                          // server_ca is needed exactly with https
    std::chrono::milliseconds deadline{20'000};  // of a whole call
};

class CaConnection {
  public:
    // configuration, naming the setting or file; plain http only to loopback.
    static Result<std::unique_ptr<CaConnection>> open(CaConnectionOptions options);

    // See HttpClient::post.
    Result<http::ClientResponse> post(std::string_view path, const http::ClientHeaders& headers,
                                      std::string_view body) const;

    // Takes the files anew; those in use stay when one is wrong (configuration).
    Result<void> reload();

  private:
    CaConnection(CaConnectionOptions options, http::Url url)
        : options_(std::move(options)), url_(std::move(url)) {}

    const CaConnectionOptions options_;
    const http::Url url_;
    mutable std::mutex mutex_;  // guards tls_
    std::shared_ptr<SSL_CTX> tls_;
};

// Text of a CA for a log: its first line, at most 200 octets.
std::string first_words(std::string_view text);

}  // namespace ndes::scep
