# scripts/bench.sh chain. Sourced by it; needs $root, the lab's functions and bench_common.sh.

bench_chain_usage() {
    cat <<'END'
Usage: scripts/bench.sh chain [--requests N] [--connections "1 8 32"] [--rounds N]

Enrolments per second and latency through the whole chain, side by side in one run with Debian's
micromdm scepserver (which validates nothing) and with the machine's RSA limit.

Every enrolment is a PKCSReq with its own challenge, RSA-2048, prepared before the clock starts;
the client only sends, and reads the reply's status. All programs share this machine. Each figure
is the median of the rounds; rounds of the two servers alternate.
END
}

start_micromdm() {
    micromdm_port=$(free_port 19080)
    (cd "$dir" && scepserver ca -init -keySize 2048 -depot depot -key-password lab >/dev/null 2>&1)
    (cd "$dir" && exec scepserver -depot depot -port "$micromdm_port" -challenge bench -capass lab >scepserver.log 2>&1) &
    micromdm_pid=$!
    for _ in $(seq 50); do (exec 3<>"/dev/tcp/127.0.0.1/$micromdm_port") 2>/dev/null && break; sleep 0.1; done
}

# chain_round SERVER CONNECTIONS: prints "rate p50 p99 failed".
chain_round() {
    local url=$SCEP_URL list=$dir/challenges
    run=$((run + 1))
    if [ "$1" = micromdm ]; then
        url=http://127.0.0.1:$micromdm_port/scep
        awk -v n="$requests" 'BEGIN { while (n-- > 0) print "bench" }' >"$list"
    else
        bench_challenges "$run" "$requests" >"$list"
    fi
    "$lab_bin/scep_load" --url "$url" --challenges "$list" --connections "$2" --subject "CN=bench-$run-%" |
        jq -r '[.per_second, .p50_ms, .p99_ms, .failed] | map(tostring) | join(" ")'
}

chain_rows() {
    local count=$1 peer server file rate
    peer=$(column "$dir/micromdm.$count" 1)
    for server in ndes micromdm; do
        file=$dir/$server.$count
        rate=$(column "$file" 1)
        printf '%-10s %-12s %12.0f %9.1f %9.1f %7d %9.0f%% %10.2f\n' "$server" "$count" "$rate" \
            "$(column "$file" 2)" "$(column "$file" 3)" "$(awk '{s += $4} END {print s}' "$file")" \
            "$(awk -v r="$rate" -v l="$limit" 'BEGIN {print 100 * r / l}')" \
            "$(awk -v r="$rate" -v p="$peer" 'BEGIN {print r / p}')"
    done
}

bench_chain() {
    local requests=2000 connections="1 8 32" rounds=3 run=0 count signs limit micromdm_port
    while [ $# -gt 0 ]; do
        case $1 in
            --requests) requests=${2:?}; shift 2 ;;
            --connections) connections=${2:?}; shift 2 ;;
            --rounds) rounds=${2:?}; shift 2 ;;
            *) bench_chain_usage >&2; exit 2 ;;
        esac
    done
    install_packages "${build_packages[@]}" "${lab_packages[@]}" scep
    "$root/scripts/build.sh" programs scep_load >&2
    dir=$root/build/bench/chain
    rm -rf "$dir"
    mkdir -p "$dir/lab"
    trap 'lab_stop "$dir/lab" >/dev/null; [ -z "${micromdm_pid:-}" ] || kill "$micromdm_pid" 2>/dev/null' EXIT
    lab_start "$dir/lab" sqlite true >&2
    source "$dir/lab/lab.env"
    bench_records
    start_micromdm

    # The least work of one enrolment is three RSA private operations: decrypt, sign the
    # certificate, sign the reply.
    signs=$(openssl speed -seconds 3 -multi "$(nproc)" rsa2048 2>/dev/null | awk "/^rsa *2048 bits/ {print \$6; exit}")
    limit=$(awk -v s="$signs" 'BEGIN {printf "%.0f", s / 3}')
    echo "machine: $(nproc) cores, RSA-2048 $signs sign/s in all -> limit $limit enrolments/s"
    printf '%-10s %-12s %12s %9s %9s %7s %10s %10s\n' server connections enrol/s p50/ms p99/ms failed of-limit x-micromdm
    for count in $connections; do
        for _ in $(seq "$rounds"); do
            chain_round ndes "$count" >>"$dir/ndes.$count"
            chain_round micromdm "$count" >>"$dir/micromdm.$count"
        done
        chain_rows "$count"
    done
}
