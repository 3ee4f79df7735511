#!/usr/bin/env bash
# Prometheus with the shipped alert rules scrapes a running lab: the rules are good, no panel of the
# shipped dashboard is empty, and an alert fires when crpd fails. lnav reads the logs by the shipped
# format.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
metrics=$root/crp-service/metrics

test_cleanup() { [ -z "${prometheus_pid:-}" ] || kill "$prometheus_pid" 2>/dev/null; }
begin monitoring

expect "the alert rules are well formed" promtool check rules "$metrics/ndes-crp.rules.yml"
expect "each alert is silent in good times and speaks in bad ones" \
    promtool test rules "$metrics/ndes-crp.rules.test.yml"
expect "crpd's metrics pass promtool" bash -c "curl -sS '$CRP_HEALTH_URL/metrics' | promtool check metrics"
expect "ndesd's metrics pass promtool" bash -c "curl -sS '$NDES_HEALTH_URL/metrics' | promtool check metrics"

port=$(free_port 19090)
cat >prometheus.yml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: ndes-crp
    static_configs: [{targets: ['${CRP_HEALTH_URL#http://}', '${NDES_HEALTH_URL#http://}']}]
END
# As shipped, but without the patience.
sed 's/^\( *for: \).*/\10s/' "$metrics/ndes-crp.rules.yml" >rules.yml
prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" \
    >prometheus.log 2>&1 &
prometheus_pid=$!
query() { curl -sS --max-time 5 "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1"; }
has_answer() { [ "$(query "$1" | jq '[.data.result[] | select(.value[1] != "NaN")] | length')" -gt 0 ]; }
eventually "Prometheus scrapes both daemons" 30 has_answer 'count(up == 1) == 2'

# One of each kind: issued, refused, rejected call. Counters must be seen to grow, so go on for a while.
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
# run_client FOLDER CHALLENGE
run_client() {
    mkdir "$1"
    (cd "$1" && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$2" -cn phone-1.example.org \
        -private-key key.pem -certificate cert.pem -keySize 2048) >/dev/null 2>&1
}
traffic() {
    local end=$((SECONDS + 4)) try=0
    while [ $SECONDS -lt $end ] || [ $try -lt 3 ]; do
        try=$((try + 1))
        run_client "good$try" "$(new_challenge)" || return 1
        run_client "bad$try" wrong && return 1
        curl -sS --cacert "$CRP_CA" "$CRP_URL/api/v1/users" >/dev/null
    done
}
expect "devices enrol and are refused meanwhile" traffic
new_challenge >/dev/null

while IFS=$'\t' read -r title expression; do
    eventually "panel \"$title\" has an answer" 20 has_answer "${expression//\$instance/.*}"
done < <(jq -r '.panels[] | select(.targets) | .title as $t | .targets[] | [$t, .expr] | @tsv' \
    "$metrics/ndes-crp.grafana.json")

firing() { has_answer "ALERTS{alertname=\"$1\",alertstate=\"firing\"}"; }
is_silent() { ! firing CrpFailed; }
expect "all is well: CrpFailed is silent" is_silent
# Somebody else holds the database's write lock, so that the self-check's row cannot be written.
mkfifo lock
sqlite3 "$CRP_DB" <lock >/dev/null &
exec 9>lock
echo 'BEGIN IMMEDIATE;' >&9
eventually "CrpFailed fires when nothing can be written" 60 firing CrpFailed
exec 9>&-
eventually "and ends when all is well again" 60 is_silent

# The first reload that is refused after a start is seen.
refused_reload() { kill -HUP "$CRPD_PID"; sleep 1; firing CrpReloadFailed; }
echo 'wrong = 1' >>"$test_dir/lab/crpd.toml"
eventually "a refused reload is told" 20 refused_reload
sed -i '$d' "$test_dir/lab/crpd.toml"
is_told_gone() { firing NdesAbsent && firing DaemonVanished; }
for alert in CrpAbsent NdesAbsent DaemonVanished; do
    expect_fails "nobody is missed while both run: $alert" firing "$alert"
done
lab_end "$NDESD_PID" ndesd
eventually "an ndesd that is gone is told" 40 is_told_gone

mkdir -p lnav/formats/installed
cp "$root/common/logging/ndes_crp.lnav.json" lnav/formats/installed/
expect "lnav takes the format, samples included" lnav -I lnav -C
# read_log FILE QUERY: the answer's one field. lnav keeps its history below HOME.
read_log() { HOME=$PWD lnav -I lnav -n -c ";$2" -c ':write-csv-to -' "$1" | sed -n 2p; }
lines_of() { grep -c . "$1"; }
expect_equal "lnav knows every line of CRP.log" \
    "$(read_log "$CRP_LOG" 'SELECT count(*) FROM ndes_cmtrace')" "$(lines_of "$CRP_LOG")"
expect_equal "and which are errors" \
    "$(read_log "$CRP_LOG" "SELECT count(*) FROM ndes_cmtrace WHERE log_level = 'error'")" \
    "$(grep -c 'type="3"' "$CRP_LOG")"
json_log=$test_dir/lab/log/crpd.jsonl
id=$(newest_transaction | jq -r .transactionId)
expect_equal "and in the JSON log all lines of a transaction" \
    "$(read_log "$json_log" "SELECT count(*) FROM ndes_json WHERE transaction_id = '$id'")" \
    "$(grep -c "\"transaction_id\":\"$id\"" "$json_log")"
finish
