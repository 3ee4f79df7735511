/* ndes_policy.h alone is C11; its numbers are what Windows people know. */
#include "ndes_policy.h"

_Static_assert(NDES_POLICY_E_FAIL == -2147467259, "as the original logs it");
_Static_assert(NDES_POLICY_OK == 0, "S_OK");
_Static_assert(sizeof(ndes_policy_result) == 4 && sizeof(ndes_policy_disposition) == 4 &&
                   sizeof(ndes_policy_severity) == 4,
               "32 bits each");
_Static_assert(offsetof(ndes_policy_table, abi_major) == 0 &&
                   offsetof(ndes_policy_table, abi_minor) == 4 &&
                   offsetof(ndes_policy_table, size) == 8,
               "the three that every version has, at the front");
_Static_assert(offsetof(ndes_policy_host, size) == 0 &&
                   offsetof(ndes_policy_verify_input, size) == 0 &&
                   offsetof(ndes_policy_verify_output, size) == 0 &&
                   offsetof(ndes_policy_notify_input, size) == 0,
               "every struct begins with its size");

/* Version 1.0 in octets, 64-bit: a changed number here is a changed interface. */
_Static_assert(sizeof(void*) != 8 ||
                   (sizeof(ndes_policy_table) == 64 && sizeof(ndes_policy_host) == 64 &&
                    sizeof(ndes_policy_verify_input) == 120 &&
                    sizeof(ndes_policy_verify_output) == 136 &&
                    sizeof(ndes_policy_notify_input) == 80),
               "layout of version 1.0");

ndes_policy_entry_point check_that_the_type_is_usable(ndes_policy_entry_point entry_point);
ndes_policy_entry_point check_that_the_type_is_usable(ndes_policy_entry_point entry_point) {
    return entry_point;
}
