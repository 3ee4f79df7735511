// The log callback that the host lends to a module. Whatever the module passes, one harmless line
// comes of it, and no exception goes back. Any thread.
#pragma once

#include "common/logging/log.h"
#include "policy-module/include/ndes_policy.h"

namespace ndes::scep {

// While one lives, lines of this thread that name no transaction belong to this one: a module may
// log from code that does not know whom it works for.
class ModuleCallFor {
  public:
    explicit ModuleCallFor(std::string_view transaction_id);  // outlives this object
    ~ModuleCallFor();
    ModuleCallFor(const ModuleCallFor&) = delete;
    ModuleCallFor& operator=(const ModuleCallFor&) = delete;
};

// `log_context` is a Log*. Text longer than a CMTrace line holds is cut.
extern "C" void ndes_policy_host_log(void* log_context, ndes_policy_severity severity,
                                     ndes_policy_string text, ndes_policy_string transaction_id,
                                     const char* file, int32_t line);

}  // namespace ndes::scep
