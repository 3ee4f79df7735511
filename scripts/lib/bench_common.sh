# What both benchmarks need: records and challenges in a running lab, medians. Sourced.

# bench_call METHOD PATH [BODY]: a call as the MDM.
bench_call() {
    curl -sS --fail-with-body --max-time 60 --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" \
        -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$CRP_URL$2"
}

# One user, device and policy, all called "bench".
bench_records() {
    bench_call PUT /api/v1/users/bench '{"userPrincipalName":"bench@example.org","displayName":"Bench","email":"bench@example.org"}' >/dev/null
    bench_call PUT /api/v1/devices/bench '{"deviceType":"phone","name":"bench","serialNumber":"B1","ownerUserId":"bench","enrollmentState":"enrolled"}' >/dev/null
    bench_call PUT /api/v1/policies/bench '{"certificateRequestId":"bench","template":"GeneralPurpose","subjectFormat":"CN={{DeviceName}}",
        "keyUsage":["digitalSignature","keyEncipherment"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],"assignments":{"all":true}}' >/dev/null
}

# bench_challenges RUN N: N fresh ones, one a line, each for a subject of its own: CN=bench-RUN-I
# with I from 0 (micromdm issues one certificate a subject).
bench_challenges() {
    local from=0 to
    while [ "$from" -lt "$2" ]; do
        to=$((from + 500 < $2 ? from + 500 : $2))
        bench_call POST /api/v1/challenges "$(jq -nc --argjson from $from --argjson to $to --arg run "$1" \
            '[range($from; $to) | {deviceId:"bench",userId:"bench",policyId:"bench",
              expected:{subject:"CN=bench-\($run)-\(.)"}}]')" | jq -r '.items[].challenge'
        from=$to
    done
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR + 1) / 2)]}'; }
# column FILE N: median of the file's Nth column.
column() { awk -v n="$2" '{print $n}' "$1" | median; }
