#include "tests/unit/http_server/raw_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace ndes::test {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

int connect_to(const char* address, std::uint16_t port) {
    const bool is_v6 = std::string_view(address).find(':') != std::string_view::npos;
    const int socket = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (is_v6) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        ::inet_pton(AF_INET6, address, &v6.sin6_addr);
        size = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        ::inet_pton(AF_INET, address, &v4.sin_addr);
        size = sizeof v4;
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&storage), size) == 0) return socket;
    ::close(socket);
    return -1;
}

}  // namespace

RawClient::RawClient(std::uint16_t port, SSL_CTX* tls, const char* address)
    : socket_(connect_to(address, port)) {
    if (socket_ < 0) return;
    sigset_t broken_pipe;  // OpenSSL's write(2) raises it when the server has closed
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    set_timeout(kPatience);
    ok_ = true;
    if (tls == nullptr) return;
    ssl_.reset(::SSL_new(tls));
    ::SSL_set_fd(ssl_.get(), socket_);
    ok_ = ::SSL_connect(ssl_.get()) == 1;
}

RawClient::~RawClient() {
    ssl_.reset();
    if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view octets) {
    while (!octets.empty()) {
        std::size_t count = 0;
        if (ssl_) {
            if (::SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count) != 1) return false;
        } else {
            const auto sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            count = static_cast<std::size_t>(sent);
        }
        octets.remove_prefix(count);
    }
    return true;
}

RawResponse RawClient::receive(bool has_body) {
    while (received_.find("\r\n\r\n") == std::string::npos) {
        if (!receive_more()) return {};
    }
    RawResponse response;
    if (!take_head(response)) return {};
    const auto length = has_body ? response.headers.find("content-length") : response.headers.end();
    if (length == response.headers.end()) return response;
    const auto size = static_cast<std::size_t>(std::atoll(length->second.c_str()));
    while (received_.size() < size) {
        if (!receive_more()) return {};
    }
    response.body = received_.substr(0, size);
    received_.erase(0, size);
    return response;
}

RawResponse RawClient::ask(std::string_view octets) {
    send(octets);  // also if the server has closed: its answer may have come before
    return receive();
}

bool RawClient::is_closed_within(std::chrono::milliseconds time) {
    set_timeout(time);
    const bool more = receive_more();
    set_timeout(kPatience);
    return !more && at_end_ && received_.empty();
}

void RawClient::shut_down_output() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ssl_.reset();
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::receive_more() {
    std::array<char, 16 * 1024> buffer{};
    std::size_t count = 0;
    if (ssl_) {
        const int result = ::SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
        if (result != 1) at_end_ = ::SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
    } else {
        const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (got > 0) count = static_cast<std::size_t>(got);
        if (got <= 0) at_end_ = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    }
    received_.append(buffer.data(), count);
    return count > 0;
}

void RawClient::set_timeout(std::chrono::milliseconds time) const {
    const timeval limit{time.count() / 1000, (time.count() % 1000) * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool RawClient::take_head(RawResponse& response) {
    const auto end = received_.find("\r\n\r\n");
    std::string_view head = std::string_view(received_).substr(0, end + 2);
    if (!head.starts_with("HTTP/1.1 ")) return false;
    response.status = std::atoi(std::string(head.substr(9, 3)).c_str());
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        const auto colon = line.find(": ");
        if (colon == std::string_view::npos) return false;
        if (!response.headers.emplace(lower(line.substr(0, colon)), line.substr(colon + 2)).second)
            return false;  // said twice
        head.remove_prefix(line.size() + 2);
    }
    received_.erase(0, end + 4);
    return true;
}

std::string get(std::string_view target, std::string_view headers) {
    return std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: test\r\n") +
           std::string(headers) + "\r\n";
}

std::string post(std::string_view target, std::string_view body) {
    return std::string("POST ").append(target) +
           " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

}  // namespace ndes::test
