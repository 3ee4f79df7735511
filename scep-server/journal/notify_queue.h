// NotifyQueue: the Notify calls that the policy module has not acknowledged, and those that it will
// never take (dead letters); part of the journal, so that neither a restart nor a power cut loses
// one. Rows come in with Journal::record_* and PendingRequests. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "scep-server/journal/journal_entries.h"

namespace ndes::scep {

// A Notify as an operator sees it: without challenge and certificate.
struct NotifyRow {
    std::int64_t id = 0;
    std::string profile;
    std::string transaction_id;
    std::string request_id;
    std::int32_t disposition = -1;
    std::int32_t last_result = 0;
    std::string serial;  // of the certificate; empty without one
    int attempts = 0;
    WallTime recorded_at{};
    WallTime next_attempt{};
    std::optional<WallTime> dead_at;  // absent: it is still told
    std::string last_error;           // of the last attempt; empty before the first
};

struct NotifyCensus {
    std::size_t waiting = 0;  // due or not
    std::size_t dead = 0;
    std::optional<WallTime> oldest;  // recorded then and waiting still
};

enum class NotifyKind { all, waiting, dead };

class NotifyQueue {
  public:
    virtual ~NotifyQueue() = default;

    // Those due now, the longest due first, at most one per transaction: its oldest that is no dead
    // letter, which holds back its later ones until it is acknowledged or dead.
    virtual Result<std::vector<PendingNotify>> due(std::size_t limit) = 0;
    virtual Result<void> acknowledged(std::int64_t id) = 0;
    virtual Result<void> failed(std::int64_t id, WallTime next_attempt, std::string_view why) = 0;
    // It will never be taken: on the list of dead letters from now on.
    virtual Result<void> bury(std::int64_t id, std::string_view why) = 0;

    virtual Result<NotifyCensus> census() = 0;
    // With greater IDs than `after`, oldest first.
    virtual Result<std::vector<NotifyRow>> list(std::int64_t after, std::size_t limit,
                                                NotifyKind kind) = 0;

    // Due now, as if new; a dead letter waits again. not_found.
    virtual Result<void> retry(std::int64_t id) = 0;
    virtual Result<std::size_t> retry_dead() = 0;  // all of them; how many
    // Ends a dead letter for good and returns it. not_found; conflict while it is still told.
    virtual Result<NotifyRow> discard(std::int64_t id) = 0;
};

}  // namespace ndes::scep
