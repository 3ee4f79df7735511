#include "crp-service/cli/doctor/probe.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <memory>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/file_descriptor.h"
#include "common/http_client/http_client.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr std::size_t kMostAnswer = 1024 * 1024;

class Deadline {
  public:
    explicit Deadline(std::chrono::milliseconds span) : end_(system_clock().steady_now() + span) {}
    int left() const {
        const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
            end_ - system_clock().steady_now());
        return static_cast<int>(std::max<std::int64_t>(rest.count(), 0));
    }
    // False when it passed before the descriptor was ready.
    bool wait(int descriptor, short events) const {
        pollfd one{descriptor, events, 0};
        return ::poll(&one, 1, left()) > 0;
    }

  private:
    SteadyTime end_;
};

using AddressesPtr = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<FileDescriptor> connect_to(const http::Url& url, const Deadline& deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int code =
        ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &first);
    if (code != 0)
        return ndes::fail(ErrorCode::not_found, "the name " + url.host + " has no address",
                          ::gai_strerror(code));
    const AddressesPtr addresses(first, &::freeaddrinfo);
    const std::string place = url.host + ":" + std::to_string(url.port);
    for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
        FileDescriptor socket(
            ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (socket.get() < 0) continue;
        if (::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) return socket;
        if (errno != EINPROGRESS) continue;
        if (!deadline.wait(socket.get(), POLLOUT))
            return ndes::fail(ErrorCode::timeout, place + " does not answer a connection");
        int fault = 0;
        socklen_t size = sizeof fault;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &size);
        if (fault == 0) return socket;
    }
    return ndes::fail(ErrorCode::unavailable, "nothing listens at " + place);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// One connection, plain or TLS, that waits for its socket until the deadline.
class ProbeStream {
  public:
    ProbeStream(FileDescriptor socket, const Deadline& deadline)
        : socket_(std::move(socket)), deadline_(deadline) {}
    ~ProbeStream() { ::SSL_free(ssl_); }
    ProbeStream(const ProbeStream&) = delete;
    ProbeStream& operator=(const ProbeStream&) = delete;

    Result<void> begin_tls(SSL_CTX* context, const http::Url& url, ProbeAnswer& answer);
    bool send(std::string_view octets);
    std::string read_all();

  private:
    bool wait_for_tls(int result) {
        const int fault = ::SSL_get_error(ssl_, result);
        if (fault == SSL_ERROR_WANT_READ) return deadline_.wait(socket_.get(), POLLIN);
        if (fault == SSL_ERROR_WANT_WRITE) return deadline_.wait(socket_.get(), POLLOUT);
        return false;
    }
    // Octets moved; 0 at the end or on a fault.
    std::size_t transfer(auto&& tls, auto&& plain, short events) {
        for (;;) {
            std::size_t done = 0;
            if (ssl_ != nullptr) {
                const int result = tls(&done);
                if (result == 1) return done;
                if (!wait_for_tls(result)) return 0;
                continue;
            }
            const ssize_t count = plain();
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno != EAGAIN || !deadline_.wait(socket_.get(), events)) return 0;
        }
    }

    FileDescriptor socket_;
    const Deadline& deadline_;
    SSL* ssl_ = nullptr;
};

void note_server(SSL* ssl, const http::Url& url, ProbeAnswer& answer) {
    STACK_OF(X509)* sent = ::SSL_get_peer_cert_chain(ssl);
    for (int i = 0; sent != nullptr && i < sk_X509_num(sent); ++i) {
        if (auto one = Certificate::from_handle(sk_X509_value(sent, i)))
            answer.chain.push_back(*one);
    }
    const long verdict = ::SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) answer.trust_fault = ::X509_verify_cert_error_string(verdict);
    if (answer.chain.empty()) return;
    X509* own = answer.chain.front().handle();
    answer.name_fits = ::X509_check_host(own, url.host.c_str(), url.host.size(),
                                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1 ||
                       ::X509_check_ip_asc(own, url.host.c_str(), 0) == 1;
}

Result<void> ProbeStream::begin_tls(SSL_CTX* context, const http::Url& url, ProbeAnswer& answer) {
    ssl_ = ::SSL_new(context);
    ::SSL_set_fd(ssl_, socket_.get());
    ::SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(url.host.c_str()));  // the macro's cast is an old one
    for (;;) {
        const int result = ::SSL_connect(ssl_);
        if (result == 1) break;
        if (!wait_for_tls(result))
            return ndes::fail(ErrorCode::unavailable,
                              "no TLS connection to " + url.host + ":" + std::to_string(url.port),
                              take_openssl_errors());
    }
    note_server(ssl_, url, answer);
    return {};
}

bool ProbeStream::send(std::string_view octets) {
    while (!octets.empty()) {
        const std::size_t sent = transfer(
            [&](std::size_t* done) {
                return ::SSL_write_ex(ssl_, octets.data(), octets.size(), done);
            },
            [&] { return ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL); },
            POLLOUT);
        if (sent == 0) return false;
        octets.remove_prefix(sent);
    }
    return true;
}

std::string ProbeStream::read_all() {
    std::string all;
    std::string part(16 * 1024, '\0');
    while (all.size() < kMostAnswer) {
        const std::size_t count = transfer(
            [&](std::size_t* done) { return ::SSL_read_ex(ssl_, part.data(), part.size(), done); },
            [&] { return ::recv(socket_.get(), part.data(), part.size(), 0); }, POLLIN);
        if (count == 0) break;
        all.append(part, 0, count);
    }
    return all;
}

Result<SslCtxPtr> probe_context(const ProbeOrder& order, bool& asked) {
    SslCtxPtr context(::SSL_CTX_new(::TLS_client_method()));
    if (order.most_tls != 0) ::SSL_CTX_set_max_proto_version(context.get(), order.most_tls);
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);  // looked at afterwards
    const bool trusts = order.trust.empty() ? ::SSL_CTX_set_default_verify_paths(context.get()) == 1
                                            : ::SSL_CTX_load_verify_locations(
                                                  context.get(), order.trust.c_str(), nullptr) == 1;
    if (!trusts)
        return ndes::fail(ErrorCode::configuration, order.trust.string() + ": no trust list",
                          take_openssl_errors());
    if (!order.certificate.empty() &&
        (::SSL_CTX_use_certificate_chain_file(context.get(), order.certificate.c_str()) != 1 ||
         ::SSL_CTX_use_PrivateKey_file(context.get(), order.key.c_str(), SSL_FILETYPE_PEM) != 1))
        return ndes::fail(ErrorCode::configuration,
                          order.certificate.string() + ": cannot be presented with its key",
                          take_openssl_errors());
    // Called when the server asks for a certificate; the one set above is sent all the same.
    ::SSL_CTX_set_cert_cb(
        context.get(),
        [](SSL*, void* flag) {
            *static_cast<bool*>(flag) = true;
            return 1;
        },
        &asked);
    return context;
}

std::string decode_chunks(std::string_view rest) {
    std::string body;
    for (;;) {
        std::size_t size = 0;
        const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), size, 16);
        const std::size_t line = rest.find("\r\n");
        if (fault != std::errc() || line == std::string_view::npos || size == 0) return body;
        rest.remove_prefix(line + 2);
        body += rest.substr(0, size);
        if (rest.size() < size + 2) return body;
        rest.remove_prefix(size + 2);
    }
}

Result<void> read_answer(const std::string& text, ProbeAnswer& answer) {
    const std::size_t head_end = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/1.") || text.size() < 12 || head_end == std::string::npos)
        return ndes::fail(
            ErrorCode::unavailable,
            text.empty() ? "the connection was closed without an answer" : "the answer is no HTTP");
    std::from_chars(text.data() + 9, text.data() + 12, answer.status);
    std::size_t at = text.find("\r\n") + 2;
    while (at < head_end) {
        const std::size_t end = std::min(text.find("\r\n", at), head_end);
        const std::size_t colon = text.find(':', at);
        if (colon < end) {
            const std::size_t value = text.find_first_not_of(' ', colon + 1);
            answer.headers.emplace_back(lower(text.substr(at, colon - at)),
                                        value < end ? text.substr(value, end - value) : "");
        }
        at = end + 2;
    }
    answer.body = text.substr(head_end + 4);
    if (lower(answer.header("transfer-encoding")) == "chunked")
        answer.body = decode_chunks(answer.body);
    return {};
}

std::string request_text(const ProbeOrder& order, const http::Url& url) {
    std::string text = order.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host + ":" +
                       std::to_string(url.port) +
                       "\r\nUser-Agent: crpctl-doctor\r\nConnection: close\r\n";
    if (!order.body.empty() || order.method == "POST")
        text += "Content-Type: application/octet-stream\r\nContent-Length: " +
                std::to_string(order.body.size()) + "\r\n";
    return text + "\r\n" + order.body;
}

}  // namespace

std::string ProbeAnswer::header(const std::string& name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

Result<ProbeAnswer> probe(const ProbeOrder& order) {
    auto url = http::parse_url(order.url);
    if (!url) return pass_on(url);
    const Deadline deadline(order.deadline);
    ProbeAnswer answer;
    Result<SslCtxPtr> context = SslCtxPtr();
    if (url->https) context = probe_context(order, answer.asked_for_certificate);
    if (!context) return pass_on(context);
    auto socket = connect_to(*url, deadline);
    if (!socket) return pass_on(socket);
    ProbeStream stream(std::move(*socket), deadline);
    if (url->https) {
        if (auto begun = stream.begin_tls(context->get(), *url, answer); !begun)
            return pass_on(begun);
    }
    // A server may answer, as with 413, before it has read everything.
    static_cast<void>(stream.send(request_text(order, *url)));
    const std::string text = stream.read_all();
    if (text.empty() && deadline.left() == 0)
        return ndes::fail(ErrorCode::timeout, "no answer from " + url->host + " in time");
    if (auto read = read_answer(text, answer); !read) return pass_on(read);
    return answer;
}

}  // namespace ndes::crp::cli::doctor
