// ReaderPool: read-only connections with their statements, lent to one thread at a time.
// Knows no query. Any thread may call lend() and scope().
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "common/error.h"
#include "common/sqlite/database.h"
#include "crp-service/store/sqlite/record_cache.h"
#include "crp-service/store/sqlite/statements.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class ReaderPool {
  public:
    struct Reader {
        explicit Reader(sqlite::Database opened)
            : database(std::move(opened)),
              prepare(database),
              reads(prepare),
              begin(prepare("BEGIN")),
              end(prepare("COMMIT")) {}
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        sqlite::Database database;
        Preparer prepare;  // refers to `database`
        Reads reads;
        Statement begin;
        Statement end;
        RecordCache::Epoch epoch = 0;  // of the cache, before the snapshot in use began
    };

    // Gives its reader back with the scope; that of the thread's Scope stays there.
    class Loan {
      public:
        Loan(ReaderPool& pool, std::unique_ptr<Reader> reader)
            : pool_(&pool), reader_(reader.get()), own_(std::move(reader)) {}
        explicit Loan(Reader& reader) : reader_(&reader) {}
        Loan(Loan&&) noexcept = default;
        Loan& operator=(Loan&&) = delete;
        ~Loan() {
            if (own_) pool_->give_back(std::move(own_));
        }
        Reads& reads() { return reader_->reads; }
        sqlite::Database& database() { return reader_->database; }
        RecordCache::Epoch epoch() const { return reader_->epoch; }

      private:
        ReaderPool* pool_ = nullptr;
        Reader* reader_;
        std::unique_ptr<Reader> own_;
    };

    static Result<std::unique_ptr<ReaderPool>> open(const std::filesystem::path& path,
                                                    std::size_t count);

    // unavailable when none comes free within a few seconds. The pool outlives the loan.
    Result<Loan> lend();

    // What this thread borrows until the scope ends is one reader in one transaction. Null when
    // none is free, or the thread has a scope already: its reads then go on as they do.
    std::unique_ptr<Store::ReadScope> scope();

    RecordCache& cache() { return cache_; }
    // Of the snapshot that this thread's reads see.
    RecordCache::Epoch epoch_of_this_thread() const;

  private:
    class Scope;
    Result<std::unique_ptr<Reader>> take();
    void give_back(std::unique_ptr<Reader> reader);

    std::mutex mutex_;  // guards free_; held for the move of one pointer
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Reader>> free_;
    RecordCache cache_;
};

}  // namespace ndes::crp
