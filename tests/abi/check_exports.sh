#!/usr/bin/env bash
# What the linker made of ndes_policy_crp.so: one exported symbol, never unloaded, bound at load.
# Usage: check_exports.sh MODULE
set -euo pipefail
module=$1

exported=$(nm -D --defined-only "$module" | awk '{ print $NF }')
if [ "$exported" != ndes_policy_get_table ]; then
    echo "exported symbols are not ndes_policy_get_table alone:" $exported >&2
    exit 1
fi
flags=$(readelf -d "$module")
for flag in NODELETE NOW; do
    if ! grep -qw "$flag" <<<"$flags"; then
        echo "$module lacks the flag $flag" >&2
        exit 1
    fi
done
if grep -qE 'RPATH|TEXTREL' <<<"$flags"; then
    echo "$module has an RPATH or text relocations" >&2
    exit 1
fi
