#include "policy-module/adapters/module_context.h"

#include <thread>

#include <unistd.h>

#include "common/logging/cmtrace.h"
#include "policy-module/adapters/abi_values.h"
#include "policy-module/crp_client/https_crp_client.h"

namespace ndes::policy {
namespace {

std::string_view view(ndes_policy_string text) {
    return text.data ? std::string_view(text.data, text.length) : std::string_view();
}

void pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

}  // namespace

Result<std::unique_ptr<ModuleContext>> ModuleContext::create(const ndes_policy_host& host) {
    std::unique_ptr<ModuleContext> context(new ModuleContext(host));
    context->log().write(Severity::info, "==========[ NDES policy module started in process " +
                                             std::to_string(::getpid()) + " ]==========");
    context->log().write(Severity::info, "Calling Initialize...");
    auto ready = context->set_up(host);
    if (!ready) {
        context->log().write(Severity::error, ready.error().text);
        return pass_on(ready);
    }
    return context;
}

Result<void> ModuleContext::set_up(const ndes_policy_host& host) {
    auto config = load_module_config(std::string(view(host.config_path)));
    if (!config) return pass_on(config);
    log().write(Severity::info, "certificate registration point web server is " + config->crp.host);

    auto identity = ClientIdentityKeeper::open(
        {config->certificate_file, config->key_file, config->server_ca_file, config->crp.host},
        system_clock(), log_);
    if (!identity) {
        log().write(Severity::error, "Failed to retrieve client certificate. Error " +
                                         std::to_string(NDES_POLICY_E_FAIL));
        return pass_on(identity);
    }
    identity_ = std::move(*identity);
    log().write(Severity::info, "NDES thumbprint is " + identity_->current()->thumbprint + ".");
    log().write(Severity::info, "certificate registration point webservice URL is " +
                                    config->crp.base_path.substr(1));
    log().write(Severity::info, "CA Issuer Name is " + loggable(view(host.ca_name)));
    log().write(Severity::info,
                "Certificate registration port number is " + std::to_string(config->crp.port));

    client_ = make_https_crp_client({config->crp.host, config->crp.port, config->attempt_timeout},
                                    *identity_, system_clock());
    core_ = std::make_unique<PolicyCore>(
        PolicyCoreOptions{config->crp.base_path, config->attempt_timeout, config->total_timeout,
                          config->attempts},
        *client_, system_clock(), system_random(), &pause, log_);
    return {};
}

}  // namespace ndes::policy
