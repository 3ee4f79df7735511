// MetricSet: a program's metrics in Prometheus' text format, and the samples that all programs
// have. On prometheus-cpp core alone: no HTTP of its own. Counting is lock-free once a counter was
// resolved; text() may run beside it. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "common/crypto/certificate.h"

namespace ndes {

inline constexpr std::string_view kMetricsMediaType = "text/plain; version=0.0.4; charset=utf-8";

// Seconds, for calls that end within some milliseconds when all is well.
prometheus::Histogram::BucketBoundaries call_buckets();

// New families, which live as long as the registry.
prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name,
                                                 const char* help);
prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name,
                                             const char* help);
prometheus::Family<prometheus::Histogram>& histogram(prometheus::Registry& registry,
                                                     const char* name, const char* help);

class MetricSet {
  public:
    MetricSet(std::string_view program, std::string_view version);

    prometheus::Registry& registry() { return registry_; }

    // x509_cert_not_before and x509_cert_not_after in seconds since 1970, with the label names of
    // x509-certificate-exporter. `use`: what the program needs it for. A certificate that replaces
    // another one in its use replaces its samples.
    struct UsedCertificate {
        std::string use;  // "server", "client-ca", …
        Certificate certificate;
    };
    void show_certificates(const std::vector<UsedCertificate>& certificates);

    // Exposition format 0.0.4.
    std::string text() const;

  private:
    prometheus::Registry registry_;
    prometheus::Family<prometheus::Gauge>& not_before_;
    prometheus::Family<prometheus::Gauge>& not_after_;
    std::vector<prometheus::Gauge*> shown_;  // pairs: not before, not after
    std::string shown_key_;
};

}  // namespace ndes
