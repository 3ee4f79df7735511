#!/usr/bin/env bash
# check_abi.sh takes growth and refuses every other change of ndes_policy.h.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# changed NAME WANTED SED-SCRIPT: the header so changed passes (0) or not (1).
changed() {
    sed -E "$3" "$here/../include/ndes_policy.h" >"$work/ndes_policy.h"
    if cmp -s "$work/ndes_policy.h" "$here/../include/ndes_policy.h"; then
        echo "FAILED: $1: the change changes nothing"
        failed=1
        return
    fi
    local output status
    output=$("$here/check_abi.sh" "$work" 2>&1)
    status=$?
    if [ $status -eq "$2" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1 (status $status)"
        echo "$output"
        failed=1
    fi
}

"$here/check_abi.sh" || failed=1
changed "a verb at the end of the table" 0 's/^\} ndes_policy_table;/    void (*later)(void* context);\n&/'
changed "a member at the end of a sized structure" 0 's/^\} ndes_policy_verify_input;/    int32_t later;\n&/'
changed "a new constant" 0 's/^#define NDES_POLICY_LOG_INFO 1/&\n#define NDES_POLICY_LOG_DEBUG 4/'
changed "a member in a structure's padding" 1 's/^\} ndes_policy_verify_output;/    int32_t later;\n&/'
changed "a member in the middle" 1 's/^    ndes_policy_blob signing_certificate;/    int32_t between;\n&/'
changed "a member gone" 1 '/^    ndes_policy_string ca_name; .*name of the issuing/d'
changed "members in another order" 1 's/^    uint32_t abi_major; .* must equal.*/    size_t first;/'
changed "a member of another type" 1 's/int32_t validity_days;/int64_t validity_days;/'
changed "a verb with another argument" 1 's/\(\*uninitialize\)\(void\* context\)/(*uninitialize)(void* context, int32_t why)/'
changed "a structure without a size grows" 1 's/^\} ndes_policy_blob;/    size_t capacity;\n&/'
changed "a constant of another value" 1 's/0x80072EE2u/0x80072EE3u/'
changed "a constant gone" 1 '/^#define NDES_POLICY_DISPOSITION_PENDING 3/d'
exit $failed
