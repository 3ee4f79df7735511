#!/usr/bin/env bash
# kill -9 of crpd and of ndesd at random while devices enrol, NDES_KILLS times (200). Afterwards:
# every device holds a certificate, no challenge was used twice, no acknowledged certificate is
# lost, each event was told exactly once, and the audit has no gap.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
kills=${NDES_KILLS:-200}
begin kill false
load=$lab_bin/scep_load

make_records 'CN={{DeviceName}}' '[]'
count=$((kills * 50)) # more than there is time for between the kills

# Challenges in batches; each for a subject of its own.
for ((from = 0; from < count; from += 400)); do
    mdm POST /api/v1/challenges "$(jq -nc --argjson from $from --argjson to $((from + 400 < count ? from + 400 : count)) \
        '[range($from; $to) | {deviceId:"phone-1",userId:"alice",policyId:"wifi",expected:{subject:"CN=load-\(.)"}}]')" |
        jq -r '.items[].challenge'
done >challenges
expect_equal "all challenges are made" "$(wc -l <challenges)" "$count"

"$load" --url "$SCEP_URL" --challenges challenges --connections 8 --keys 2 --subject 'CN=load-%' \
    --until-success --deadline 300 --results results >load.json 2>load.err &
load_pid=$!
eventually "the load is ready" 60 grep -q ready load.err

# restart PROGRAM: kill -9, start again, wait for the first good answer; prints the milliseconds.
restart() {
    local program=$1 pid url begun
    if [ "$program" = crpd ]; then pid=$CRPD_PID url=$CRP_HEALTH_URL; else pid=$NDESD_PID url=$NDES_HEALTH_URL; fi
    kill -KILL "$pid"
    while lab_alive "$pid" "$program"; do sleep 0.005; done
    begun=$(date +%s%3N)
    lab_spawn "$test_dir/lab" "$program"
    if [ "$program" = crpd ]; then CRPD_PID=$spawned; else NDESD_PID=$spawned; fi
    lab_wait_for "$url/readyz" "$spawned" "$program" "$test_dir/lab/log/$program.stderr" || return 1
    echo $(($(date +%s%3N) - begun)) >>restarts
}

RANDOM=${NDES_SEED:-4711}
killed=0
while [ $killed -lt "$kills" ] && kill -0 $load_pid 2>/dev/null; do
    sleep "0.$(printf '%03d' $((RANDOM % 200)))"
    if [ $((RANDOM % 2)) = 0 ]; then restart crpd; else restart ndesd; fi || break
    killed=$((killed + 1))
done
lab_write_env "$test_dir/lab" "$CRPD_PID" "$NDESD_PID"
expect_equal "killed as often as asked, under load" "$killed" "$kills"
wait $load_pid
expect_equal "the load ends well" $? 0
cat load.json
expect_equal "every device holds a certificate" "$(jq .failed load.json)" 0
slowest=$(sort -n restarts | tail -1)
echo "restarts: median $(sort -n restarts | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}') ms, slowest $slowest ms"

state_is_quiet() {
    [ "$(sqlite3 "file:$test_dir/lab/ndesd.db?mode=ro" 'SELECT count(*) FROM notify')" = 0 ] &&
        [ "$(sqlite3 "file:$CRP_DB?mode=ro" 'SELECT count(*) FROM delivery')" = 0 ]
}
eventually "all outcomes are told and all messages delivered" 120 state_is_quiet

query() { sqlite3 "file:$CRP_DB?mode=ro" "$1"; }
expect_equal "no challenge was used twice" \
    "$(query 'SELECT count(*) FROM (SELECT challenge_id FROM certificate GROUP BY challenge_id HAVING count(*) > 1)')" 0
expect_equal "each challenge has its certificate" "$(query 'SELECT count(*) FROM certificate')" "$count"
expect_equal "each challenge is completed" "$(query "SELECT count(*) FROM challenge WHERE state = 'completed'")" "$count"
query 'SELECT serial FROM certificate' | sort >recorded
awk '{print $3}' results | sort >acknowledged
expect_equal "a certificate is acknowledged for each challenge" "$(grep -c '^[0-9a-f]' acknowledged)" "$count"
expect_equal "each acknowledged certificate is recorded" "$(comm -23 acknowledged recorded | wc -l)" 0
expect_equal "each event is told once (5 and 9 for each enrolment)" \
    "$(query 'SELECT count(*) FROM (SELECT 1 FROM state_message GROUP BY transaction_id, state HAVING count(*) > 1)')" 0
expect_equal "one file for each message" "$(find "$SMX_INBOX" -name '*.SMX' | wc -l)" "$(query 'SELECT count(*) FROM state_message')"
expect_equal "the audit's sequence has no gap" \
    "$(query 'SELECT max(sequence) - min(sequence) + 1 - count(*) FROM audit')" 0
finish
