#include "crp-service/store/postgresql/connection_pool.h"

#include <chrono>
#include <utility>

#include "common/clock.h"

namespace ndes::crp::pg {
namespace {

constexpr std::chrono::seconds kPatienceForConnection{5};
constexpr Statement kBeginReading{"begin_reading",
                                  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
constexpr Statement kEnd{"end_reading", "COMMIT"};

}  // namespace

// The connection that this thread's reads share, while it has a scope.
class ConnectionPool::Scope final : public Store::ReadScope {
  public:
    Scope(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {
        current = this;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() override {
        current = nullptr;
        connection_->queue(kEnd);
        static_cast<void>(connection_->collect());
        pool_.give_back(std::move(connection_));
    }

    static Connection* of_this_thread(const ConnectionPool& pool) {
        const bool is_its = current != nullptr && &current->pool_ == &pool;
        return is_its ? current->connection_.get() : nullptr;
    }
    static bool exists() { return current != nullptr; }

  private:
    static thread_local Scope* current;
    ConnectionPool& pool_;
    std::unique_ptr<Connection> connection_;
};
thread_local ConnectionPool::Scope* ConnectionPool::Scope::current = nullptr;

std::unique_ptr<Store::ReadScope> ConnectionPool::scope() {
    if (Scope::exists()) return nullptr;
    auto connection = take();
    if (!connection) return nullptr;
    (*connection)->queue(kBeginReading);  // goes with the first read
    return std::make_unique<Scope>(*this, std::move(*connection));
}

Result<ConnectionPool::Loan> ConnectionPool::lend() {
    if (Connection* shared = Scope::of_this_thread(*this)) return Loan(*shared);
    auto connection = take();
    if (!connection) return pass_on(connection);
    return Loan(*this, std::move(*connection));
}

Result<std::unique_ptr<Connection>> ConnectionPool::take() {
    std::unique_lock guard(mutex_);
    const auto deadline = system_clock().steady_now() + kPatienceForConnection;
    for (;;) {
        const auto possible = [this] { return !idle_.empty() || free_places_ > 0; };
        if (!returned_.wait_until(guard, deadline, possible)) {
            return fail(ErrorCode::unavailable, "every connection to the database is busy");
        }
        if (idle_.empty()) break;
        // The one used last: its session's caches are the warmest.
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_healthy()) return connection;
        ++free_places_;
    }
    --free_places_;
    guard.unlock();
    auto opened = Connection::open(connection_text_);
    if (opened) return opened;
    guard.lock();
    ++free_places_;
    returned_.notify_one();
    return opened;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
    {
        const std::lock_guard guard(mutex_);
        if (connection->is_lost()) {
            ++free_places_;
        } else {
            idle_.push_back(std::move(connection));
        }
    }
    returned_.notify_one();
}

}  // namespace ndes::crp::pg
