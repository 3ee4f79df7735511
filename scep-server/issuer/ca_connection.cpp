#include "scep-server/issuer/ca_connection.h"

#include <utility>

namespace ndes::scep {
namespace {

constexpr std::size_t kMostWords = 200;

}  // namespace

Result<std::unique_ptr<CaConnection>> CaConnection::open(CaConnectionOptions options) {
    while (options.url.ends_with('/'))
        options.url.pop_back();
    auto url = http::parse_url(options.url);
    if (!url) return fail(ErrorCode::configuration, "issuer.url: " + url.error().text);
    if (!url->https && !url->is_loopback())
        return fail(ErrorCode::configuration,
                    "issuer.url: plain http is for a CA on this machine alone");
    if (url->https && options.tls.server_ca.empty())
        return fail(ErrorCode::configuration, "issuer.server_ca_file is required with https");
    std::unique_ptr<CaConnection> connection(new CaConnection(std::move(options), std::move(*url)));
    if (auto loaded = connection->reload(); !loaded) return pass_on(loaded);
    return connection;
}

Result<void> CaConnection::reload() {
    if (!url_.https) return {};
    auto tls = build_client_context(options_.tls);
    if (!tls) return pass_on(tls, "issuer");
    const std::lock_guard lock(mutex_);
    tls_ = std::move(*tls);
    return {};
}

Result<http::ClientResponse> CaConnection::post(std::string_view path,
                                                const http::ClientHeaders& headers,
                                                std::string_view body) const {
    http::ClientOptions options;
    options.url = url_;
    if (options.url.target == "/") options.url.target.clear();
    options.url.target += path;
    options.deadline = options_.deadline;
    {
        const std::lock_guard lock(mutex_);
        options.tls = tls_;
    }
    return http::HttpClient(std::move(options)).post(headers, body);
}

std::string first_words(std::string_view text) {
    return std::string(text.substr(0, std::min(text.find_first_of("\r\n"), kMostWords)));
}

}  // namespace ndes::scep
