// The C interface of this module: table, verbs, and the one guard that no exception passes.
#include <cstddef>
#include <new>

#include "policy-module/adapters/abi_values.h"
#include "policy-module/adapters/module_context.h"

namespace ndes::policy {
namespace {

// What this thread's last call handed out.
thread_local VerifyStorage last_answer;
thread_local std::string last_challenge;

// Runs one verb. Whatever it throws becomes a result: never a yes, never across the line.
template <class Verb>
ndes_policy_result guarded(const Verb& verb) noexcept {
    try {
        return verb();
    } catch (const std::bad_alloc&) {
        return NDES_POLICY_E_OUTOFMEMORY;
    } catch (...) {
        return NDES_POLICY_E_UNEXPECTED;
    }
}

ModuleContext* context_of(void* context) { return static_cast<ModuleContext*>(context); }

// Writes the verb's last line and hands its result on.
ndes_policy_result exiting(Log& log, std::string_view verb, ndes_policy_result result,
                           const std::string& transaction_id) {
    log.write(Severity::info, "Exiting " + std::string(verb) + " with " + hex_of(result),
              {{"transaction_id", transaction_id}});
    return result;
}

// An input that is not what ndes_policy.h promises never reaches the core.
ndes_policy_result refuse_input(Log& log, std::string_view verb, const Fault& fault) {
    log.write(Severity::error, std::string(verb) + " was called wrongly: " + fault.text + ".");
    return exiting(log, verb, result_of(fault.kind), {});
}

ndes_policy_result initialize(const ndes_policy_host* host, void** context) {
    if (!host || !context || host->size < sizeof(ndes_policy_host)) return NDES_POLICY_E_INVALIDARG;
    *context = nullptr;
    if (host->abi_major != NDES_POLICY_ABI_MAJOR) return NDES_POLICY_E_INVALIDARG;
    return guarded([&] {
        HostLog log(*host);
        auto created = ModuleContext::create(*host);
        if (!created) return exiting(log, "Initialize", NDES_POLICY_E_FAIL, {});
        exiting(log, "Initialize", NDES_POLICY_OK, {});
        *context = created->release();  // taken back by uninitialize
        return NDES_POLICY_OK;
    });
}

void uninitialize(void* context) {
    guarded([&] {
        const std::unique_ptr<ModuleContext> ended(context_of(context));
        return NDES_POLICY_OK;
    });
}

ndes_policy_result generate_challenge(void* context, ndes_policy_string template_name,
                                      ndes_policy_string params, ndes_policy_string* challenge) {
    if (!context || !challenge) return NDES_POLICY_E_INVALIDARG;
    *challenge = {};
    return guarded([&] {
        Log& log = context_of(context)->log();
        log.write(Severity::info, "Calling GenerateChallenge ...");
        auto template_text = read_text(template_name, "template_name");
        if (!template_text) return refuse_input(log, "GenerateChallenge", template_text.error());
        auto params_text = read_text(params, "params");
        if (!params_text) return refuse_input(log, "GenerateChallenge", params_text.error());
        auto made = context_of(context)->core().generate_challenge(*template_text, *params_text);
        if (!made) return exiting(log, "GenerateChallenge", result_of(made.error().kind), {});
        last_challenge = std::move(*made);
        *challenge = {last_challenge.data(), last_challenge.size()};
        return exiting(log, "GenerateChallenge", NDES_POLICY_OK, {});
    });
}

ndes_policy_result verify_request(void* context, const ndes_policy_verify_input* input,
                                  ndes_policy_verify_output* output) {
    if (!context || !input || input->size < sizeof(ndes_policy_verify_input) || !output ||
        output->size < sizeof(ndes_policy_verify_output))
        return NDES_POLICY_E_INVALIDARG;
    clear(*output);
    return guarded([&] {
        Log& log = context_of(context)->log();
        auto request = read_input(*input);
        log.write(Severity::info, "Calling VerifyRequest ...",
                  {{"transaction_id", request ? request->transaction_id : std::string()}});
        if (!request) return refuse_input(log, "VerifyRequest", request.error());
        auto answer = context_of(context)->core().verify(*request);
        if (!answer)
            return exiting(log, "VerifyRequest", result_of(answer.error().kind),
                           request->transaction_id);
        exiting(log, "VerifyRequest", NDES_POLICY_OK, request->transaction_id);
        last_answer.give(std::move(*answer), *output);
        return NDES_POLICY_OK;
    });
}

ndes_policy_result notify(void* context, const ndes_policy_notify_input* input) {
    if (!context || !input || input->size < sizeof(ndes_policy_notify_input))
        return NDES_POLICY_E_INVALIDARG;
    return guarded([&] {
        Log& log = context_of(context)->log();
        auto request = read_input(*input);
        log.write(Severity::info, "Calling Notifyrequest ...",
                  {{"transaction_id", request ? request->transaction_id : std::string()}});
        if (!request) return refuse_input(log, "Notify", request.error());
        auto told = context_of(context)->core().notify(*request);
        return exiting(log, "Notify", told ? NDES_POLICY_OK : result_of(told.error().kind),
                       request->transaction_id);
    });
}

constexpr ndes_policy_table kTable{NDES_POLICY_ABI_MAJOR,
                                   NDES_POLICY_ABI_MINOR,
                                   sizeof(ndes_policy_table),
                                   "ndes_policy_crp " NDES_POLICY_CRP_VERSION,
                                   &initialize,
                                   &uninitialize,
                                   &generate_challenge,
                                   &verify_request,
                                   &notify};

}  // namespace
}  // namespace ndes::policy

extern "C" __attribute__((visibility("default"))) const ndes_policy_table* ndes_policy_get_table(
    uint32_t host_abi_major, uint32_t) {
    return host_abi_major == NDES_POLICY_ABI_MAJOR ? &ndes::policy::kTable : nullptr;
}
