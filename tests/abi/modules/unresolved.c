/* Needs a function that nobody has: bind-now finds it at once, lazy binding at the first device. */
#include "base.h"

int function_that_nobody_has(void);

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    (void)host_abi_major;
    (void)host_abi_minor;
    return function_that_nobody_has() ? (const ndes_policy_table*)0 : 0;
}
