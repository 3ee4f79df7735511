// IoThread: one thread with one event loop and the connections pinned to it, so that a connection
// needs no lock. Watches their deadlines. Everything but post() and finish() runs on the thread.
#pragma once

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ndes::http {

class Connection;

class IoThread {
  public:
    IoThread();
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    boost::asio::io_context& context() { return context_; }

    // Any thread.
    template <class Work>
    void post(Work&& work) {
        boost::asio::post(context_, std::forward<Work>(work));
    }

    void add(std::shared_ptr<Connection> connection);
    void remove(const std::shared_ptr<Connection>& connection);

    // Closes, of the connections that give way, the one with the earliest deadline; false if there
    // is none.
    bool make_room();

    void drain_all();
    void abort_all();

    // IMF-fixdate of this second (RFC 9110 section 5.6.7).
    std::string_view date();

    // Returns when all connections are closed and the thread has ended. Not from the thread.
    void finish();

  private:
    void watch_deadlines();

    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    boost::asio::steady_timer tick_;
    bool ticking_ = false;
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    std::time_t date_second_ = 0;
    std::string date_;
    std::thread thread_;
};

}  // namespace ndes::http
