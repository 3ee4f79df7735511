// check_module: takes a policy module through everything that a host does with it, and tells how
// each step ended: the loader's steps, the exported symbols, a dry call of each verb.
// Knows no command line. The module's code runs in this process: call it in a child.
#pragma once

#include <functional>
#include <string>

#include "common/bytes.h"
#include "common/logging/log.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

struct CheckFinding {
    enum class Kind { ok, warning, failed };
    Kind kind = Kind::ok;
    std::string step;
    std::string detail;  // may be empty
};

struct ModuleCheckOptions {
    PolicyModuleOptions module;
    // PKCS#10, DER, without a challenge: for VerifyRequest. Empty: no verb but Initialize and
    // Uninitialize is called.
    Bytes certificate_request;
};

// False when a step failed. A verb that returns an error keeps its promises: that is told, and no
// failure. A yes to a request without a challenge is a warning. `log` gets the module's lines.
bool check_module(const ModuleCheckOptions& options, Log& log,
                  const std::function<void(const CheckFinding&)>& tell);

}  // namespace ndes::scep
