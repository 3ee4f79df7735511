// ConnectionLimits: counts open connections, in all and per address, and admits no more than
// allowed. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace ndes::http {

class ConnectionLimits {
  public:
    // One admitted connection; gives its place back on destruction. The limits outlive it.
    class Slot {
      public:
        Slot(ConnectionLimits& limits, std::string key);
        Slot(Slot&& other) noexcept;
        Slot& operator=(Slot&&) = delete;
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot();

      private:
        ConnectionLimits* limits_;
        std::string key_;
    };

    ConnectionLimits(std::size_t most, std::size_t most_per_key)
        : most_(most), most_per_key_(most_per_key) {}

    // Absent: over a limit. `key`: what counts as one client.
    std::optional<Slot> admit(const std::string& key);

    std::size_t open() const;

    // False if connections are still open after `timeout`.
    bool wait_until_none(std::chrono::milliseconds timeout);

  private:
    void release(const std::string& key);

    const std::size_t most_;
    const std::size_t most_per_key_;
    // Guards what follows; held for one look-up, once per connection opened or closed.
    mutable std::mutex mutex_;
    std::condition_variable none_open_;
    std::unordered_map<std::string, std::size_t> open_per_key_;
    std::size_t open_ = 0;
};

}  // namespace ndes::http
