#include "common/http_server/detail/connection.h"

#include <array>
#include <utility>

#include "common/http_server/detail/response_text.h"
#include "common/http_server/detail/status_codes.h"

namespace ndes::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr std::size_t kReceiveOctets = 4UL * 1024;
// What an idle connection may keep of its buffers; more is given back between requests.
constexpr std::size_t kKeptOctets = 8UL * 1024;
// What the request of a connection may hold without asking: a SCEP message and its head do.
constexpr std::size_t kUsualOctets = 24UL * 1024;

// A client that is still sending when we close would lose our last answer to a TCP reset, so its
// octets are thrown away for a while (RFC 9112 section 9.6).
constexpr std::chrono::milliseconds kLinger{1'000};
constexpr std::size_t kLingerOctets = 1024UL * 1024;

std::string_view received(const boost::beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

ReaderLimits reader_limits(const ServerLimits& limits) {
    return {{limits.target_octets, limits.header_octets}, limits.body_octets};
}

}  // namespace

Connection::Connection(IoThread& home, Service& service, ConnectionLimits::Slot slot, Socket socket,
                       std::unique_ptr<Channel> channel, Peer peer)
    : home_(home),
      service_(service),
      slot_(std::move(slot)),
      socket_(std::move(socket)),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      reader_(reader_limits(service.limits)),
      memory_(service.memory) {}

void Connection::start() {
    if (service_.draining) return close();
    enter(State::handshaking, service_.limits.handshake_timeout);
    home_.add(shared_from_this());
    drive();
}

void Connection::drive() {
    for (;;) {
        switch (step()) {
            case Next::step: continue;
            case Next::wait_read: return wait_for(Socket::wait_read);
            case Next::wait_write: return wait_for(Socket::wait_write);
            case Next::nothing: return;
        }
    }
}

Connection::Next Connection::step() {
    switch (state_) {
        case State::handshaking: return shake_hands();
        case State::waiting:
        case State::reading: return read_request();
        case State::writing: return write_output();
        case State::lingering: return discard_input();
        case State::handling:
        case State::closed: return Next::nothing;
    }
    return Next::nothing;
}

Connection::Next Connection::shake_hands() {
    switch (channel_->handshake()) {
        case IoStatus::want_read: return Next::wait_read;
        case IoStatus::want_write: return Next::wait_write;
        case IoStatus::done:
            channel_->describe(peer_);
            enter(State::waiting, service_.limits.request_timeout);
            return Next::step;
        case IoStatus::closed:
        case IoStatus::failed: break;
    }
    ++service_.counters.handshakes_failed;
    linger();  // the alert names the reason; let the client read it
    return Next::step;
}

Connection::Next Connection::read_request() {
    if (input_.size() > 0) {
        const Next next = use_input();
        if (next != Next::wait_read) return next;
    }
    return receive();
}

// wait_read: all input was used or looked at, and the request is not complete.
Connection::Next Connection::use_input() {
    if (state_ == State::waiting) enter(State::reading, service_.limits.request_timeout);
    std::size_t used = 0;
    const auto verdict = reader_.read(received(input_), request_, used);
    input_.consume(used);
    if (verdict != RequestReader::Verdict::refused && !fits_in_memory()) return refuse_for_memory();
    switch (verdict) {
        case RequestReader::Verdict::need_more: return Next::wait_read;
        case RequestReader::Verdict::complete: return dispatch();
        case RequestReader::Verdict::refused: return refuse(reader_.status());
        case RequestReader::Verdict::send_continue:
            output_ = kContinue;
            output_sent_ = 0;
            after_write_ = AfterWrite::read_body;
            state_ = State::writing;  // under the request's own deadline
            return Next::step;
    }
    return refuse(kInternalError);
}

Connection::Next Connection::receive() {
    if (!may_be_readable_ && !channel_->has_buffered_input()) {
        may_be_readable_ = true;  // when the wait is over
        return Next::wait_read;
    }
    const auto space = input_.prepare(kReceiveOctets);
    std::size_t count = 0;
    switch (channel_->read(static_cast<char*>(space.data()), space.size(), count)) {
        case IoStatus::done: input_.commit(count); return Next::step;
        case IoStatus::want_read: return Next::wait_read;
        case IoStatus::want_write: return Next::wait_write;
        case IoStatus::closed:
        case IoStatus::failed: close(); return Next::nothing;
    }
    return Next::nothing;
}

Connection::Next Connection::dispatch() {
    enter(State::handling, service_.limits.handler_timeout);
    ++service_.counters.requests;
    if (service_.workers.submit(shared_from_this())) return Next::nothing;
    // The framing is intact, and a new handshake would cost an overloaded server far more than
    // this answer, so the connection stays.
    ++service_.counters.refused_busy;
    answer(transport_answer(kUnavailable), reader_.keep_alive());
    return Next::step;
}

Response Connection::handle() const {
    if (refused_ == 0) return service_.handler(request_, peer_);
    const Response plain = transport_answer(refused_);
    Response shaped = service_.refusal(plain, request_, peer_);
    shaped.status = plain.status;
    return shaped;
}

void Connection::run() noexcept {
    try {
        response_ = handle();
    } catch (...) {
        response_ = Response();
        response_.status = refused_ == 0 ? kInternalError : refused_;
    }
    home_.post([self = shared_from_this()] { self->answered(); });
}

void Connection::answered() {
    if (state_ != State::handling) return;  // too late: `overdue` was given, or the client is gone
    answer(response_, refused_ == 0 && reader_.keep_alive());
    drive();
}

void Connection::answer(const Response& response, bool keep_alive) {
    const bool keep = keep_alive && !service_.draining;
    const ResponseFraming framing{request_.method == "HEAD", keep, reader_.is_http10(),
                                  home_.date(), service_.server_name};
    write_response(response, framing, output_);
    output_sent_ = 0;
    after_write_ = keep ? AfterWrite::next_request : AfterWrite::linger;
    enter(State::writing, service_.limits.write_timeout);
}

Connection::Next Connection::refuse(int status) {
    ++service_.counters.refused_malformed;
    if (service_.refusal) {
        if (!reader_.has_head()) {  // what is there is of the request before, or half of this one
            std::string method = std::move(request_.method);
            request_ = Request();
            request_.method = std::move(method);
        }
        refused_ = status;
        enter(State::handling, service_.limits.handler_timeout);
        if (service_.workers.submit(shared_from_this())) return Next::nothing;
    }
    answer(transport_answer(status), false);
    return Next::step;
}

// Path and query are together no longer than the target.
bool Connection::fits_in_memory() {
    const std::size_t held =
        input_.capacity() + request_.body.capacity() + 2 * request_.target.capacity();
    return memory_.resize(held > kUsualOctets ? held - kUsualOctets : 0);
}

Connection::Next Connection::refuse_for_memory() {
    ++service_.counters.refused_busy;
    answer(transport_answer(kUnavailable), false);
    request_ = Request();
    input_.consume(input_.size());
    input_.shrink_to_fit();
    memory_.give_back();
    return Next::step;
}

Connection::Next Connection::write_output() {
    while (output_sent_ < output_.size()) {
        std::size_t count = 0;
        switch (channel_->write(std::string_view(output_).substr(output_sent_), count)) {
            case IoStatus::done: output_sent_ += count; break;
            case IoStatus::want_write: return Next::wait_write;
            case IoStatus::want_read: return Next::wait_read;
            case IoStatus::closed:
            case IoStatus::failed: close(); return Next::nothing;
        }
    }
    return written();
}

Connection::Next Connection::written() {
    if (output_.capacity() > kKeptOctets) std::string().swap(output_);
    switch (after_write_) {
        case AfterWrite::read_body: state_ = State::reading; return Next::step;
        case AfterWrite::next_request: begin_request_or_wait(); return Next::step;
        case AfterWrite::linger: linger(); return Next::step;
    }
    return Next::nothing;
}

void Connection::begin_request_or_wait() {
    if (service_.draining) return linger();
    reader_.reset();
    request_.method.clear();  // or a refusal of the next head would take it for a HEAD
    if (request_.body.capacity() > kKeptOctets) std::string().swap(request_.body);
    if (request_.target.capacity() > kKeptOctets) request_ = Request();
    if (input_.size() == 0 && input_.capacity() > kKeptOctets) input_.shrink_to_fit();
    fits_in_memory();  // less than before: always so
    may_be_readable_ = false;
    enter(State::waiting, service_.limits.idle_timeout);
}

void Connection::linger() {
    channel_->end_output();
    enter(State::lingering, kLinger);
}

// Below the TLS layer on purpose: what still comes is of no interest to anybody.
Connection::Next Connection::discard_input() {
    std::array<char, kReceiveOctets> waste{};
    boost::system::error_code error;
    while (discarded_ < kLingerOctets) {
        const std::size_t count = socket_.read_some(boost::asio::buffer(waste), error);
        if (error == boost::asio::error::would_block) return Next::wait_read;
        if (error) break;
        discarded_ += count;
    }
    close();
    return Next::nothing;
}

bool Connection::gives_way() const {
    return state_ == State::handshaking || state_ == State::waiting || state_ == State::reading ||
           state_ == State::lingering;
}

void Connection::deadline_passed() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);  // the wait for what did not come in time
    switch (state_) {
        case State::reading: refuse(kRequestTimeout); return drive();
        case State::handling:
            answer(refused_ == 0 ? service_.overdue : transport_answer(refused_), false);
            return drive();
        case State::handshaking: ++service_.counters.handshakes_failed; return close();
        case State::waiting: channel_->end_output(); return close();
        case State::writing:
        case State::lingering:
        case State::closed: return close();
    }
}

void Connection::drain() {
    switch (state_) {
        case State::handling: return;  // `draining` closes it after the answer
        case State::writing: return after_write_ == AfterWrite::read_body ? close() : void();
        case State::waiting: channel_->end_output(); return close();
        case State::handshaking:
        case State::reading:
        case State::lingering:
        case State::closed: return close();
    }
}

void Connection::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    deadline_ = SteadyTime::max();
    boost::system::error_code ignored;
    socket_.close(ignored);  // ends the outstanding wait, whose handler then does nothing
    const auto self = shared_from_this();
    home_.remove(self);
    slot_.reset();
    memory_.give_back();
}

void Connection::enter(State state, std::chrono::milliseconds timeout) {
    state_ = state;
    deadline_ = std::chrono::steady_clock::now() + timeout;
}

void Connection::wait_for(Socket::wait_type what) {
    socket_.async_wait(what, [self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->drive();
    });
}

}  // namespace ndes::http
