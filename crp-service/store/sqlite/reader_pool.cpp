#include "crp-service/store/sqlite/reader_pool.h"

#include <chrono>
#include <utility>

namespace ndes::crp {
namespace {

// Reads take well under a millisecond: whoever waits so long meets a disk that hangs.
constexpr std::chrono::seconds kPatience{5};

Result<std::unique_ptr<ReaderPool::Reader>> open_reader(const std::filesystem::path& path) {
    auto database = sqlite::Database::open(path, sqlite::OpenMode::read_only);
    if (!database) return pass_on(database);
    auto reader = std::make_unique<ReaderPool::Reader>(std::move(*database));
    if (auto prepared = reader->prepare.finish(); !prepared) return pass_on(prepared);
    return reader;
}

}  // namespace

Result<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::filesystem::path& path,
                                                     std::size_t count) {
    auto pool = std::make_unique<ReaderPool>();
    for (std::size_t i = 0; i < count; ++i) {
        auto reader = open_reader(path);
        if (!reader) return pass_on(reader);
        pool->free_.push_back(std::move(*reader));
    }
    return pool;
}

// The reader that this thread's reads share, while it has a scope.
class ReaderPool::Scope final : public Store::ReadScope {
  public:
    Scope(ReaderPool& pool, std::unique_ptr<Reader> reader)
        : pool_(pool), reader_(std::move(reader)) {
        current = this;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() override {
        current = nullptr;
        static_cast<void>(reader_->end.run());
        pool_.give_back(std::move(reader_));
    }

    static Reader* of_this_thread(const ReaderPool& pool) {
        return current != nullptr && &current->pool_ == &pool ? current->reader_.get() : nullptr;
    }
    static bool exists() { return current != nullptr; }

  private:
    static thread_local Scope* current;
    ReaderPool& pool_;
    std::unique_ptr<Reader> reader_;
};
thread_local ReaderPool::Scope* ReaderPool::Scope::current = nullptr;

std::unique_ptr<Store::ReadScope> ReaderPool::scope() {
    if (Scope::exists()) return nullptr;
    auto reader = take();
    if (!reader) return nullptr;
    if (!(*reader)->begin.run()) {
        give_back(std::move(*reader));
        return nullptr;
    }
    return std::make_unique<Scope>(*this, std::move(*reader));
}

RecordCache::Epoch ReaderPool::epoch_of_this_thread() const {
    const Reader* shared = Scope::of_this_thread(*this);
    return shared != nullptr ? shared->epoch : cache_.epoch();
}

Result<ReaderPool::Loan> ReaderPool::lend() {
    if (Reader* shared = Scope::of_this_thread(*this)) return Loan(*shared);
    auto reader = take();
    if (!reader) return pass_on(reader);
    return Loan(*this, std::move(*reader));
}

Result<std::unique_ptr<ReaderPool::Reader>> ReaderPool::take() {
    std::unique_lock guard(mutex_);
    if (!returned_.wait_for(guard, kPatience, [this] { return !free_.empty(); })) {
        return fail(ErrorCode::unavailable, "every reader of the database is busy");
    }
    // The one used last: its pages are the warmest.
    std::unique_ptr<Reader> reader = std::move(free_.back());
    free_.pop_back();
    reader->epoch = cache_.epoch();  // its snapshot begins with the first row it reads
    return reader;
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
    {
        const std::lock_guard guard(mutex_);
        free_.push_back(std::move(reader));
    }
    returned_.notify_one();
}

}  // namespace ndes::crp
