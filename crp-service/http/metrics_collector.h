// MetricsCollector: brings what is not counted as it happens into the metrics: backlogs, transport,
// health, certificates. Called by the main thread at its own pace, so that however many scrapes
// cannot load the store. One thread.
#pragma once

#include <chrono>
#include <optional>

#include "common/clock.h"
#include "common/http_server/http_server.h"
#include "crp-service/http/self_check.h"
#include "crp-service/metrics/crp_metrics.h"
#include "crp-service/state_messages/sinks.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class MetricsCollector {
  public:
    static constexpr std::chrono::seconds kDearInterval{60};  // between counts of challenges

    struct Parts {
        CrpMetrics& metrics;
        Store& store;
        const Clock& clock;
        const http::HttpServer& server;
        const SelfCheck& self_check;
        const Sinks* sinks;  // null: none is configured
    };
    // What Parts refers to outlives this object.
    explicit MetricsCollector(Parts parts) : parts_(parts) {}

    // What cannot be read keeps its last value; the self-check tells of it.
    void collect();

  private:
    void collect_sinks();
    void collect_challenges();
    void collect_files();

    const Parts parts_;
    std::optional<SteadyTime> counted_at_;
};

}  // namespace ndes::crp
