/* One member of the table is wrong; which one is chosen when this is compiled. */
#include "base.h"

#ifndef MAJOR
#define MAJOR NDES_POLICY_ABI_MAJOR
#endif
#ifndef SIZE
#define SIZE sizeof(ndes_policy_table)
#endif
#ifndef INITIALIZE
#define INITIALIZE base_initialize
#endif
#ifndef UNINITIALIZE
#define UNINITIALIZE base_uninitialize
#endif
#ifndef GENERATE_CHALLENGE
#define GENERATE_CHALLENGE base_generate_challenge
#endif
#ifndef VERIFY_REQUEST
#define VERIFY_REQUEST base_verify_request
#endif
#ifndef NOTIFY
#define NOTIFY base_notify
#endif

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    static const ndes_policy_table table = {
        MAJOR,        NDES_POLICY_ABI_MINOR, SIZE,           "broken_table", INITIALIZE,
        UNINITIALIZE, GENERATE_CHALLENGE,    VERIFY_REQUEST, NOTIFY,
    };
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
