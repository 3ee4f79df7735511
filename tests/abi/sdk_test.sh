#!/usr/bin/env bash
# The SDK as a module's author meets it: installed to a prefix of its own, templates copied out of it
# and built with pkg-config and with CMake, each checked by `crpctl plugin check`.
# Usage: sdk_test.sh BUILD-FOLDER BIN-FOLDER
set -uo pipefail
build=$1 bin=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
failed=0

expect() { # NAME COMMAND…
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then echo "ok: $name"; else echo "FAILED: $name"; echo "$output"; failed=1; fi
}

expect "cmake --install puts the SDK there" cmake --install "$build" --prefix "$prefix" --component sdk
export PKG_CONFIG_PATH=$prefix/share/pkgconfig
expect "pkg-config knows it" pkg-config --exists 'ndes-policy >= 1.1'
version=$(pkg-config --modversion ndes-policy)
header=$(sed -nE 's/^#define NDES_POLICY_ABI_(MAJOR|MINOR) ([0-9]+)u/\2/p' "$prefix/include/ndes_policy.h" | paste -sd.)
expect "under the header's version" test "$version" = "$header"

checked() { # MODULE: what plugin check says of a template
    local output
    output=$("$bin/crpctl" plugin check "$1" 2>&1) || { echo "$output"; return 1; }
    grep -q 'ok       exported symbols: ndes_policy_get_table$' <<<"$output" &&
        grep -q 'ok       VerifyRequest: no, reason "NotImplemented"' <<<"$output" &&
        grep -q 'log: my_module is ready' <<<"$output" || { echo "$output"; return 1; }
}
for language in c cpp; do
    cp -r "$prefix/share/ndes-policy/templates/$language" "$work/make-$language"
    cp -r "$prefix/share/ndes-policy/templates/$language" "$work/cmake-$language"
    expect "$language: make and pkg-config build it" make -C "$work/make-$language" CFLAGS=-Werror CXXFLAGS=-Werror
    expect "$language: find_package builds it" bash -c "cmake -S '$work/cmake-$language' -B '$work/cmake-$language/build' \
        -DCMAKE_PREFIX_PATH='$prefix' && cmake --build '$work/cmake-$language/build'"
    expect "$language: the one of make keeps its promises" checked "$work/make-$language/my_module.so"
    expect "$language: the one of CMake keeps its promises" checked "$work/cmake-$language/build/my_module.so"
done
exit $failed
