// Connection: one client from its acceptance to the end; a state machine over non-blocking calls.
// Every step does what it can and says what it waits for. Runs on its IoThread alone, except run(),
// which calls the handler on a worker and touches nothing but the finished request.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "common/http_server/detail/channel.h"
#include "common/http_server/detail/io_thread.h"
#include "common/http_server/detail/request_reader.h"
#include "common/http_server/detail/service.h"

namespace ndes::http {

class Connection final : public Task, public std::enable_shared_from_this<Connection> {
  public:
    using Socket = boost::asio::ip::tcp::socket;

    Connection(IoThread& home, Service& service, ConnectionLimits::Slot slot, Socket socket,
               std::unique_ptr<Channel> channel, Peer peer);

    void start();

    SteadyTime deadline() const { return deadline_; }
    // True while it waits for its client: then it can be closed in favour of another.
    bool gives_way() const;
    // Does what the state calls for: 408, `overdue`, or just the end.
    void deadline_passed();
    // Closes unless a request has been read completely; then after its answer.
    void drain();
    void abort() { close(); }

    void run() noexcept override;

  private:
    enum class State {
        handshaking,
        waiting,  // for the first octet of a request
        reading,  // the rest of it
        handling,
        writing,
        lingering,  // all is said; lets the client read it before the socket closes
        closed,
    };
    enum class Next { step, wait_read, wait_write, nothing };
    enum class AfterWrite { read_body, next_request, linger };

    void drive();
    Next step();
    Next shake_hands();
    Next read_request();
    Next use_input();
    Next receive();
    Next dispatch();
    Next write_output();
    Next written();
    Next discard_input();

    void answered();
    void answer(const Response& response, bool keep_alive);
    Next refuse(int status);
    bool fits_in_memory();
    Next refuse_for_memory();
    Response handle() const;
    void begin_request_or_wait();
    void linger();
    void close();
    void enter(State state, std::chrono::milliseconds timeout);
    void wait_for(Socket::wait_type what);

    IoThread& home_;
    Service& service_;
    std::optional<ConnectionLimits::Slot> slot_;
    Socket socket_;
    std::unique_ptr<Channel> channel_;
    Peer peer_;

    State state_ = State::handshaking;
    SteadyTime deadline_;
    bool may_be_readable_ = true;  // false: the socket was found empty, or nothing was asked of it
    boost::beast::flat_buffer input_;
    RequestReader reader_;
    std::string output_;
    std::size_t output_sent_ = 0;
    AfterWrite after_write_ = AfterWrite::next_request;
    std::size_t discarded_ = 0;
    MemoryBudget::Share memory_;  // what input_ and request_ hold beyond the usual
    int refused_ = 0;  // status of a refusal that a worker shapes; 0: a request for the handler

    // Written here before submit() and after the answer is posted; the worker's in between. A
    // connection that gave up waiting never touches them again.
    Request request_;
    Response response_;
};

}  // namespace ndes::http
