#include "tests/support/scripted_tls_server.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/crypto/certificate.h"

namespace ndes::test {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

}  // namespace

ScriptedConnection::ScriptedConnection(int socket, SSL_CTX* tls, int number)
    : socket_(socket), number_(number), ssl_(::SSL_new(tls)) {
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::SSL_set_fd(ssl_.get(), socket_);
}

ScriptedConnection::~ScriptedConnection() { ::close(socket_); }

bool ScriptedConnection::handshake() { return ::SSL_accept(ssl_.get()) == 1; }

bool ScriptedConnection::read_more() {
    std::array<char, 16384> chunk{};
    const int got = ::SSL_read(ssl_.get(), chunk.data(), static_cast<int>(chunk.size()));
    if (got <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> ScriptedConnection::read_request() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (!read_more()) return std::nullopt;
    const std::string length = header_of(buffer_.substr(0, end + 4), "Content-Length");
    const std::size_t total = end + 4 + (length.empty() ? 0 : std::stoul(length));
    while (buffer_.size() < total)
        if (!read_more()) return std::nullopt;
    std::string request = buffer_.substr(0, total);
    buffer_.erase(0, total);
    return request;
}

bool ScriptedConnection::send(std::string_view octets) {
    return octets.empty() ||
           ::SSL_write(ssl_.get(), octets.data(), static_cast<int>(octets.size())) > 0;
}

void ScriptedConnection::wait_for_end() {
    std::array<char, 4096> ignored{};
    while (::recv(socket_, ignored.data(), ignored.size(), 0) > 0) {
    }
}

std::string ScriptedConnection::client_thumbprint() const {
    const X509Ptr certificate(::SSL_get1_peer_certificate(ssl_.get()));
    if (!certificate) return {};
    auto read = Certificate::from_handle(certificate.get());
    return read ? read->sha1() : std::string();
}

void ScriptedConnection::stop() { ::shutdown(socket_, SHUT_RDWR); }

ScriptedTlsServer::ScriptedTlsServer(std::shared_ptr<SSL_CTX> tls, Script script)
    : tls_(std::move(tls)), script_(std::move(script)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the client has closed
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0)
        throw std::runtime_error("the test server cannot listen");
    port_ = ::ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedTlsServer::~ScriptedTlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
        const std::lock_guard lock(mutex_);
        for (const auto& connection : connections_)
            connection->stop();
    }
    for (std::thread& thread : threads_)
        thread.join();
}

void ScriptedTlsServer::accept_all() {
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const std::lock_guard lock(mutex_);
        auto connection =
            std::make_shared<ScriptedConnection>(socket, tls_.get(), accepted_.fetch_add(1));
        connections_.push_back(connection);
        threads_.emplace_back([this, connection] {
            script_(*connection);
            connection->stop();
        });
    }
}

ScriptedTlsServer::Script answering(
    std::function<std::string(ScriptedConnection&, const std::string& request)> answer) {
    return [answer](ScriptedConnection& connection) {
        if (!connection.handshake()) return;
        while (const auto request = connection.read_request()) {
            const std::string octets = answer(connection, *request);
            if (octets.empty() || !connection.send(octets)) return;
        }
    };
}

std::string http_answer(int status, std::string_view content_type, std::string_view body) {
    std::string answer = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
    if (!content_type.empty()) answer += "Content-Type: " + std::string(content_type) + "\r\n";
    if (status != 204) answer += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return answer + "\r\n" + std::string(body);
}

std::string header_of(const std::string& request, const std::string& name) {
    const std::string fields = lower(request.substr(0, request.find("\r\n\r\n") + 2));
    const std::string wanted = "\r\n" + lower(name) + ":";
    const std::size_t at = fields.find(wanted);
    if (at == std::string::npos) return {};
    const std::size_t begin = request.find_first_not_of(' ', at + wanted.size());
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace ndes::test
