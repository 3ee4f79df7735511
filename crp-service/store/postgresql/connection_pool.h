// ConnectionPool: a bounded number of connections for reads, opened when they are first needed,
// replaced when the server has closed them, lent to one thread at a time.
// Knows no query. Any thread may call lend() and scope().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/error.h"
#include "crp-service/store/postgresql/connection.h"
#include "crp-service/store/store.h"

namespace ndes::crp::pg {

class ConnectionPool {
  public:
    // Gives its connection back with the scope; that of the thread's Scope stays there.
    class Loan {
      public:
        Loan(ConnectionPool& pool, std::unique_ptr<Connection> connection)
            : pool_(&pool), connection_(connection.get()), own_(std::move(connection)) {}
        explicit Loan(Connection& connection) : connection_(&connection) {}
        Loan(Loan&&) noexcept = default;
        Loan& operator=(Loan&&) = delete;
        ~Loan() {
            if (own_) pool_->give_back(std::move(own_));
        }
        Connection* operator->() { return connection_; }
        Connection& operator*() { return *connection_; }

      private:
        ConnectionPool* pool_ = nullptr;
        Connection* connection_;
        std::unique_ptr<Connection> own_;
    };

    ConnectionPool(std::string connection_text, std::size_t most)
        : connection_text_(std::move(connection_text)), free_places_(most) {}

    // unavailable when none comes free within a few seconds; storage when the server cannot be
    // reached. The pool outlives the loan.
    Result<Loan> lend();

    // What this thread borrows until the scope ends is one connection in one read-only transaction
    // with one snapshot. Null when none can be had, or the thread has a scope already.
    std::unique_ptr<Store::ReadScope> scope();

  private:
    class Scope;
    Result<std::unique_ptr<Connection>> take();
    void give_back(std::unique_ptr<Connection> connection);

    const std::string connection_text_;
    std::mutex mutex_;  // guards what follows; never held while the server works
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t free_places_;  // connections that may still be opened
};

}  // namespace ndes::crp::pg
