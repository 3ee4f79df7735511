#include "tests/unit/http_server/test_server.h"

#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ndes::test {
namespace {

constexpr std::chrono::seconds kPatience{10};

template <class T>
T value_or_throw(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text + ": " + result.error().detail);
    return std::move(*result);
}

LeafProfile profile(const char* name, const char* usage) {
    LeafProfile leaf;
    leaf.common_name = name;
    leaf.extended_key_usage = usage;
    return leaf;
}

}  // namespace

TlsFixture::TlsFixture()
    : ca(folder, "Test CA"),
      server(ca.issue(profile("server", "serverAuth"))),
      client(ca.issue(profile("client", "clientAuth"))) {
    server_context = value_or_throw(build_server_context(
        {server.certificate_file, server.key_file, ca.certificate_file(), "", true}));
    client_context = value_or_throw(
        build_client_context({client.certificate_file, client.key_file, ca.certificate_file()}));
    anonymous_context = value_or_throw(build_client_context({"", "", ca.certificate_file()}));
}

TlsFixture& tls_fixture() {
    static TlsFixture fixture;
    return fixture;
}

std::shared_ptr<SSL_CTX> client_context_of(const Identity& identity) {
    return value_or_throw(build_client_context(
        {identity.certificate_file, identity.key_file, tls_fixture().ca.certificate_file()}));
}

http::Response echo(const http::Request& request, const http::Peer& /*peer*/) {
    http::Response response;
    response.content_type = "text/plain";
    response.body =
        request.method + " " + request.path + "?" + request.query + " [" + request.body + "]";
    return response;
}

std::unique_ptr<http::HttpServer> start_server(http::ServerOptions options, http::Handler handler) {
    return value_or_throw(http::HttpServer::start(options, std::move(handler)));
}

std::unique_ptr<http::HttpServer> start_tls_server(
    const std::function<void(http::ServerOptions&)>& change, http::Handler handler) {
    http::ServerOptions options;
    options.tls = tls_fixture().server_context;
    options.worker_threads = 2;
    if (change) change(options);
    return start_server(options, std::move(handler));
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
}

void Gate::pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return is_open_; });
}

bool Gate::wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return arrived_ >= count; });
}

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) return true;
        std::this_thread::yield();
    }
    return condition();
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

}  // namespace ndes::test
