#include "common/http_server/detail/acceptor.h"

#include <utility>

#include "common/http_server/detail/connection.h"

namespace ndes::http {
namespace {

namespace asio = boost::asio;

// After a failed accept, most likely for want of descriptors: trying again at once would spin.
constexpr std::chrono::milliseconds kBackOff{50};

asio::ip::address without_mapping(const asio::ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// What counts as one client: an IPv4 address, or an IPv6 /64, which one customer has as a whole.
std::string client_key(const asio::ip::address& address) {
    if (address.is_v4()) return address.to_string();
    auto octets = address.to_v6().to_bytes();
    std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
    return asio::ip::make_address_v6(octets).to_string();
}

ErrorCode code_of(const boost::system::error_code& error) {
    return error == asio::error::address_in_use ? ErrorCode::unavailable : ErrorCode::configuration;
}

}  // namespace

Acceptor::Acceptor(Service& service, std::vector<std::unique_ptr<IoThread>>& threads,
                   std::shared_ptr<SSL_CTX> tls)
    : service_(service),
      threads_(threads),
      acceptor_(threads.front()->context()),
      retry_(threads.front()->context()),
      tls_(std::move(tls)) {}

Result<void> Acceptor::listen(const std::string& address, std::uint16_t port) {
    const std::string name = "listen address " + address + " port " + std::to_string(port);
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return fail(ErrorCode::configuration, name + ": not a numeric IP address");
    return open({ip, port}, name);
}

Result<void> Acceptor::open(const Tcp::endpoint& endpoint, const std::string& name) {
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(Tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return fail(code_of(error), name + ": " + error.message());
    return {};
}

void Acceptor::start() {
    threads_.front()->post([this] { accept_next(); });
}

void Acceptor::stop() {
    threads_.front()->post([this] {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        retry_.cancel();
    });
}

void Acceptor::set_tls(std::shared_ptr<SSL_CTX> tls) {
    const std::lock_guard lock(tls_mutex_);
    if (tls && tls_) tls_.swap(tls);
}

void Acceptor::accept_next() {
    if (!acceptor_.is_open()) return;
    IoThread& home = *threads_[next_thread_++ % threads_.size()];
    acceptor_.async_accept(
        home.context(), [this, &home](const boost::system::error_code& error, Tcp::socket socket) {
            if (error && error != asio::error::connection_aborted) return back_off();
            if (!error) welcome(std::move(socket), home);
            accept_next();
        });
}

void Acceptor::back_off() {
    if (!acceptor_.is_open()) return;
    retry_.expires_after(kBackOff);
    retry_.async_wait([this](const boost::system::error_code& error) {
        if (!error) accept_next();
    });
}

// Whatever fails here closes the socket by leaving.
void Acceptor::welcome(Tcp::socket socket, IoThread& home) {
    ++service_.counters.connections_accepted;
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const auto address = without_mapping(remote.address());
    auto slot = admit(client_key(address));
    if (!slot) return;
    socket.non_blocking(true, error);
    if (!error) socket.set_option(Tcp::no_delay(true), error);
    auto channel = error ? nullptr : make_channel(socket.native_handle());
    if (!channel) return;
    Peer peer;
    peer.address = address.to_string();
    peer.port = remote.port();
    auto connection = std::make_shared<Connection>(
        home, service_, std::move(*slot), std::move(socket), std::move(channel), std::move(peer));
    home.post([connection = std::move(connection)] { connection->start(); });
}

// Silent clients must not keep others out, so that a full house closes one of them: of those on
// this thread, whose connections nobody else touches.
std::optional<ConnectionLimits::Slot> Acceptor::admit(const std::string& key) {
    auto slot = service_.connections.admit(key);
    const bool full = service_.connections.open() >= service_.limits.connections;
    if (slot || !full || !threads_.front()->make_room()) return slot;
    return service_.connections.admit(key);
}

std::unique_ptr<Channel> Acceptor::make_channel(int socket) {
    std::shared_ptr<SSL_CTX> tls;
    {
        const std::lock_guard lock(tls_mutex_);
        tls = tls_;
    }
    return tls ? make_tls_channel(socket, *tls) : make_plain_channel(socket);
}

}  // namespace ndes::http
