#!/usr/bin/env bash
# Enrolments per second and latency through the whole chain, side by side in one run with Debian's
# micromdm scepserver (which validates nothing) and with the machine's RSA limit.
#
# Usage: scripts/bench.sh [--requests N] [--connections "1 8 32"] [--rounds N]
#
# Every enrolment is a PKCSReq with its own challenge, RSA-2048, prepared before the clock starts;
# the client only sends, and reads the reply's status. All programs share this machine. Each figure
# is the median of the rounds; rounds of the two servers alternate.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/scripts/lib/packages.sh"
source "$root/scripts/lib/lab.sh"

requests=2000 connections="1 8 32" rounds=3
while [ $# -gt 0 ]; do
    case $1 in
        --requests) requests=${2:?}; shift 2 ;;
        --connections) connections=${2:?}; shift 2 ;;
        --rounds) rounds=${2:?}; shift 2 ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

install_packages "${build_packages[@]}" "${lab_packages[@]}" scep
"$root/scripts/build.sh" programs scep_load >&2
load=$lab_bin/scep_load
dir=$root/build/bench
rm -rf "$dir"
mkdir -p "$dir/lab"

trap 'lab_stop "$dir/lab" >/dev/null; [ -z "${micromdm_pid:-}" ] || kill "$micromdm_pid" 2>/dev/null' EXIT
lab_start "$dir/lab" sqlite true >&2
source "$dir/lab/lab.env"

mdm() {
    curl -sS --fail-with-body --max-time 60 --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" \
        -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$CRP_URL$2"
}
mdm PUT /api/v1/users/bench '{"userPrincipalName":"bench@example.org","displayName":"Bench","email":"bench@example.org"}' >/dev/null
mdm PUT /api/v1/devices/bench '{"deviceType":"phone","name":"bench","serialNumber":"B1","ownerUserId":"bench","enrollmentState":"enrolled"}' >/dev/null
mdm PUT /api/v1/policies/bench '{"certificateRequestId":"bench","template":"GeneralPurpose","subjectFormat":"CN={{DeviceName}}",
    "keyUsage":["digitalSignature","keyEncipherment"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],"assignments":{"all":true}}' >/dev/null

# challenges N: N fresh ones, one a line, each for a subject of its own (micromdm issues one
# certificate a subject).
challenges() {
    local from=0 to
    while [ "$from" -lt "$1" ]; do
        to=$((from + 500 < $1 ? from + 500 : $1))
        mdm POST /api/v1/challenges "$(jq -nc --argjson from $from --argjson to $to --arg run "$run" \
            '[range($from; $to) | {deviceId:"bench",userId:"bench",policyId:"bench",
              expected:{subject:"CN=bench-\($run)-\(.)"}}]')" | jq -r '.items[].challenge'
        from=$to
    done
}

micromdm_port=$(free_port 19080)
(cd "$dir" && scepserver ca -init -keySize 2048 -depot depot -key-password lab >/dev/null 2>&1)
(cd "$dir" && exec scepserver -depot depot -port "$micromdm_port" -challenge bench -capass lab >scepserver.log 2>&1) &
micromdm_pid=$!
for _ in $(seq 50); do (exec 3<>"/dev/tcp/127.0.0.1/$micromdm_port") 2>/dev/null && break; sleep 0.1; done

run=0
# run_load SERVER CONNECTIONS: one round; prints "rate p50 p99 failed".
run_load() {
    local url=$SCEP_URL list=$dir/challenges
    run=$((run + 1))
    if [ "$1" = micromdm ]; then
        url=http://127.0.0.1:$micromdm_port/scep
        awk -v n="$requests" 'BEGIN { while (n-- > 0) print "bench" }' >"$list"
    else
        challenges "$requests" >"$list"
    fi
    "$load" --url "$url" --challenges "$list" --connections "$2" --subject "CN=bench-$run-%" |
        jq -r '[.per_second, .p50_ms, .p99_ms, .failed] | map(tostring) | join(" ")'
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR + 1) / 2)]}'; }

# The least work of one enrolment is three RSA private operations: decrypt, sign the certificate,
# sign the reply.
signs=$(openssl speed -seconds 3 -multi "$(nproc)" rsa2048 2>/dev/null | awk "/^rsa *2048 bits/ {print \$6; exit}")
limit=$(awk -v s="$signs" 'BEGIN {printf "%.0f", s / 3}')

echo "machine: $(nproc) cores, RSA-2048 $signs sign/s in all -> limit $limit enrolments/s"
printf '%-10s %-12s %12s %9s %9s %7s %10s %10s\n' server connections enrol/s p50/ms p99/ms failed of-limit x-micromdm
for count in $connections; do
    : >"$dir/ndes.$count"
    : >"$dir/micromdm.$count"
    for _ in $(seq "$rounds"); do
        run_load ndes "$count" >>"$dir/ndes.$count"
        run_load micromdm "$count" >>"$dir/micromdm.$count"
    done
    peer=$(awk '{print $1}' "$dir/micromdm.$count" | median)
    for server in ndes micromdm; do
        file=$dir/$server.$count
        rate=$(awk '{print $1}' "$file" | median)
        printf '%-10s %-12s %12.0f %9.1f %9.1f %7d %9.0f%% %10.2f\n' "$server" "$count" "$rate" \
            "$(awk '{print $2}' "$file" | median)" "$(awk '{print $3}' "$file" | median)" \
            "$(awk '{s += $4} END {print s}' "$file")" \
            "$(awk -v r="$rate" -v l="$limit" 'BEGIN {print 100 * r / l}')" \
            "$(awk -v r="$rate" -v p="$peer" 'BEGIN {print r / p}')"
    done
done
