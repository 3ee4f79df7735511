// MetricsCollector: what stands somewhere already is put into the metrics when somebody asks for
// them: answers, transports, Notify calls, certificates, CRLs, health.
// One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scep-server/journal/journal.h"
#include "scep-server/listeners.h"
#include "scep-server/metrics/ndes_metrics.h"
#include "scep-server/own_certificates.h"
#include "scep-server/profile.h"

namespace ndes::scep {

// All outlive the collector.
struct CollectorParts {
    NdesMetrics& metrics;
    Journal& journal;
    const std::vector<std::unique_ptr<Profile>>& profiles;
    const OwnCertificates& own;
    std::function<const Listeners*()> listeners;  // null before they listen
    std::function<int()> health_status;           // 0 Online, 1 Failed, 4 Undefined
};

class MetricsCollector {
  public:
    explicit MetricsCollector(CollectorParts parts) : parts_(std::move(parts)) {}

    // All metrics as they are now, in Prometheus' text format.
    std::string text();

  private:
    void collect_profiles();
    void collect_listeners();

    const CollectorParts parts_;
};

}  // namespace ndes::scep
