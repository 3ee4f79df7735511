// ModuleContext: everything one Initialize makes and Uninitialize ends: log, settings, identity,
// clients, core. Knows no verb's meaning.
#pragma once

#include <memory>

#include "common/error.h"
#include "policy-module/adapters/host_log.h"
#include "policy-module/core/config.h"
#include "policy-module/core/policy_core.h"
#include "policy-module/crp_client/client_identity.h"

namespace ndes::policy {

class ModuleContext {
  public:
    // Reads settings and certificates and logs them as the original's Initialize does. Starts no
    // thread and opens no connection. configuration on failure, already logged.
    static Result<std::unique_ptr<ModuleContext>> create(const ndes_policy_host& host);

    Log& log() { return log_; }
    PolicyCore& core() { return *core_; }

  private:
    explicit ModuleContext(const ndes_policy_host& host) : log_(host) {}
    Result<void> set_up(const ndes_policy_host& host);
    Result<void> take_identity(const ModuleConfig& config);
    void build_core(const ModuleConfig& config);

    HostLog log_;
    std::unique_ptr<ClientIdentityKeeper> identity_;
    std::unique_ptr<CrpPool> pool_;
    std::unique_ptr<PolicyCore> core_;
};

}  // namespace ndes::policy
