// WorkerPool: a fixed number of threads that run tasks from a bounded queue, first in first out.
// Knows nothing of HTTP. submit from any thread; stop once, not from a worker.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ndes::http {

class Task {
  public:
    virtual ~Task() = default;
    virtual void run() noexcept = 0;
};

class WorkerPool {
  public:
    // Throws std::system_error if the system has no thread to give.
    WorkerPool(std::size_t threads, std::size_t most_queued);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // False, and nothing kept, if `most_queued` tasks are waiting or the pool has been stopped.
    bool submit(std::shared_ptr<Task> task);

    // Drops what is waiting and returns when the running tasks have ended.
    void stop();

  private:
    void work();
    std::shared_ptr<Task> next_task();

    const std::size_t most_queued_;
    // Guards what follows; held for a few instructions, never while a task runs.
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::shared_ptr<Task>> queue_;
    std::size_t sleeping_ = 0;
    bool waking_ = false;  // a worker has been notified and has not looked at the queue yet
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ndes::http
