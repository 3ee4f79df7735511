// MemoryBudget: bounds what the requests of all connections together may hold in memory. A request
// of usual size holds little and never asks; only the rest of large ones is counted, so that a
// client who piles up large requests takes nothing from others.
// Knows nothing of HTTP. Any thread; a Share belongs to one.
#pragma once

#include <atomic>
#include <cstddef>

namespace ndes::http {

class MemoryBudget {
  public:
    explicit MemoryBudget(std::size_t most) : most_(most) {}

    // One holder's part of the budget; given back on destruction. The budget outlives it.
    class Share {
      public:
        explicit Share(MemoryBudget& budget) : budget_(budget) {}
        ~Share() { give_back(); }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        // From now on this part is `octets`. False, and the part as before, if the budget has not
        // as much left; becoming smaller always succeeds.
        bool resize(std::size_t octets) {
            if (octets > octets_ && !budget_.take(octets - octets_)) return false;
            if (octets < octets_) budget_.taken_ -= octets_ - octets;
            octets_ = octets;
            return true;
        }
        void give_back() { resize(0); }

      private:
        MemoryBudget& budget_;
        std::size_t octets_ = 0;
    };

  private:
    bool take(std::size_t octets) {
        std::size_t taken = taken_;
        do {
            if (octets > most_ - taken) return false;
        } while (!taken_.compare_exchange_weak(taken, taken + octets));
        return true;
    }

    const std::size_t most_;
    std::atomic<std::size_t> taken_{0};  // never over most_
};

}  // namespace ndes::http
