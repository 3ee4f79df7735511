// What the CRP's answers mean: one function per verb, from status and body to a verdict or a
// fault. Anything unforeseen is a fault, never a yes. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/crp_protocol/verify_v1.h"
#include "policy-module/crp_client/crp_client.h"

namespace ndes::policy {

// 201 with a complete verdict for `transaction_id`, yes or no. Another status, type or body: a
// fault.
Outcome<crp_protocol::VerifyAnswer> read_verify_answer(const CrpResponse& response,
                                                       std::string_view transaction_id);

// 204.
Outcome<void> read_notify_answer(const CrpResponse& response);

// 201 with a challenge that is not empty.
Outcome<std::string> read_challenge_answer(const CrpResponse& response);

// The fault that a status other than 2xx stands for: 401 and 403 access_denied; 408, 425, 429 and
// 5xx unavailable; 409, 410 and 404 for an unknown record refused; 400, 413, 414, 415, 422 and 431
// invalid_argument; the rest failed. The text carries reason and detail of the problem document
// (RFC 9457) if there is one, and for a 403 over a client certificate IIS' number ("403.16").
Fault fault_of_status(const CrpResponse& response);

}  // namespace ndes::policy
