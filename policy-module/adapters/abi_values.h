// Between the C interface's values and ours. Nothing here judges; a value that breaks a promise of
// ndes_policy.h is refused. Pure functions; VerifyStorage belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/crp_protocol/notify_v1.h"
#include "common/crp_protocol/verify_v1.h"
#include "policy-module/crp_client/crp_client.h"
#include "policy-module/include/ndes_policy.h"

namespace ndes::policy {

// The HRESULT of each kind of fault.
ndes_policy_result result_of(FaultKind kind);

// "0x0", "0x80004005": as the log lines have it.
std::string hex_of(ndes_policy_result result);

// Copies; invalid_argument on NULL with a length or text that is not UTF-8.
Outcome<std::string> read_text(ndes_policy_string text, std::string_view name);
Outcome<crp_protocol::VerifyRequest> read_input(const ndes_policy_verify_input& input);
Outcome<crp_protocol::NotifyRequest> read_input(const ndes_policy_notify_input& input);

// What an output points to. The host may read it until this thread's next call.
class VerifyStorage {
  public:
    // Keeps `answer` and fills `output`, whose `size` the host has set.
    void give(crp_protocol::VerifyAnswer answer, ndes_policy_verify_output& output);

  private:
    void give_contents(ndes_policy_verify_output& output);

    crp_protocol::VerifyAnswer answer_;
    std::vector<ndes_policy_alt_name> alt_names_;
    std::vector<ndes_policy_string> extended_key_usage_;
};

// As no one answered: verified 0, everything else empty. Leaves `size`.
void clear(ndes_policy_verify_output& output);

}  // namespace ndes::policy
