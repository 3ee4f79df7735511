// SingleFlight: of concurrent callers with one key, the first works and the others get its value.
// Knows nothing of keys or values. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace ndes::scep {

template <class Key, class Value>
class SingleFlight {
  public:
    struct Landed {
        std::shared_ptr<const Value> value;  // null: the one at work was not done in time, or threw
        bool shared = false;                 // the value is another caller's work
    };

    // `patience`: how long a caller waits for another's work. What `work` throws passes through.
    Landed run(const Key& key, const std::function<Value()>& work,
               std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        const auto [place, first] = flights_.try_emplace(key);
        if (!first) return wait_for(place->second, lock, patience);
        const auto flight = std::make_shared<Flight>();
        place->second = flight;
        lock.unlock();
        try {
            auto value = std::make_shared<const Value>(work());
            land(key, *flight, value);
            return {std::move(value), false};
        } catch (...) {
            land(key, *flight, nullptr);
            throw;
        }
    }

  private:
    struct Flight {
        std::condition_variable landed;
        bool has_landed = false;
        std::shared_ptr<const Value> value;
    };

    void land(const Key& key, Flight& flight, std::shared_ptr<const Value> value) {
        const std::lock_guard lock(mutex_);
        flight.value = std::move(value);
        flight.has_landed = true;
        flights_.erase(key);
        flight.landed.notify_all();
    }

    Landed wait_for(std::shared_ptr<Flight> flight, std::unique_lock<std::mutex>& lock,
                    std::chrono::milliseconds patience) {
        flight->landed.wait_for(lock, patience, [&] { return flight->has_landed; });
        return {flight->value, true};
    }

    // Guards the map and the values for a look-up, never during work; without it two callers
    // would both be first.
    std::mutex mutex_;
    std::map<Key, std::shared_ptr<Flight>> flights_;
};

}  // namespace ndes::scep
