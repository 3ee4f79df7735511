// http_load: what the transport costs. Serves a trivial handler over mutual TLS in a process pinned
// to one core and keeps CONNECTIONS requests under way from another core.
//   http_load [CONNECTIONS [SECONDS [keep|new [WORKERS]]]]      defaults 32 4 keep 2
// "new" makes a connection, hence a handshake, for each request. Not a test: prints figures.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

using Clock = std::chrono::steady_clock;
using SslPtr = std::unique_ptr<SSL, OpensslFree<::SSL_free>>;

struct Plan {
    int connections = 32;
    int seconds = 4;
    bool keep_alive = true;
    std::size_t workers = 2;
};

const std::string kRequest =
    "POST /CMCertificateRegistration/Certificate/VerifyRequest HTTP/1.1\r\nHost: localhost\r\n"
    "User-Agent: NDES_Plugin\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n" +
    std::string(64, 'x');

void pin_to_core(std::size_t core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    ::sched_setaffinity(0, sizeof cores, &cores);
}

// The child: writes its port to `report` and serves until SIGTERM.
[[noreturn]] void serve(const Plan& plan, int report) {
    pin_to_core(0);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
    const std::string body(1024, 'y');
    const auto server = start_tls_server(
        [&](http::ServerOptions& options) { options.worker_threads = plan.workers; },
        [&](const http::Request&, const http::Peer&) {
            return http::Response{200, "application/json", body, {}};
        });
    const std::uint16_t port = server->port();
    if (::write(report, &port, sizeof port) != sizeof port) std::_Exit(1);
    int signal = 0;
    ::sigwait(&term, &signal);
    server->stop(std::chrono::milliseconds(100));
    std::_Exit(0);
}

// One connection, driven by readiness.
class LoadConnection {
  public:
    LoadConnection(std::uint16_t port, bool keep_alive) : port_(port), keep_alive_(keep_alive) {
        connect();
    }
    ~LoadConnection() { disconnect(); }
    LoadConnection(LoadConnection&&) = delete;

    int socket() const { return socket_; }
    std::vector<float>& latencies_us() { return latencies_us_; }
    int errors() const { return errors_; }

    // True if the socket is a new one that has to be watched.
    bool drive() {
        for (;;) {
            std::size_t count = 0;
            const int result = ::SSL_read_ex(ssl_.get(), buffer_.data(), buffer_.size(), &count);
            if (result != 1) {
                if (::SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
                ++errors_;
                return reconnect();
            }
            received_ += count;
            if (expected_ == 0) expected_ = response_size({buffer_.data(), count});
            if (received_ < expected_) continue;
            latencies_us_.push_back(
                std::chrono::duration<float, std::micro>(Clock::now() - sent_at_).count());
            if (!keep_alive_) return reconnect();
            send_request();
        }
    }

  private:
    void connect() {
        started_at_ = Clock::now();
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            std::perror("connect");
            std::exit(1);
        }
        ssl_.reset(::SSL_new(tls_fixture().client_context.get()));
        ::SSL_set_fd(ssl_.get(), socket_);
        ::SSL_set_read_ahead(ssl_.get(), 1);
        if (::SSL_connect(ssl_.get()) != 1) std::exit(1);
        ::fcntl(socket_, F_SETFL, O_NONBLOCK);
        send_request();
        if (!keep_alive_) sent_at_ = started_at_;
    }
    void disconnect() {
        ssl_.reset();
        ::close(socket_);
    }
    bool reconnect() {
        disconnect();
        connect();
        return true;
    }
    void send_request() {
        received_ = 0;
        expected_ = 0;
        sent_at_ = Clock::now();
        std::size_t count = 0;
        ::SSL_write_ex(ssl_.get(), kRequest.data(), kRequest.size(), &count);
    }
    static std::size_t response_size(std::string_view head) {
        const auto end = head.find("\r\n\r\n");
        if (!head.starts_with("HTTP/1.1 200") || end == std::string_view::npos) std::exit(1);
        return end + 4 + 1024;
    }

    std::uint16_t port_;
    bool keep_alive_;
    int socket_ = -1;
    SslPtr ssl_;
    Clock::time_point started_at_;
    Clock::time_point sent_at_;
    std::array<char, 16 * 1024> buffer_{};
    std::size_t received_ = 0;
    std::size_t expected_ = 0;
    int errors_ = 0;
    std::vector<float> latencies_us_;
};

void watch(int epoll, LoadConnection& connection) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, connection.socket(), &event);
}

double cpu_seconds(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/stat";
    std::unique_ptr<FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "r"), std::fclose);
    unsigned long user = 0;
    unsigned long system = 0;
    if (!file ||
        std::fscanf(file.get(), "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                    &user, &system) != 2)
        return 0;
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void load(const Plan& plan, std::uint16_t port, pid_t server) {
    pin_to_core(1);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<LoadConnection>> connections;
    for (int i = 0; i < plan.connections; ++i) {
        connections.push_back(std::make_unique<LoadConnection>(port, plan.keep_alive));
        watch(epoll, *connections.back());
    }
    const double cpu_before = cpu_seconds(server);
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::seconds(plan.seconds);
    std::array<epoll_event, 64> events{};
    while (Clock::now() < end) {
        const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i) {
            auto& connection =
                *static_cast<LoadConnection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (connection.drive()) watch(epoll, connection);
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const double cpu = cpu_seconds(server) - cpu_before;
    std::vector<float> all;
    int errors = 0;
    for (const auto& connection : connections) {
        auto& own = connection->latencies_us();
        all.insert(all.end(), own.begin(), own.end());
        errors += connection->errors();
    }
    if (all.empty()) std::exit(1);
    std::sort(all.begin(), all.end());
    const auto requests = static_cast<double>(all.size());
    std::printf(
        "%d connections, %s, %zu workers: %.0f requests/s, p50 %.0f us, p99 %.0f us, "
        "%.1f us CPU of the server each, %d errors\n",
        plan.connections, plan.keep_alive ? "keep-alive" : "new handshake each", plan.workers,
        requests / seconds, static_cast<double>(all[all.size() / 2]),
        static_cast<double>(all[all.size() * 99 / 100]), cpu / requests * 1e6, errors);
}

int run(const Plan& plan) {
    tls_fixture();
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return 1;
    const pid_t server = ::fork();
    if (server == 0) serve(plan, pipe[1]);
    std::uint16_t port = 0;
    if (::read(pipe[0], &port, sizeof port) != sizeof port) return 1;
    load(plan, port, server);
    ::kill(server, SIGTERM);
    ::waitpid(server, nullptr, 0);
    return 0;
}

}  // namespace
}  // namespace ndes::test

int main(int argc, char** argv) {
    ndes::test::Plan plan;
    if (argc > 1) plan.connections = std::atoi(argv[1]);
    if (argc > 2) plan.seconds = std::atoi(argv[2]);
    if (argc > 3) plan.keep_alive = std::strcmp(argv[3], "new") != 0;
    if (argc > 4) plan.workers = static_cast<std::size_t>(std::atoi(argv[4]));
    return ndes::test::run(plan);
}
