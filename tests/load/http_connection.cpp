#include "tests/load/http_connection.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace ndes::load {
namespace {

// The header's value in `head`, whatever the case of its name; "" if absent.
std::string_view header_value(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
        const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
                return std::tolower(static_cast<unsigned char>(a)) ==
                       std::tolower(static_cast<unsigned char>(b));
            })) {
            std::string_view value = line.substr(name.size() + 1);
            while (value.starts_with(' '))
                value.remove_prefix(1);
            return value;
        }
    }
    return {};
}

std::optional<std::size_t> to_number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<HttpTarget> parse_target(std::string_view url) {
    constexpr std::string_view plain = "http://";
    constexpr std::string_view secure = "https://";
    const bool tls = url.starts_with(secure);
    if (!tls && !url.starts_with(plain)) return std::nullopt;
    url.remove_prefix(tls ? secure.size() : plain.size());
    const std::size_t slash = url.find('/');
    const std::size_t colon = url.find(':');
    if (slash == std::string_view::npos || colon == std::string_view::npos || colon > slash) {
        return std::nullopt;
    }
    const auto port = to_number(url.substr(colon + 1, slash - colon - 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    return HttpTarget{std::string(url.substr(0, colon)), static_cast<std::uint16_t>(*port),
                      std::string(url.substr(slash)), tls};
}

HttpConnection::HttpConnection(HttpTarget target, std::chrono::milliseconds timeout, SSL_CTX* tls)
    : target_(std::move(target)), timeout_(timeout), tls_(tls) {}

HttpConnection::~HttpConnection() { close(); }

void HttpConnection::close() {
    if (ssl_) ::SSL_free(ssl_);
    ssl_ = nullptr;
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    buffer_.clear();
}

bool HttpConnection::connect() {
    close();
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return false;
    timeval limit{};
    limit.tv_sec = timeout_.count() / 1000;
    limit.tv_usec = (timeout_.count() % 1000) * 1000;
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_.port);
    if (::inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr) != 1 ||
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        (target_.tls && !start_tls())) {
        close();
        return false;
    }
    return true;
}

bool HttpConnection::start_tls() {
    ssl_ = tls_ ? ::SSL_new(tls_) : nullptr;
    return ssl_ && ::SSL_set_fd(ssl_, socket_) == 1 && ::SSL_connect(ssl_) == 1;
}

bool HttpConnection::send_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ssl_ ? ::SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                                  : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool HttpConnection::fill() {
    std::array<char, 16384> chunk{};
    const ssize_t got = ssl_ ? ::SSL_read(ssl_, chunk.data(), static_cast<int>(chunk.size()))
                             : ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<std::string> HttpConnection::take(std::size_t count) {
    while (buffer_.size() < count) {
        if (!fill()) return std::nullopt;
    }
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
}

// RFC 9112 section 7.1, without trailers: Go's server answers so.
std::optional<std::string> HttpConnection::take_chunks() {
    std::string body;
    while (true) {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
            if (!fill()) return std::nullopt;
        }
        const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
        buffer_.erase(0, end + 2);
        const auto chunk = take(size + 2);
        if (!chunk) return std::nullopt;
        if (size == 0) return body;
        body.append(*chunk, 0, size);
    }
}

HttpReply HttpConnection::read_reply() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return {};
    }
    const std::string head = buffer_.substr(0, end + 2);
    const auto status = to_number(std::string_view(head).substr(9, 3));
    const auto length = to_number(header_value(head, "content-length"));
    buffer_.erase(0, end + 4);
    if (!status) return {};
    if (*status == 204) return {204, {}};
    auto body = length ? take(*length) : take_chunks();
    if (!body) return {};
    HttpReply reply{static_cast<int>(*status), std::move(*body)};
    if (header_value(head, "connection") == "close") close();
    return reply;
}

HttpReply HttpConnection::get(std::string_view query) {
    return exchange("GET " + target_.path + "?" + std::string(query) + " HTTP/1.1\r\nHost: " +
                    target_.host + ":" + std::to_string(target_.port) + "\r\n\r\n");
}

HttpReply HttpConnection::post(std::string_view query, std::string_view body) {
    std::string text = "POST " + target_.path + "?" + std::string(query) +
                       " HTTP/1.1\r\nHost: " + target_.host + ":" + std::to_string(target_.port) +
                       "\r\nContent-Type: application/x-pki-message\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    return exchange(text);
}

HttpReply HttpConnection::post_json(std::string_view path, std::string_view body) {
    std::string text = "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + target_.host + ":" +
                       std::to_string(target_.port) +
                       "\r\nUser-Agent: NDES_Plugin\r\nContent-Type: application/json"
                       "\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    return exchange(text);
}

HttpReply HttpConnection::exchange(const std::string& request) {
    if (socket_ < 0 && !connect()) return {};
    if (!send_all(request)) {
        close();
        return {};
    }
    HttpReply reply = read_reply();
    if (reply.status == 0) close();
    return reply;
}

}  // namespace ndes::load
