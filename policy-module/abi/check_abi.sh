#!/usr/bin/env bash
# Holds ndes_policy.h against each released version of its major: types and entry point by abidiff,
# values of its constants one by one. Only growth is permitted (growth.awk); exit 1 on the rest.
# Usage: check_abi.sh [INCLUDE-FOLDER]        compare
#        check_abi.sh --record VERSION        keep the present state as that release
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build INCLUDE-FOLDER: the anchor and the constants of that header.
build() {
    # From a fixed place, so that a kept release names no machine's folders.
    cp "$1/ndes_policy.h" "$here/anchor.c" "$work/"
    (cd "$work" && ${CC:-cc} -std=c11 -g -shared -fPIC -fvisibility=hidden -I. \
        -ffile-prefix-map="$work=." anchor.c -o anchor.so)
    # The minor version is what growth changes.
    echo '#include <ndes_policy.h>' | ${CC:-cc} -std=c11 -dM -E -I "$1" - | grep '^#define NDES_POLICY_' |
        grep -vE '^#define NDES_POLICY_(H|ABI_MINOR)\b' | tr -s ' ' | sort >"$work/constants"
}

if [ "${1:-}" = --record ]; then
    version=${2:?--record needs a version, such as 1.1}
    build "$here/../include"
    abidw --no-corpus-path --no-comp-dir-path --out-file "$here/ndes_policy-$version.abi" "$work/anchor.so"
    cp "$work/constants" "$here/ndes_policy-$version.constants"
    exit
fi

build "${1:-$here/../include}"
faults=0
for baseline in "$here"/ndes_policy-*.abi; do
    release=$(basename "$baseline" .abi)
    status=0
    abidiff --leaf-changes-only --no-show-locs "$baseline" "$work/anchor.so" >"$work/report" || status=$?
    # 4: there are changes, which the report tells; anything else: the tool failed.
    if [ $status -ne 0 ] && [ $status -ne 4 ]; then
        echo "check_abi: abidiff ended with $status"
        exit 1
    fi
    awk -f "$here/growth.awk" "$work/report" >"$work/breaches"
    if [ -s "$work/breaches" ]; then
        echo "check_abi: changed since $release otherwise than by growth:"
        cat "$work/breaches"
        faults=1
    fi
    if ! lost=$(comm -23 "${baseline%.abi}.constants" "$work/constants") || [ -n "$lost" ]; then
        echo "check_abi: these constants of $release are gone or have another value:"
        echo "$lost"
        faults=1
    fi
done
[ $faults -eq 0 ] && echo "check_abi: ok"
exit $faults
