// PolicyCore: the module's verbs. Asks a CRP, repeats what may be repeated, there or at another,
// within the time allowed, and writes the original's log lines. All three calls may be repeated:
// the CRPs de-duplicate them by request ID.
// Knows no ABI and no HTTP library. All functions may be called from many threads at once.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/crp_protocol/notify_v1.h"
#include "common/crp_protocol/verify_v1.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "policy-module/crp_client/crp_pool.h"

namespace ndes::policy {

struct PolicyCoreOptions {
    std::chrono::milliseconds attempt_timeout{5'000};
    std::chrono::milliseconds total_timeout{12'000};
    int attempts = 3;  // of one verb; at least one for each CRP
};

// Waits for the time given; a test has it return at once.
using Pause = std::function<void(std::chrono::milliseconds)>;

class PolicyCore {
  public:
    // The references outlive the object.
    PolicyCore(PolicyCoreOptions options, CrpPool& pool, const Clock& clock, Random& random,
               Pause pause, Log& log);

    // Yes or no as the CRP decided; a fault when it could not be asked. Never changes what the
    // challenge is worth: notify() does.
    Outcome<crp_protocol::VerifyAnswer> verify(const crp_protocol::VerifyRequest& request);

    // Success: the CRP has recorded the outcome. May be repeated with the same arguments.
    Outcome<void> notify(const crp_protocol::NotifyRequest& request);

    // A fresh challenge for the device that `params` names. The text is a secret.
    Outcome<std::string> generate_challenge(std::string_view template_name,
                                            std::string_view params);

  private:
    struct Question {
        std::string path;  // below the service's own
        std::string body;
        std::string request_id;
        std::string transaction_id;  // for the log; may be empty
        std::string_view returns;    // how a log line on the answer begins
    };

    // Sends until a CRP answers with something else than "not now".
    Outcome<CrpResponse> ask(const Question& question);
    Outcome<CrpResponse> attempt(const Question& question, CrpPool::Way& way, SteadyTime deadline);
    bool prepare_next(const Question& question, const Fault& fault, CrpPool::Way& way, int number,
                      SteadyTime last);
    template <class T>
    Outcome<T> tell_fault(const Question& question, Outcome<T> result) const;
    void tell(const Question& question, const Fault& fault, Severity severity) const;
    std::chrono::milliseconds pause_before(int next_attempt) const;

    const PolicyCoreOptions options_;
    CrpPool& pool_;
    const Clock& clock_;
    Random& random_;
    const Pause pause_;
    Log& log_;
};

}  // namespace ndes::policy
