#include <cerrno>

#include <sys/socket.h>

#include "common/http_server/detail/channel.h"

namespace ndes::http {
namespace {

IoStatus status_of(ssize_t moved, IoStatus when_blocked, std::size_t& count) {
    if (moved > 0) {
        count = static_cast<std::size_t>(moved);
        return IoStatus::done;
    }
    if (moved == 0) return IoStatus::closed;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? when_blocked
                                                                     : IoStatus::failed;
}

class PlainChannel final : public Channel {
  public:
    explicit PlainChannel(int socket) : socket_(socket) {}

    IoStatus handshake() override { return IoStatus::done; }
    IoStatus read(char* buffer, std::size_t size, std::size_t& count) override {
        return status_of(::recv(socket_, buffer, size, 0), IoStatus::want_read, count);
    }
    IoStatus write(std::string_view data, std::size_t& count) override {
        return status_of(::send(socket_, data.data(), data.size(), MSG_NOSIGNAL),
                         IoStatus::want_write, count);
    }
    bool has_buffered_input() const override { return false; }
    void end_output() override { ::shutdown(socket_, SHUT_WR); }
    void describe(Peer& /*peer*/) const override {}

  private:
    int socket_;
};

}  // namespace

std::unique_ptr<Channel> make_plain_channel(int socket) {
    return std::make_unique<PlainChannel>(socket);
}

}  // namespace ndes::http
