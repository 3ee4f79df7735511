#!/usr/bin/env bash
# Hostile input against the real ndesd: every messageType, every way to fail decryption, malformed
# and oversized HTTP, idle and slow clients, floods, a full queue. A good client enrols all the time
# and does not notice; memory stays below its budget.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin hostile false
good=${NDES_GOOD:-600} # enough for the whole of the attacks

make_records 'CN={{DeviceName}}' '[]'
for ((from = 0; from < good; from += 300)); do
    mdm POST /api/v1/challenges "$(jq -nc --argjson from $from --argjson to $((from + 300)) \
        '[range($from; $to) | {deviceId:"phone-1",userId:"alice",policyId:"wifi",expected:{subject:"CN=load-\(.)"}}]')" |
        jq -r '.items[].challenge'
done >challenges
types_challenge=$(mdm POST /api/v1/challenges \
    '{"deviceId":"phone-1","userId":"alice","policyId":"wifi","expected":{"subject":"CN=types"}}' | jq -r .challenge)
"$lab_bin/hostile_messages" --ra "$RA_CERTS" --challenges challenges --challenge "$types_challenge" --out messages ||
    not_ok "the messages are made"

# hostile WHAT: runs it and counts its checks.
hostile() {
    local line ended=
    while IFS= read -r line; do
        case $line in
            "ok "*) ok "${line#ok }" ;;
            "not_ok "*) not_ok "${line#not_ok }" ;;
            "ended 0") ended=1 ;;
            *) echo "$line" ;;
        esac
    done < <(python3 "$root/tests/integration/hostile.py" "$1" --url "$SCEP_URL" --health "$NDES_HEALTH_URL" \
        --pid "$NDESD_PID" --crpd "$CRPD_PID" --messages messages 2>&1; echo "ended $?")
    expect_equal "hostile.py $1 came to its end" "$ended" 1
}

hostile attack
expect "ndesd is the same process still" lab_alive "$NDESD_PID" ndesd
expect_equal "of all messageTypes only 19 came to the module" \
    "$(sqlite3 "file:$CRP_DB?mode=ro" "SELECT DISTINCT transaction_id FROM audit
        WHERE transaction_id LIKE 'type-%' OR transaction_id IN ('decrypt', 'renewal-by-nobody')")" type-19

lab_end "$NDESD_PID" ndesd
sed -i 's/^\[server\]$/[server]\nworker_threads = 2\nqueued_requests = 4/' "$test_dir/lab/ndesd.toml"
lab_spawn "$test_dir/lab" ndesd
NDESD_PID=$spawned
lab_write_env "$test_dir/lab" "$CRPD_PID" "$NDESD_PID"
lab_wait_for "$NDES_HEALTH_URL/readyz" "$NDESD_PID" ndesd "$test_dir/lab/log/ndesd.stderr"
test_cleanup() { kill -CONT "$CRPD_PID" 2>/dev/null; }
hostile queue
finish
