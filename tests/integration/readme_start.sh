#!/usr/bin/env bash
# The top README's blocks of shell, run as they stand and in order: the demonstration, the newcomer's
# path with the commands that crpctl init prints, the lab by hand. In a network of its own, for the
# ports are the defaults. And every crpctl command that the README names is one.
set -uo pipefail
if [ -z "${NDES_OWN_NETWORK:-}" ]; then
    export NDES_OWN_NETWORK=1
    [ "$(id -u)" -eq 0 ] && exec unshare --net bash "$0" "$@"
    exec unshare --user --map-root-user --net bash "$0" "$@"
fi
source "$(dirname "${BASH_SOURCE[0]}")/init_lib.sh"
begin_init readme_start
ip link set lo up || exit 1

# A copy of what the blocks name, so that they write below the test's folder. What build.sh would make
# is there, or this test would not run.
cp -r "$root/scripts" scripts
printf '#!/bin/sh\n' >scripts/build.sh
mkdir -p build/release
ln -s "$lab_bin" build/release/bin

awk -v out="$test_dir/block" '
    /^```sh$/ { inside = 1; file = sprintf("%s%d.sh", out, ++count); next }
    inside && /^```$/ { inside = 0; next }
    inside { print > file }
' "$root/README.md"
expect_equal "the README has these blocks" "$(ls "$test_dir" | grep -c '^block')" 4

# test.sh is what runs this.
expect_equal "the first block has the two commands" "$(grep -o '^[^ ]*' "$test_dir/block1.sh" | xargs)" "./scripts/demo.sh ./scripts/test.sh"
expect "the demonstration runs" timeout 120 ./scripts/demo.sh
expect_equal "the second block builds" "$(grep -c '^\./scripts/build.sh$' "$test_dir/block2.sh")" 1
cp "$test_dir/block2.sh" set_up.sh
expect "the set-up runs" bash -e -c 'source ./set_up.sh </dev/null >init.out'
expect_first_certificate init.out "$PWD/build/try" device-1 "CN=device-1"
expect "the third block runs" bash -e -o pipefail "$test_dir/block3.sh"
bash "$test_dir/block3.sh" >last.out 2>&1
expect_match "it tells that crpd is well" "$(cat last.out)" "Online"
expect_match "and the transaction's reason" "$(cat last.out)" "Success"
stop_init_daemons

# ---- the lab by hand, and what its lines leave behind
run_by_hand() { bash -e -c 'source "$1"; echo "$SCEP_URL $CRP_URL $CRPD_PID $NDESD_PID" >by-hand' - "$test_dir/block4.sh"; }
expect "the last block runs" run_by_hand
expect_match "with what it promises of lab.env" "$(cat by-hand)" '^http.* https.* [0-9]+ [0-9]+$'
still_runs() {
    local crpd ndesd
    read -r _ _ crpd ndesd <by-hand
    lab_alive "$crpd" crpd || lab_alive "$ndesd" ndesd
}
expect_fails "and nothing of it runs on" still_runs

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
