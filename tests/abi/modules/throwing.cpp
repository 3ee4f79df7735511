// Throws through the C line, which ndes_policy.h forbids. The verb to throw in is named by the
// settings path.
#include <stdexcept>
#include <string>

#include "base.h"

namespace {

std::string thrower;  // the verb that throws

ndes_policy_result maybe_throw(const char* verb) {
    if (thrower == verb) throw std::runtime_error(verb);
    return NDES_POLICY_OK;
}

ndes_policy_result initialize(const ndes_policy_host* host, void** context) {
    thrower.assign(host->config_path.data, host->config_path.length);
    *context = nullptr;
    return maybe_throw("Initialize");
}

void uninitialize(void*) { static_cast<void>(maybe_throw("Uninitialize")); }

ndes_policy_result generate_challenge(void*, ndes_policy_string, ndes_policy_string,
                                      ndes_policy_string*) {
    return maybe_throw("GenerateChallenge");
}

ndes_policy_result verify_request(void*, const ndes_policy_verify_input*,
                                  ndes_policy_verify_output* output) {
    output->verified = 1;  // must not count
    return maybe_throw("VerifyRequest");
}

ndes_policy_result notify(void*, const ndes_policy_notify_input*) { return maybe_throw("Notify"); }

}  // namespace

const ndes_policy_table* ndes_policy_get_table(uint32_t, uint32_t) {
    if (THROW_IN_ENTRY_POINT) throw 42;
    static const ndes_policy_table table = {NDES_POLICY_ABI_MAJOR,
                                            NDES_POLICY_ABI_MINOR,
                                            sizeof(ndes_policy_table),
                                            "throwing",
                                            initialize,
                                            uninitialize,
                                            generate_challenge,
                                            verify_request,
                                            notify};
    return &table;
}
