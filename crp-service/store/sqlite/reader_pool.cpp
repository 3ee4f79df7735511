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

Result<ReaderPool::Loan> ReaderPool::lend() {
    std::unique_lock guard(mutex_);
    if (!returned_.wait_for(guard, kPatience, [this] { return !free_.empty(); })) {
        return fail(ErrorCode::unavailable, "every reader of the database is busy");
    }
    // The one used last: its pages are the warmest.
    Loan loan(*this, std::move(free_.back()));
    free_.pop_back();
    return loan;
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
    {
        const std::lock_guard guard(mutex_);
        free_.push_back(std::move(reader));
    }
    returned_.notify_one();
}

}  // namespace ndes::crp
