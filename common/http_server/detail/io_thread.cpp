#include "common/http_server/detail/io_thread.h"

#include <array>
#include <vector>

#include "common/http_server/detail/connection.h"
#include "common/http_server/detail/quiet_thread.h"

namespace ndes::http {
namespace {

// How late a deadline may be noticed. One look at all connections costs less than a timer each,
// which every request would have to set and cancel.
constexpr std::chrono::milliseconds kTick{50};

constexpr int kSingleThreaded = 1;  // asio's concurrency hint

}  // namespace

IoThread::IoThread()
    : context_(kSingleThreaded),
      keep_running_(context_.get_executor()),
      tick_(context_),
      thread_(start_quiet_thread("http-io", [this] { context_.run(); })) {}

IoThread::~IoThread() { finish(); }

void IoThread::add(std::shared_ptr<Connection> connection) {
    connections_.insert(std::move(connection));
    if (!ticking_) watch_deadlines();
}

void IoThread::remove(const std::shared_ptr<Connection>& connection) {
    connections_.erase(connection);
}

bool IoThread::make_room() {
    std::shared_ptr<Connection> chosen;
    for (const auto& connection : connections_) {
        const bool earlier = !chosen || connection->deadline() < chosen->deadline();
        if (earlier && connection->gives_way()) chosen = connection;
    }
    if (chosen) chosen->abort();
    return chosen != nullptr;
}

// Both act on a copy: a connection that closes takes itself off the list.
void IoThread::drain_all() {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all)
        connection->drain();
}

void IoThread::abort_all() {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all)
        connection->abort();
}

std::string_view IoThread::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        std::tm fields{};
        std::array<char, 32> text{};
        ::gmtime_r(&now, &fields);
        // The names are English whatever the locale, as long as nobody calls setlocale.
        date_.assign(text.data(),
                     std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &fields));
        date_second_ = now;
    }
    return date_;
}

void IoThread::finish() {
    if (!thread_.joinable()) return;
    post([this] {
        abort_all();
        keep_running_.reset();
        tick_.cancel();
    });
    thread_.join();
}

void IoThread::watch_deadlines() {
    ticking_ = !connections_.empty();
    if (!ticking_) return;
    tick_.expires_after(kTick);
    tick_.async_wait([this](const boost::system::error_code&) {
        const auto now = std::chrono::steady_clock::now();
        std::vector<std::shared_ptr<Connection>> late;
        for (const auto& connection : connections_) {
            if (connection->deadline() <= now) late.push_back(connection);
        }
        for (const auto& connection : late)
            connection->deadline_passed();
        watch_deadlines();
    });
}

}  // namespace ndes::http
