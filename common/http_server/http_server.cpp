#include "common/http_server/http_server.h"

#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "common/http_server/detail/acceptor.h"
#include "common/http_server/detail/io_thread.h"
#include "common/http_server/detail/service.h"

namespace ndes::http {
namespace {

class Server final : public HttpServer {
  public:
    Server(const ServerOptions& options, Handler handler)
        : service_(options, std::move(handler)),
          threads_(make_threads(options.io_threads)),
          acceptor_(service_, threads_, options.tls) {}

    ~Server() override { shut_down(std::chrono::milliseconds(0)); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Result<void> open(const ServerOptions& options) {
        auto listening = acceptor_.listen(options.address, options.port);
        if (listening) acceptor_.start();
        return listening;
    }

    std::uint16_t port() const override { return acceptor_.port(); }
    void replace_tls(std::shared_ptr<SSL_CTX> tls) override { acceptor_.set_tls(std::move(tls)); }
    void stop(std::chrono::milliseconds grace) override { shut_down(grace); }

    ServerCounters counters() const override {
        const auto& counted = service_.counters;
        return {
            counted.connections_accepted, service_.connections.open(), counted.requests,
            counted.refused_malformed,    counted.refused_busy,        counted.handshakes_failed};
    }

  private:
    static std::vector<std::unique_ptr<IoThread>> make_threads(std::size_t count) {
        std::vector<std::unique_ptr<IoThread>> threads;
        for (std::size_t i = 0; i < count; ++i)
            threads.push_back(std::make_unique<IoThread>());
        return threads;
    }

    // The order matters: no new connections; answers within the grace; then the workers end while
    // the event loops still take their answers; the loops last.
    void shut_down(std::chrono::milliseconds grace) {
        const std::lock_guard lock(stop_mutex_);
        if (stopped_) return;
        stopped_ = true;
        service_.draining = true;
        acceptor_.stop();
        for (const auto& thread : threads_)
            thread->post([&io = *thread] { io.drain_all(); });
        service_.connections.wait_until_none(grace);
        for (const auto& thread : threads_)
            thread->post([&io = *thread] { io.abort_all(); });
        service_.workers.stop();
        for (const auto& thread : threads_)
            thread->finish();
    }

    Service service_;
    std::vector<std::unique_ptr<IoThread>> threads_;
    Acceptor acceptor_;
    // Held during the whole of a stop, so that a second caller returns when it has happened.
    std::mutex stop_mutex_;
    bool stopped_ = false;
};

Result<void> check(const ServerOptions& options, const Handler& handler) {
    const auto& limits = options.limits;
    if (!handler) return fail(ErrorCode::configuration, "HTTP server without a handler");
    if (options.io_threads == 0 || options.worker_threads == 0) {
        return fail(ErrorCode::configuration, "HTTP server needs at least one thread of each kind");
    }
    if (limits.connections == 0 || limits.connections_per_address == 0) {
        return fail(ErrorCode::configuration, "HTTP server needs room for at least one connection");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options,
                                                      Handler handler) {
    auto sensible = check(options, handler);
    if (!sensible) return pass_on(sensible);
    try {
        auto server = std::make_unique<Server>(options, std::move(handler));
        auto listening = server->open(options);
        if (!listening) return pass_on(listening);
        return std::unique_ptr<HttpServer>(std::move(server));
    } catch (const std::system_error& error) {  // no thread or event queue to be had
        return fail(ErrorCode::unavailable, "HTTP server cannot start", error.what());
    }
}

}  // namespace ndes::http
