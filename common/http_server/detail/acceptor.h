// Acceptor: listens on one address and hands each connection to the next IoThread, within the
// limits. Runs on the first IoThread; start before it is reachable, stop and set_tls from any
// thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/http_server/detail/channel.h"
#include "common/http_server/detail/io_thread.h"
#include "common/http_server/detail/service.h"

namespace ndes::http {

class Acceptor {
  public:
    // `threads`: at least one; they and `service` outlive this.
    Acceptor(Service& service, std::vector<std::unique_ptr<IoThread>>& threads,
             std::shared_ptr<SSL_CTX> tls);

    // Binds and listens. configuration or unavailable, naming address and port.
    Result<void> listen(const std::string& address, std::uint16_t port);
    void start();
    void stop();

    std::uint16_t port() const { return port_; }
    void set_tls(std::shared_ptr<SSL_CTX> tls);

  private:
    using Tcp = boost::asio::ip::tcp;

    void accept_next();
    void back_off();
    void welcome(Tcp::socket socket, IoThread& home);
    std::optional<ConnectionLimits::Slot> admit(const std::string& key);
    std::unique_ptr<Channel> make_channel(int socket);
    Result<void> open(const Tcp::endpoint& endpoint, const std::string& name);

    Service& service_;
    std::vector<std::unique_ptr<IoThread>>& threads_;
    Tcp::acceptor acceptor_;
    boost::asio::steady_timer retry_;
    std::size_t next_thread_ = 0;
    std::uint16_t port_ = 0;
    // Guards tls_; held for the copy of a pointer, once per connection.
    std::mutex tls_mutex_;
    std::shared_ptr<SSL_CTX> tls_;
};

}  // namespace ndes::http
