#!/usr/bin/env bash
# The newcomer's path of the top README: its blocks of shell, run as they stand and in order, with the
# commands that crpctl init prints between them. In a network of its own, for the ports are the
# defaults. And every crpctl command that the README names is one.
set -uo pipefail
if [ -z "${NDES_OWN_NETWORK:-}" ]; then
    export NDES_OWN_NETWORK=1
    [ "$(id -u)" -eq 0 ] && exec unshare --net bash "$0" "$@"
    exec unshare --user --map-root-user --net bash "$0" "$@"
fi
source "$(dirname "${BASH_SOURCE[0]}")/init_lib.sh"
begin_init readme_start
ip link set lo up || exit 1

# A copy of what the blocks name, so that they write below the test's folder.
ln -s "$root/scripts" scripts
mkdir -p build/release
ln -s "$lab_bin" build/release/bin

awk -v out="$test_dir/block" '
    /^## From nothing/ { wanted = 1; next }
    /^## / { wanted = 0 }
    wanted && /^```sh$/ { inside = 1; file = sprintf("%s%02d.sh", out, ++count); next }
    inside && /^```$/ { inside = 0; next }
    inside { print > file }
' "$root/README.md"
expect_equal "the README has its two blocks" "$(ls "$test_dir"/block*.sh | wc -l)" 2

# What build.sh would make is there, or this test would not run.
grep -v '^\./scripts/build.sh$' "$test_dir/block01.sh" >set_up.sh
expect_equal "the first block builds" "$(grep -c '^\./scripts/build.sh$' "$test_dir/block01.sh")" 1
expect "the set-up runs" bash -e -c 'source ./set_up.sh </dev/null >init.out'
expect_first_certificate init.out "$PWD/build/try" device-1 "CN=device-1"
expect "the last block runs" bash -e -o pipefail "$test_dir/block02.sh"
bash "$test_dir/block02.sh" >last.out 2>&1
expect_match "it tells that crpd is well" "$(cat last.out)" "Online"
expect_match "and the transaction's reason" "$(cat last.out)" "Success"
stop_init_daemons

# ---- every `crpctl …` in the README: noun and verb exist
named=$(grep -o '`[^`]*crpctl [^`]*`' "$root/README.md" | grep -o 'crpctl [a-z][a-z-]*\( [a-z][a-z-]*\)\?' | sort -u)
expect_match "the README names commands" "$(wc -l <<<"$named")" '^[1-9][0-9]$'
while read -r _ noun verb; do
    # A word that is no verb is an argument, which --help does not mind.
    if [ "$noun" = doctor ] && [ ! -d "$root/crp-service/cli/doctor" ]; then continue; fi
    if "$crpctl" "$noun" --help >/dev/null 2>&1 && { [ -z "$verb" ] || "$crpctl" "$noun" "$verb" --help >/dev/null 2>&1; }; then
        ok "crpctl $noun $verb"
    else
        not_ok "crpctl $noun $verb"
    fi
done <<<"$named"
finish_init
