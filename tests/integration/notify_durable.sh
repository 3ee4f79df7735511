#!/usr/bin/env bash
# Outcomes that the CRP does not take: they survive kill -9 of ndesd, are told when the CRP is back,
# in order for each transaction, are seen and handled by crpctl notify, and are bounded. The policy
# module is one whose Notify does what a file says.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
load=$lab_bin/scep_load
module=$lab_bin/../tests/abi/modules/switched.so
away=80072efd refused=80190199
begin notify_durable false
export MSCEP_ADMIN_URL CRP_CA ADMIN_CERT ADMIN_KEY
switch=$test_dir/lab/switch
mkdir "$switch"
notify() { "$lab_bin/crpctl" notify "$@"; }
listed() { [ "$(notify list --format json "${@:2}" | jq length)" = "$1" ]; }
health() { curl -s "$NDES_HEALTH_URL/healthz"; }
health_says() { [ "$(health | jq -c "$1")" = "$2" ]; }

restart_ndesd() { # SIGNAL
    kill "-$1" "$NDESD_PID"
    while lab_alive "$NDESD_PID" ndesd; do sleep 0.02; done
    lab_spawn "$test_dir/lab" ndesd
    NDESD_PID=$spawned
    lab_wait_for "$NDES_HEALTH_URL/livez" "$NDESD_PID" ndesd "$test_dir/lab/log/ndesd.stderr" || exit 1
    lab_write_env "$test_dir/lab" "$CRPD_PID" "$NDESD_PID"
}
# enrol FROM TO [DEADLINE]: that many devices; each ends with a certificate or not.
enrol() {
    seq "$1" "$2" | sed 's/^/challenge-/' >challenges
    rm -f load.err
    "$load" --url "$SCEP_URL" --challenges challenges --connections 8 --keys 2 --subject 'CN=load-%' \
        --until-success --deadline "${3:-60}" --results "results-$1" >load.json 2>load.err
}
set_policy() { # lines of [policy]
    sed -i '/^\[policy\]/,/^\[journal\]/{/^\[journal\]/!d}' "$test_dir/lab/ndesd.toml"
    sed -i "s|^\[journal\]|[policy]\nmodule = \"$module\"\nmodule_config = \"switch\"\n$1\n\n[journal]|" \
        "$test_dir/lab/ndesd.toml"
}

set_policy 'notify_retry_most = "2s"\nnotify_alarm_after = "1s"'
echo $away >"$switch/answer"
restart_ndesd TERM
enrol 1 150
expect_equal "every device has its certificate while the CRP is away" "$(jq .failed load.json)" 0
expect "all outcomes are listed" listed 150
eventually "health raises the alarm" 10 health_says .notifyAlarm true
expect_equal "and stays ready" "$(curl -s -o /dev/null -w '%{http_code}' "$NDES_HEALTH_URL/readyz")" 200
eventually "the log raises it as well" 70 grep -q 'outcomes wait to be told' "$NDES_LOG"
expect_match "an item tells what happened" \
    "$(notify list --format json | jq -r '.[0] | .state, .outcome, .lastError')" 'waiting.issued.*0x80072efd'

# kill -9 while more devices enrol: what a device was given is there afterwards.
enrol 151 300 &
enrolling=$!
eventually "the load is ready" 30 grep -q ready load.err
for _ in 1 2 3 4; do
    sleep 0.2
    restart_ndesd KILL
done
wait $enrolling
expect_equal "every device has its certificate in spite of it" "$(jq .failed load.json)" 0
expect "no outcome is lost" listed 300
cat results-1 results-151 | awk '{print $3}' | sort >given
expect_equal "each of a certificate that was handed out" \
    "$(comm -23 given <(notify list --format json | jq -r '.[].serial' | sort) | wc -l)" 0

echo 0 >"$switch/answer"
eventually "all are told when the CRP is back" 60 listed 0
eventually "the alarm ends" 5 health_says .notifyAlarm false
grep ' 0$' "$switch/told" | awk '{print $1}' | sort -u >told
expect_equal "each of them" "$(wc -l <told)" 300

# What the CRP will never take waits for an operator and is told no more.
echo $refused >"$switch/answer"
enrol 301 302
eventually "they are dead letters" 20 listed 2 --dead
before=$(wc -l <"$switch/told")
expect_equal "health counts them" "$(health | jq -c '[.pendingNotifies, .deadNotifies, .notifyAlarm]')" '[0,2,true]'
restart_ndesd KILL
expect "they are there after kill -9" listed 2 --dead
first=$(notify list --dead --format json | jq -r '.[0].id')
second=$(notify list --dead --format json | jq -r '.[1].id')
expect_match "the list for people names them" "$(notify list)" "dead"
expect_equal "they were told once each" "$(wc -l <"$switch/told")" "$before"
echo 0 >"$switch/answer"
expect_match "an operator has one told again" "$(notify retry "$first")" "$first waiting"
eventually "and it goes" 10 listed 1
expect_fails "without --yes nothing is forgotten" notify discard "$second"
expect_match "the other is forgotten" "$(notify discard "$second" --yes)" "$second discarded"
expect "nothing is left" listed 0
eventually "the log tells who did it" 5 grep -q "dead letter $second was discarded by lab-admin" "$NDES_LOG"
expect_fails "what is gone cannot be retried" notify retry "$second"
expect_fails "an MDM may not look" env ADMIN_CERT="$MDM_CERT" ADMIN_KEY="$MDM_KEY" "$lab_bin/crpctl" notify list

# Bounded: with so many untold outcomes nothing more is enrolled, until there is room.
set_policy 'notify_retry_most = "2s"\nnotify_most = 100'
echo $away >"$switch/answer"
restart_ndesd TERM
enrol 401 500
expect "as many as permitted wait" listed 100
sleep 1.1 # rows are counted once a second
enrol 501 501 2
expect_equal "the next device gets no certificate" "$(jq .failed load.json)" 1
expect_equal "ndesd is not ready" "$(curl -s -o /dev/null -w '%{http_code}' "$NDES_HEALTH_URL/readyz")" 503
expect "the log says why" grep -q 'policy.notify_most' "$NDES_LOG"
expect "nothing was recorded for it" listed 100
echo 0 >"$switch/answer"
eventually "the outcomes are told" 60 listed 0
enrol 501 501
expect_equal "and the device gets its certificate" "$(jq .failed load.json)" 0

# Order within a transaction: pending before issued, however long it took.
export NDES_ISSUER__APPROVAL=manual
echo $away >"$switch/answer"
restart_ndesd TERM
enrol 601 601 4
"$lab_bin/crpctl" pending approve "$("$lab_bin/crpctl" pending list --format json | jq -r '.[0].id')" >/dev/null
expect "both outcomes of the transaction wait" listed 2
echo 0 >"$switch/answer"
eventually "they are told" 60 listed 0
expect_equal "pending first, then issued" "$(grep ' 0$' "$switch/told" | tail -2 | awk '{print $3}' | xargs)" "3 0"
finish
