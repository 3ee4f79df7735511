// Reads what a module handed out, trusting nothing: a module may be written by anybody, and a
// broken promise must never look like a yes. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/error.h"
#include "policy-module/include/ndes_policy.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// "0x80004005".
std::string hex_of(ndes_policy_result result);

// The Error that an error result stands for: timeout; unavailable where time or an operator can
// help (the CRP is away, refuses us, or its certificate does not count); internal for the rest.
// The detail carries the number.
Error error_of(ndes_policy_result result, std::string_view verb);

// internal when a promise of ndes_policy.h is broken (verified neither 0 nor 1, NULL with a
// length, text that is not UTF-8, counts or lengths beyond reason, validity not positive, unknown
// alternative name or key usage); the detail says which.
Result<PolicyAnswer> read_answer(const ndes_policy_verify_output& output,
                                 std::string_view template_name);

// A challenge of 1 to 8192 octets of printable ASCII.
Result<std::string> read_challenge(ndes_policy_string challenge);

}  // namespace ndes::scep
