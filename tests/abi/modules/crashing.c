/* Ends the process in VerifyRequest. */
#include "base.h"

#include <stdlib.h>

static ndes_policy_result crashing_verify_request(void* context,
                                                  const ndes_policy_verify_input* input,
                                                  ndes_policy_verify_output* output) {
    (void)context;
    (void)input;
    (void)output;
    abort();
}

static const ndes_policy_table table = {
    NDES_POLICY_ABI_MAJOR,
    NDES_POLICY_ABI_MINOR,
    sizeof(ndes_policy_table),
    "crashing",
    base_initialize,
    base_uninitialize,
    base_generate_challenge,
    crashing_verify_request,
    base_notify,
};

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    (void)host_abi_minor;
    return host_abi_major == NDES_POLICY_ABI_MAJOR ? &table : NULL;
}
