// Service: what all connections of one server share. Immutable but for what is thread-safe itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "common/http_server/detail/connection_limits.h"
#include "common/http_server/detail/memory_budget.h"
#include "common/http_server/detail/worker_pool.h"
#include "common/http_server/http_server.h"

namespace ndes::http {

using SteadyTime = std::chrono::steady_clock::time_point;

struct AtomicCounters {
    std::atomic<std::uint64_t> connections_accepted{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused_malformed{0};
    std::atomic<std::uint64_t> refused_busy{0};
    std::atomic<std::uint64_t> handshakes_failed{0};
};

struct Service {
    Service(const ServerOptions& options, Handler request_handler)
        : limits(options.limits),
          server_name(options.server_name),
          overdue(options.overdue),
          handler(std::move(request_handler)),
          refusal(options.refusal),
          connections(limits.connections, limits.connections_per_address),
          memory(limits.large_request_octets),
          workers(options.worker_threads, limits.queued_requests) {}

    const ServerLimits limits;
    const std::string server_name;
    const Response overdue;
    const Handler handler;
    const Refusal refusal;  // may be empty
    AtomicCounters counters;
    std::atomic<bool> draining{false};  // once set, never cleared: no connection starts a request
    ConnectionLimits connections;
    MemoryBudget memory;
    WorkerPool workers;  // last: its threads end before what they use
};

}  // namespace ndes::http
