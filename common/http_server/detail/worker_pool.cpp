#include "common/http_server/detail/worker_pool.h"

#include <utility>

#include "common/http_server/detail/quiet_thread.h"

namespace ndes::http {

WorkerPool::WorkerPool(std::size_t threads, std::size_t most_queued) : most_queued_(most_queued) {
    try {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.push_back(start_quiet_thread("http-worker", [this] { work(); }));
        }
    } catch (...) {
        stop();  // the destructor will not run, and a thread must be joined
        throw;
    }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(std::shared_ptr<Task> task) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || queue_.size() >= most_queued_ + sleeping_) return false;
        queue_.push_back(std::move(task));
        // One wake-up at a time: the woken worker wakes the next if there is more to do. A burst
        // of short tasks then costs one system call, not one each.
        wake = sleeping_ > 0 && !waking_;
        waking_ = waking_ || wake;
    }
    if (wake) wake_.notify_one();
    return true;
}

void WorkerPool::stop() {
    std::deque<std::shared_ptr<Task>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(queue_);
    }
    wake_.notify_all();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void WorkerPool::work() {
    while (const auto task = next_task())
        task->run();
}

std::shared_ptr<Task> WorkerPool::next_task() {
    std::unique_lock lock(mutex_);
    while (queue_.empty() && !stopped_) {
        ++sleeping_;
        wake_.wait(lock);
        --sleeping_;
        waking_ = false;  // also if another worker was quicker, or nobody would be woken again
    }
    if (queue_.empty()) return nullptr;
    auto task = std::move(queue_.front());
    queue_.pop_front();
    const bool wake_next = !queue_.empty() && sleeping_ > 0 && !waking_;
    waking_ = waking_ || wake_next;
    lock.unlock();
    if (wake_next) wake_.notify_one();
    return task;
}

}  // namespace ndes::http
