#include "common/http_client/http_client.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace ndes::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using SteadyDeadline = std::chrono::steady_clock::time_point;
// Of one call; more is a receiver that plays with us.
constexpr int kMostInterim = 8;

using Parser = wire::response_parser<wire::string_body>;

bool is_numeric(const std::string& host) {
    error_code fault;
    asio::ip::make_address(host, fault);
    return !fault;
}

// One connection and everything its pending operations refer to: they share it, so that an
// operation given up at the deadline never touches freed memory.
struct Connection {
    Connection(asio::io_context& io, asio::ssl::context* context) : socket(io), resolver(io) {
        if (context != nullptr) tls.emplace(socket, *context);
    }
    tcp::socket socket;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    tcp::resolver resolver;
    tcp::resolver::results_type addresses;
    wire::request<wire::string_body> request;
    std::optional<Parser> parser;
    beast::flat_buffer buffer;
    std::optional<error_code> done;  // of the operation under way
};

// The chain is checked by the context's trust list; here, that it is for this very host: by
// subject alternative names alone, never the CN.
bool expect_host(SSL* ssl, const std::string& host) {
    if (is_numeric(host)) {
        return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1;
    }
    ::SSL_set_hostflags(ssl,
                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return ::SSL_set1_host(ssl, host.c_str()) == 1 &&
           ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                      const_cast<char*>(host.c_str())) == 1;
}

std::string lower(beast::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

ClientResponse response_of(Parser& parser) {
    ClientResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
        response.headers.emplace_back(lower(field.name_string()), std::string(field.value()));
    }
    response.body = std::move(parser.get().body());
    return response;
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

class HttpClient::Session {
  public:
    explicit Session(ClientOptions options) : options_(std::move(options)) {
        if (!options_.tls) return;
        ::SSL_CTX_up_ref(options_.tls.get());
        context_.emplace(options_.tls.get());  // takes over that reference
    }

    Result<ClientResponse> post(const ClientHeaders& headers, std::string_view body) {
        deadline_ = std::chrono::steady_clock::now() + options_.deadline;
        const bool kept = connection_ != nullptr;
        auto response = attempt(headers, body);
        // A kept connection may have been closed meanwhile; nothing of an answer has come then.
        const bool stale =
            kept && !response && response.error().code == ErrorCode::unavailable && !answer_begun_;
        return stale ? attempt(headers, body) : std::move(response);
    }

  private:
    // Runs one asynchronous operation to its end or to the deadline.
    template <class Start>
    error_code run(Start start) {
        const auto connection = connection_;
        connection->done.reset();
        start([connection](error_code fault, auto&&...) { connection->done = fault; });
        io_.restart();
        while (!connection->done && io_.run_one_until(deadline_) > 0) {
        }
        if (connection->done) return *connection->done;
        return asio::error::timed_out;
    }

    Failure failure(const char* what, error_code fault) {
        const std::string where = options_.url.host + ":" + std::to_string(options_.url.port);
        connection_.reset();
        io_.restart();
        io_.poll();  // what was given up ends now and lets go of the connection
        if (fault == asio::error::timed_out && std::chrono::steady_clock::now() >= deadline_) {
            return fail(ErrorCode::timeout,
                        std::string(what) + " " + where + " took longer than the deadline");
        }
        return fail(ErrorCode::unavailable, std::string(what) + " " + where + " failed",
                    fault.message());
    }

    Failure close_and_fail(const char* what, error_code fault) {
        error_code ignored;
        if (connection_) {
            connection_->resolver.cancel();
            connection_->socket.close(ignored);
        }
        return failure(what, fault);
    }

    Result<void> connect() {
        connection_ = std::make_shared<Connection>(io_, context_ ? &*context_ : nullptr);
        Connection& at = *connection_;
        const std::string port = std::to_string(options_.url.port);
        error_code fault = resolve(port);
        if (fault) return close_and_fail("looking up", fault);
        fault = run([&](auto handler) {
            asio::async_connect(at.socket, at.addresses, std::move(handler));
        });
        if (fault) return close_and_fail("connecting to", fault);
        at.socket.set_option(tcp::no_delay(true), fault);
        if (!at.tls) return {};
        if (!expect_host(at.tls->native_handle(), options_.url.host)) {
            return close_and_fail("naming the host", asio::error::invalid_argument);
        }
        fault = run([&](auto handler) {
            at.tls->async_handshake(asio::ssl::stream_base::client, std::move(handler));
        });
        if (fault) return close_and_fail("the TLS handshake with", fault);
        return {};
    }

    error_code resolve(const std::string& port) {
        Connection& at = *connection_;
        error_code fault;
        if (is_numeric(options_.url.host)) {  // needs no resolver, which cannot be interrupted
            const tcp::endpoint endpoint(asio::ip::make_address(options_.url.host, fault),
                                         options_.url.port);
            at.addresses = tcp::resolver::results_type::create(endpoint, options_.url.host, port);
            return fault;
        }
        const auto connection = connection_;
        return run([&](auto handler) {
            at.resolver.async_resolve(
                options_.url.host, port,
                [connection, handler](error_code found, tcp::resolver::results_type addresses) {
                    connection->addresses = std::move(addresses);
                    handler(found);
                });
        });
    }

    void write_request(const ClientHeaders& headers, std::string_view body) {
        auto& request = connection_->request;
        request = {};
        request.method(wire::verb::post);
        request.version(11);
        request.target(options_.url.target);
        const bool v6 = options_.url.host.find(':') != std::string::npos;
        const bool usual = options_.url.port == (options_.url.https ? 443 : 80);
        request.set(wire::field::host, (v6 ? "[" + options_.url.host + "]" : options_.url.host) +
                                           (usual ? "" : ":" + std::to_string(options_.url.port)));
        for (const auto& [name, value] : headers)
            request.insert(name, value);
        request.body() = std::string(body);
        request.prepare_payload();
    }

    Result<ClientResponse> attempt(const ClientHeaders& headers, std::string_view body) {
        answer_begun_ = false;
        if (!connection_) {
            if (auto connected = connect(); !connected) return pass_on(connected);
        }
        Connection& at = *connection_;
        write_request(headers, body);
        begin_answer();
        const error_code fault = at.tls ? exchange(*at.tls) : exchange(at.socket);
        answer_begun_ = at.parser->got_some() || at.buffer.size() > 0;
        if (fault) return close_and_fail("the call to", fault);
        ClientResponse response = response_of(*at.parser);
        if (!at.parser->keep_alive() || at.buffer.size() > 0) end_connection();
        return response;
    }

    void begin_answer() {
        auto& parser = connection_->parser.emplace();
        parser.header_limit(static_cast<std::uint32_t>(options_.header_octets));
        parser.body_limit(options_.body_octets);
    }

    // The header of the final answer. Interim ones (RFC 9110 section 15.2) before it say nothing to
    // us; 101 would be an answer to an Upgrade that we never send.
    template <class Stream>
    error_code read_header(Stream& stream) {
        Connection& at = *connection_;
        for (int interim = 0; interim <= kMostInterim; ++interim) {
            const error_code fault = run([&](auto handler) {
                wire::async_read_header(stream, at.buffer, *at.parser, std::move(handler));
            });
            const unsigned status = at.parser->get().result_int();
            if (fault || status < 100 || status > 199) return fault;
            if (status == 101) break;
            begin_answer();
        }
        return wire::make_error_code(wire::error::bad_status);
    }

    template <class Stream>
    error_code exchange(Stream& stream) {
        Connection& at = *connection_;
        const error_code fault =
            run([&](auto handler) { wire::async_write(stream, at.request, std::move(handler)); });
        if (fault) return fault;
        if (const error_code no_header = read_header(stream); no_header) return no_header;
        // Before Boost 1.81 the parser holds a stated length against no limit.
        const auto length = at.parser->content_length();
        if (length && *length > options_.body_octets)
            return wire::make_error_code(wire::error::body_limit);
        return run([&](auto handler) {
            wire::async_read(stream, at.buffer, *at.parser, std::move(handler));
        });
    }

    void end_connection() {
        error_code ignored;
        connection_->socket.close(ignored);
        connection_.reset();
    }

    const ClientOptions options_;
    std::optional<asio::ssl::context> context_;
    asio::io_context io_{1};
    std::shared_ptr<Connection> connection_;
    SteadyDeadline deadline_;
    bool answer_begun_ = false;
};

HttpClient::HttpClient(ClientOptions options)
    : session_(std::make_unique<Session>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Result<ClientResponse> HttpClient::post(const ClientHeaders& headers, std::string_view body) {
    return session_->post(headers, body);
}

}  // namespace ndes::http
