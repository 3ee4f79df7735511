#include "policy-module/adapters/module_context.h"

#include <algorithm>
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
    for (const CrpAddress& crp : config->crps)
        log().write(Severity::info, "certificate registration point web server is " + crp.host);
    if (auto identity = take_identity(*config); !identity) {
        log().write(Severity::error, "Failed to retrieve client certificate. Error " +
                                         std::to_string(NDES_POLICY_E_FAIL));
        return pass_on(identity);
    }
    log().write(Severity::info, "NDES thumbprint is " + identity_->current()->thumbprint + ".");
    for (const CrpAddress& crp : config->crps)
        log().write(Severity::info,
                    "certificate registration point webservice URL is " + crp.base_path.substr(1));
    log().write(Severity::info, "CA Issuer Name is " + loggable(view(host.ca_name)));
    for (const CrpAddress& crp : config->crps)
        log().write(Severity::info,
                    "Certificate registration port number is " + std::to_string(crp.port));
    identity_->start_warning();
    build_core(*config);
    return {};
}

Result<void> ModuleContext::take_identity(const ModuleConfig& config) {
    ClientIdentityFiles files;
    files.certificate = config.certificate_file;
    files.key = config.key_file;
    files.store = {config.certificate_store, config.certificate_issuer};
    files.server_ca = config.server_ca_file;
    for (const CrpAddress& crp : config.crps)
        if (std::ranges::find(files.server_names, crp.host) == files.server_names.end())
            files.server_names.push_back(crp.host);
    auto identity = ClientIdentityKeeper::open(std::move(files), system_clock(), log_);
    if (!identity) return pass_on(identity);
    identity_ = std::move(*identity);
    return {};
}

void ModuleContext::build_core(const ModuleConfig& config) {
    std::vector<CrpMember> members;
    for (const CrpAddress& crp : config.crps)
        members.push_back({crp.host + ":" + std::to_string(crp.port),
                           make_https_crp_client({crp.host, crp.port, crp.base_path,
                                                  config.attempt_timeout, config.max_calls},
                                                 *identity_, system_clock())});
    pool_ = std::make_unique<CrpPool>(
        std::move(members),
        CircuitOptions{config.circuit_failures, config.circuit_least, config.circuit_most},
        system_clock(), log_);
    core_ = std::make_unique<PolicyCore>(
        PolicyCoreOptions{config.attempt_timeout, config.total_timeout, config.attempts}, *pool_,
        system_clock(), system_random(), &pause, log_);
}

}  // namespace ndes::policy
