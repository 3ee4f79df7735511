// RecordCache: users, devices, policies and templates as they stand in the database, so that a
// verdict need not read and decode the same few of them anew. For a file that nobody else writes
// (SqliteStore holds its lock): every write announces its key here, before and after.
//
// It gives what the database would give. A reader notes epoch() before its snapshot begins. A
// record is kept only if nothing was written since then, and is given only to readers whose
// snapshot is not older than it; a key is gone while a write of it is under way.
// Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "crp-service/domain/records.h"

namespace ndes::crp {

class RecordCache {
  public:
    using Epoch = std::uint64_t;

    // Grows with each announcement of a write.
    Epoch epoch() const { return epoch_.load(); }

    // As a snapshot begun at `snapshot` shows it; nothing: not kept, ask the database.
    template <class T>
    std::optional<T> find(std::string_view key, Epoch snapshot) {
        Kind<T>& kind = std::get<Kind<T>>(kinds_);
        const std::lock_guard guard(kind.mutex);
        const auto found = kind.records.find(key);
        if (found == kind.records.end() || found->second.since > snapshot) return std::nullopt;
        return found->second.record;
    }

    template <class T>
    void keep(std::string_view key, const T& record, Epoch snapshot) {
        Kind<T>& kind = std::get<Kind<T>>(kinds_);
        const std::lock_guard guard(kind.mutex);
        if (snapshot != epoch() || kind.writing.contains(key)) return;
        // Which one goes does not matter much: those in use come back at once.
        if (kind.records.size() >= kMostOfAKind) kind.records.erase(kind.records.begin());
        kind.records.insert_or_assign(std::string(key), Kept<T>{record, snapshot});
    }

    // Lives from before a write of `key` until after its commit.
    template <class T>
    class Change {
      public:
        Change(RecordCache& cache, std::string_view key) : cache_(cache), key_(key) {
            announce(+1);
        }
        ~Change() { announce(-1); }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

      private:
        void announce(int writers) {
            Kind<T>& kind = std::get<Kind<T>>(cache_.kinds_);
            const std::lock_guard guard(kind.mutex);
            ++cache_.epoch_;
            kind.records.erase(key_);
            if ((kind.writing[key_] += writers) == 0) kind.writing.erase(key_);
        }
        RecordCache& cache_;
        const std::string key_;
    };

  private:
    static constexpr std::size_t kMostOfAKind = 4096;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>()(key);
        }
    };
    template <class Value>
    using Map = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
    template <class T>
    struct Kept {
        T record;
        Epoch since;  // the epoch it was read in
    };
    template <class T>
    struct Kind {
        std::mutex mutex;  // guards the rest; held for a look-up and a copy
        Map<Kept<T>> records;
        Map<int> writing;  // writes of a key that are under way
    };

    std::atomic<Epoch> epoch_{0};
    std::tuple<Kind<User>, Kind<Device>, Kind<Policy>, Kind<TemplateRecord>> kinds_;
};

}  // namespace ndes::crp
