// NdesMetrics: what ndesd counts. Names and labels are listed in scep-server/README.md.
// No label holds a device, subject, challenge or transaction: their number has no bound.
// count_*, the observers' functions and text(): any thread. show_*: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/metrics/metric_set.h"
#include "scep-server/enroll/enroll_observer.h"
#include "scep-server/enroll/enrollment.h"

namespace ndes::scep {

// Counts of one listener's transport, since the start.
struct ListenerSample {
    std::string listener;  // "device", "admin"
    std::uint64_t connections_open = 0;
    std::uint64_t handshakes_failed = 0;
    std::uint64_t refused_malformed = 0;
    std::uint64_t refused_busy = 0;
};

class NdesMetrics {
  public:
    // `profiles`: their names, which may be empty, in the order of observer().
    NdesMetrics(std::string_view version, const std::vector<std::string>& profiles);
    ~NdesMetrics();

    EnrollObserver& observer(std::size_t profile);  // lives as long as the metrics

    void count_event(int number);  // of the original's events; others do not count
    void count_reload(bool done);
    void count_renewal(const std::string& what, bool done);  // "ra", "client"

    void show_answers(const std::string& profile, const EnrollmentCounters& counters);
    void show_listener(const ListenerSample& sample);
    void show_status(int status);  // 0 Online, 1 Failed, 4 Undefined
    void show_notifies(std::size_t waiting, std::size_t dead);
    void show_crl(const std::string& profile, WallTime next_update);
    void show_certificates(const std::vector<MetricSet::UsedCertificate>& certificates);

    std::string text() const;

  private:
    struct Families;
    class ProfileObserver;
    MetricSet set_;
    std::unique_ptr<Families> families_;
    std::vector<std::unique_ptr<ProfileObserver>> observers_;
};

}  // namespace ndes::scep
