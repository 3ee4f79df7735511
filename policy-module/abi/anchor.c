/* Not part of the product: a library whose debug information holds every type of ndes_policy.h, for
 * abidw and abidiff to read (check_abi.sh). */
#include <ndes_policy.h>

__attribute__((visibility("default"))) const ndes_policy_table* ndes_policy_get_table(
    uint32_t host_abi_major, uint32_t host_abi_minor);

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    (void)host_abi_major;
    (void)host_abi_minor;
    return 0;
}
