// ReaderPool: read-only connections to the journal, one caller at a time each, opened when all
// others are in use and kept for the next caller.
// Knows no table. Any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/sqlite/database.h"

namespace ndes::scep {

class ReaderPool {
  public:
    explicit ReaderPool(std::filesystem::path path) : path_(std::move(path)) {}

    // Calls `read` with a connection that nobody else uses meanwhile. storage when none opens.
    template <class T>
    Result<T> with(const std::function<Result<T>(sqlite::Database&)>& read) {
        auto reader = take();
        if (!reader) return pass_on(reader);
        Result<T> result = read(**reader);
        give_back(std::move(*reader));
        return result;
    }

  private:
    using Reader = std::unique_ptr<sqlite::Database>;

    Result<Reader> take() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                Reader reader = std::move(idle_.back());
                idle_.pop_back();
                return reader;
            }
        }
        auto opened = sqlite::Database::open(path_, sqlite::OpenMode::read_only);
        if (!opened) return pass_on(opened, "journal");
        return std::make_unique<sqlite::Database>(std::move(*opened));
    }

    void give_back(Reader reader) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(reader));
    }

    std::filesystem::path path_;
    // Guards the list alone, for a push or a pop; without it two threads would share a connection.
    std::mutex mutex_;
    std::vector<Reader> idle_;
};

}  // namespace ndes::scep
