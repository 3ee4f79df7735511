// CrpMetrics: what crpd counts. Names and labels are listed in crp-service/README.md.
// No label holds a device, user, challenge or transaction: their number has no bound.
// count_*, the observer's functions and text(): any thread, without a lock once a combination of
// labels has occurred. show_*: one thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/metrics/metric_set.h"
#include "crp-service/validation/verify_observer.h"

namespace ndes::crp {

// Of one sink.
struct SinkSample {
    std::string sink;
    std::int64_t waiting = 0;
    std::int64_t dead = 0;
    double oldest_s = 0;  // age of the oldest waiting message
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    bool is_up = true;
};

// Counts of the transport, since the start.
struct ServerSample {
    std::uint64_t connections_open = 0;
    std::uint64_t handshakes_failed = 0;
    std::uint64_t refused_malformed = 0;
    std::uint64_t refused_busy = 0;
};

class CrpMetrics final : public VerifyObserver {
  public:
    // `endpoints`: names of the API's endpoints, count_request takes their place in it; the last
    // one stands for every path that does not exist.
    CrpMetrics(std::string_view version, const std::vector<std::string>& endpoints);
    ~CrpMetrics() override;

    void count_request(std::size_t endpoint, int status, SteadyTime::duration time);
    // `reason`: of the problem catalogue.
    void count_rejection(std::string_view reason);
    void count_reload(bool done);
    // At the start, and after each reload that was done.
    void config_taken(WallTime read_at, bool restart_needed);

    void phase_took(int phase, SteadyTime::duration time) override;
    void verdict_recorded(const Decision& decision) override;
    void write_took(std::string_view write, SteadyTime::duration time) override;
    void outcome_recorded(TransactionState outcome) override;
    void certificate_deviated() override;

    void show_sinks(const std::vector<SinkSample>& sinks);
    void show_server(const ServerSample& server);
    void show_status(int status);
    void show_crl(std::string_view use, WallTime next_update);
    void show_certificates(const std::vector<MetricSet::UsedCertificate>& certificates);
    void show_outstanding_challenges(std::string_view kind, std::int64_t count);

    std::string text() const;

  private:
    struct Families;
    MetricSet set_;
    std::unique_ptr<Families> families_;
};

}  // namespace ndes::crp
