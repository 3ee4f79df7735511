// ReaderPool: read-only connections with their statements, lent to one thread at a time.
// Knows no query. Any thread may call lend().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "common/error.h"
#include "common/sqlite/database.h"
#include "crp-service/store/sqlite/statements.h"

namespace ndes::crp {

class ReaderPool {
  public:
    struct Reader {
        explicit Reader(sqlite::Database opened)
            : database(std::move(opened)), prepare(database), reads(prepare) {}
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        sqlite::Database database;
        Preparer prepare;  // refers to `database`
        Reads reads;
    };

    // Gives its reader back with the scope.
    class Loan {
      public:
        Loan(ReaderPool& pool, std::unique_ptr<Reader> reader)
            : pool_(&pool), reader_(std::move(reader)) {}
        Loan(Loan&&) noexcept = default;
        Loan& operator=(Loan&&) = delete;
        ~Loan() {
            if (reader_) pool_->give_back(std::move(reader_));
        }
        Reads& reads() { return reader_->reads; }

      private:
        ReaderPool* pool_;
        std::unique_ptr<Reader> reader_;
    };

    static Result<std::unique_ptr<ReaderPool>> open(const std::filesystem::path& path,
                                                    std::size_t count);

    // unavailable when none comes free within a few seconds. The pool outlives the loan.
    Result<Loan> lend();

  private:
    void give_back(std::unique_ptr<Reader> reader);

    std::mutex mutex_;  // guards free_; held for the move of one pointer
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Reader>> free_;
};

}  // namespace ndes::crp
