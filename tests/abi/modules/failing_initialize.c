/* Initialize fails, after saying why. */
#include "base.h"

static ndes_policy_result failing_initialize(const ndes_policy_host* host, void** context) {
    static const char text[] = "the settings are not to my liking";
    const ndes_policy_string line = {text, sizeof text - 1};
    const ndes_policy_string none = {0, 0};
    (void)context;
    host->log(host->log_context, NDES_POLICY_LOG_ERROR, line, none, "failing_initialize.c", 10);
    return NDES_POLICY_E_ACCESSDENIED;
}

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    static const ndes_policy_table table = {
        NDES_POLICY_ABI_MAJOR,   NDES_POLICY_ABI_MINOR, sizeof(ndes_policy_table),
        "failing_initialize",    failing_initialize,    base_uninitialize,
        base_generate_challenge, base_verify_request,   base_notify,
    };
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
