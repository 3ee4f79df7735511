#!/usr/bin/env bash
# CMTrace logs of both daemons are put aside at their limit: whole lines, none lost, the oldest removed;
# and a log that somebody else puts aside (logrotate) goes on after SIGHUP.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin log_rolling
lab=$test_dir/lab
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd
for program in crpd ndesd; do
    sed -i 's|^cmtrace_file.*|&\ncmtrace_max_size = "3KiB"\ncmtrace_keep = 2|' "$lab/$program.toml"
done
lab_start "$lab" sqlite true >/dev/null
source "$lab/lab.env"
refuse() {
    mkdir "$1"
    (cd "$1" && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "wrong-$1" -cn phone-1.example.org \
        -private-key key.pem -certificate cert.pem -keySize 2048) >/dev/null 2>&1
}
for i in $(seq 8); do refuse "try-$i"; done
aside() { ls -tr "$lab/log/$1"-2*.log; }
is_put_aside() { [ "$(aside "$1" | wc -l)" -eq 2 ]; }
last=$(newest_transaction | jq -r .transactionId)
for log in CRP NDESPlugin; do
    eventually "all of it is written to $log.log" 10 grep -aqF "$last" -r "$lab/log" --include="$log*.log"
done
for log in CRP NDESPlugin; do
    eventually "$log.log is put aside twice" 10 is_put_aside $log
    for file in $(aside $log) "$lab/log/$log.log"; do
        expect "$(basename "$file") is within its limit" test "$(stat -c %s "$file")" -le 3072
        expect_equal "and all of its lines are whole" "$(grep -cavP '^<!\[LOG\[.*\]LOG\]!><.*>$' "$file")" 0
    done
    expect "$log: none is out of its order" bash -c "cat $(aside $log | xargs) '$lab/log/$log.log' |
        grep -aoP 'time=\"\K[0-9:.]+' | sort -c"
done
expect "the newest request stands in one of them" grep -aq "$last" "$lab"/log/CRP.log "$lab"/log/CRP-2*.log

mv "$lab/log/CRP.log" "$lab/log/CRP.log.1"
kill -HUP "$CRPD_PID"
eventually "after SIGHUP there is a new file" 10 test -f "$lab/log/CRP.log"
refuse after
last=$(newest_transaction | jq -r .transactionId)
eventually "which is written to, and put aside in its turn" 10 grep -aqF "$last" -r "$lab/log" --include='CRP*.log'
expect "the other's file is no longer ours" test -f "$lab/log/CRP.log.1"
expect_fails "nobody complained" grep -q 'cannot be put aside' "$lab"/log/*.jsonl
finish
