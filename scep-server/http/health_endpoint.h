// HealthEndpoint: is ndesd fit to enrol? For probes and operators, on a listener of its own.
// Tells no secret and no request. Called from many threads at once.
#pragma once

#include <functional>
#include <string>

#include "common/http_server/http_message.h"
#include "scep-server/enroll/enrollment.h"
#include "scep-server/enroll/notify_watch.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy_watch.h"

namespace ndes::scep {

// All outlive the endpoint.
struct HealthParts {
    Journal& journal;
    NotifyWatch& notifies;
    std::function<PolicyStanding()> policy;
    std::function<int()> ra_days_left;  // the least of all profiles'
    std::function<EnrollmentCounters()> counters;
    std::function<std::string()> metrics;  // in Prometheus' text format
    std::string module_name;
    std::string ca_name;
};

class HealthEndpoint {
  public:
    explicit HealthEndpoint(HealthParts parts);

    // GET / and /healthz: 200 or 503 with JSON, status 0 Online, 1 Failed, 4 Undefined (the
    // original's numbers). /livez: 200 while we answer. /readyz: 200 or 503, with one line per
    // check when ?verbose. /metrics: Prometheus' text format.
    http::Response handle(const http::Request& request, const http::Peer& peer) const;

    int status() const;  // the number that /healthz tells

  private:
    HealthParts parts_;
};

}  // namespace ndes::scep
