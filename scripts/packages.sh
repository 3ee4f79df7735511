#!/usr/bin/env bash
# Builds the Debian packages out of a clean copy of this tree, without a network, has lintian judge
# them, and tries them in a Debian 12 of their own (debootstrap, chroot): install, run both daemons
# as their users, upgrade, remove, purge with each answer. `try` needs root, and the network for
# debootstrap and the packages' dependencies. Closes with one line "N passed, N failed".
#
# Usage: scripts/packages.sh [build|lint|try]…     default: all three
#
#   build  → build/packages/1/*.deb, and 2/*.deb: the same with a higher version, to upgrade to
#   lint   lintian on 1; errors and warnings fail
#   try    in build/packages/root; build/packages/base keeps what debootstrap made
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/packages
source "$root/scripts/lib/packages.sh"
source "$root/scripts/lib/package_build.sh"
source "$root/scripts/lib/package_try.sh"

[ $# -gt 0 ] || set -- build lint try
for step in "$@"; do
    case $step in
        build | lint | try) ;;
        *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok: $1"; }
not_ok() { failed=$((failed + 1)); echo "FAILED: $1"; [ -z "${2:-}" ] || tail -n 20 <<<"$2" | sed 's/^/    /'; }
# expect NAME COMMAND…, expect_fails NAME COMMAND…: the command succeeds; fails.
expect() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$output"; fi
}
expect_fails() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then not_ok "$name" "$output"; else ok "$name"; fi
}
expect_equal() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $3"$'\n'"found:  $2"; fi; }

mkdir -p "$work"
for step in "$@"; do
    case $step in
        build) package_build || exit 1 ;;
        lint) package_lint ;;
        try) package_try || failed=$((failed + 1)) ;;
    esac
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
