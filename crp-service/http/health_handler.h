// The health listener's answers: plain HTTP, no certificate, nothing secret. Any thread.
#pragma once

#include "common/http_server/http_message.h"
#include "crp-service/http/self_check.h"

namespace ndes::crp {

// GET / and /healthz: {"status":0|1|4,"text":…,"checks":[…]}, 200 when Online, else 503.
// GET /livez: 200 as long as the process answers. GET /readyz: 200 when Online, else 503, with one
// line for each check when ?verbose is given.
http::Response answer_health(const http::Request& request, const SelfCheck& check);

}  // namespace ndes::crp
