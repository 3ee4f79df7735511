// The health listener's answers: plain HTTP, no certificate, nothing secret. Any thread.
#pragma once

#include "common/http_server/http_message.h"
#include "crp-service/http/self_check.h"
#include "crp-service/metrics/crp_metrics.h"

namespace ndes::crp {

// GET / and /healthz: {"status":0|1|4,"text":…,"checks":[…]}, 200 when Online, else 503; with
// ?run=1 after a fresh run of every check, at most one in ten seconds.
// GET /livez: 200 as long as the process answers. GET /readyz: 200 when Online, else 503; ?verbose
// gives one line for each check, ?exclude=NAME (any number) leaves checks out of the answer.
// GET /metrics: Prometheus' text format. All but ?run=1 show what was found out before, so that
// however many probes cannot load the store.
http::Response answer_health(const http::Request& request, SelfCheck& check,
                             const CrpMetrics& metrics);

}  // namespace ndes::crp
