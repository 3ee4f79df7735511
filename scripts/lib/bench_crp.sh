# scripts/bench.sh crp. Sourced by it; needs $root, the lab's functions and bench_common.sh.

bench_crp_usage() {
    cat <<'END'
Usage: scripts/bench.sh crp [--store sqlite|postgresql] [--sizes "1000 100000 10000000"]
                            [--pairs N] [--connections "1 8 32"] [--rounds N] [--quick]

VerifyRequest and Notify on crpd alone, as a policy module sends them (mutual TLS, keep-alive),
with that many challenge records in the database, side by side in one run with an nginx endpoint
that asks for a client certificate and answers the same requests by rote.

A pair is one VerifyRequest (RSA-2048 request, its own challenge) and one Notify. Rate and latency
are medians of the rounds; rounds of crpd and nginx alternate. "half" is the latency at half of the
rate reached, counted from when a request was due. All programs share this machine.
--quick: sizes 1000 and 100000, one round.
END
}

# An nginx that answers every POST with a verdict's number of octets.
start_nginx() {
    nginx_port=$(free_port 19443)
    local body
    body=$(printf '%.0s.' $(seq 600))
    mkdir -p "$dir/nginx"
    cat >"$dir/nginx/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $dir/nginx/nginx.pid;
error_log $dir/nginx/error.log;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path $dir/nginx/body;
    proxy_temp_path $dir/nginx/proxy;
    fastcgi_temp_path $dir/nginx/fastcgi;
    uwsgi_temp_path $dir/nginx/uwsgi;
    scgi_temp_path $dir/nginx/scgi;
    keepalive_requests 1000000000;
    server {
        listen 127.0.0.1:$nginx_port ssl;
        ssl_certificate $dir/lab-pki/tls/crp.pem;
        ssl_certificate_key $dir/lab-pki/tls/crp.key;
        ssl_client_certificate $dir/lab-pki/tls/ca.pem;
        ssl_verify_client on;
        location / { return 201 "$body"; }
    }
}
END
    make_lab_pki "$dir/lab-pki"
    nginx -c "$dir/nginx/nginx.conf" -p "$dir/nginx" -e "$dir/nginx/error.log" &
    nginx_pid=$!
    for _ in $(seq 50); do (exec 3<>"/dev/tcp/127.0.0.1/$nginx_port") 2>/dev/null && break; sleep 0.1; done
}

# fill_challenges DIR SIZE: that many challenge records straight into the database of a lab that does
# not run: half of them used, a quarter expired, a quarter open, as after a long time in service.
fill_challenges() {
    sqlite3 "$1/crp.db" >/dev/null <<END
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1000000;
INSERT INTO challenge (id, kind, lookup, device_id, user_id, policy_id, certificate_request_id,
    expected_json, not_before, expires_at, created_at, owner, state, refusals, transaction_id, csr_sha256)
WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < $2)
SELECT lower(hex(randomblob(16))), 'minted', NULL, 'device-' || (n % 100000), 'bench', 'bench', 'bench',
    '{}', now - 7200000, now + iif(n % 4 = 1, -3600000, 3600000), now - 7200000, 'lab-mdm',
    iif(n % 2, 'issued', 'completed'), 0,
    iif(n % 2, '', 'filled-' || n), iif(n % 2, '', lower(hex(randomblob(32))))
FROM row, (SELECT unixepoch() * 1000 AS now);
PRAGMA wal_checkpoint(TRUNCATE);
END
}

# crp_load SERVER CONNECTIONS RATE: prints "pairs/s verify50 verify99 notify50 notify99 failed".
crp_load() {
    local list=$dir/challenges pki=$dir/lab-pki/tls
    local arguments=(--connections "$2" --rate "$3")
    if [ "$1" = nginx ]; then
        arguments+=(--url "https://127.0.0.1:$nginx_port/" --static /verify --pairs "$pairs"
            --cert "$pki/ndes.pem" --key "$pki/ndes.key" --ca "$pki/ca.pem")
    else
        run=$((run + 1))
        bench_challenges "$run" "$pairs" >"$list"
        arguments+=(--url "https://127.0.0.1:$CRP_PORT/" --challenges "$list" --subject "CN=bench-$run-%"
            --cert "$NDES_CERT" --key "$NDES_KEY" --ca "$CRP_CA")
    fi
    "$lab_bin/crp_load" "${arguments[@]}" | jq -r '[.pairs_per_second, .verify_p50_ms, .verify_p99_ms,
        .notify_p50_ms, .notify_p99_ms, .failed] | map(tostring) | join(" ")'
}

resident_mb() { awk '/^VmRSS/ {printf "%.0f", $2 / 1024}' "/proc/$CRPD_PID/status"; }

# crp_rows SIZE CONNECTIONS
crp_rows() {
    local crp=$dir/crp.$1.$2 peer=$dir/nginx.$1.$2 half=$dir/half.$1.$2
    printf '%-6s %9s %5s %9.0f %8.2f %8.2f %8.2f %8.2f %9.2f %6d %6s\n' crpd "$1" "$2" "$(column "$crp" 1)" \
        "$(column "$crp" 2)" "$(column "$crp" 3)" "$(column "$crp" 4)" "$(column "$crp" 5)" \
        "$(column "$half" 3)" "$(awk '{s += $6} END {print s}' "$crp" "$half")" "$(resident_mb)"
    printf '%-6s %9s %5s %9.0f %8.2f %8.2f %8.2f %8.2f %9s %6d %6s   crpd/nginx %.1f%%\n' nginx - "$2" "$(column "$peer" 1)" \
        "$(column "$peer" 2)" "$(column "$peer" 3)" "$(column "$peer" 4)" "$(column "$peer" 5)" - \
        "$(awk '{s += $6} END {print s}' "$peer")" - \
        "$(awk -v a="$(column "$crp" 1)" -v b="$(column "$peer" 1)" 'BEGIN {print 100 * a / b}')"
}

# crp_size SIZE: a lab with that many challenge records, and its rows.
crp_size() {
    local size=$1 count half
    mkdir -p "$dir/lab.$size"
    lab_create "$dir/lab.$size" "$store" false
    source "$dir/lab.$size/lab.env"
    fill_challenges "$dir/lab.$size" "$size" >&2
    lab_start "$dir/lab.$size" "$store" false >&2
    lab=$dir/lab.$size
    source "$lab/lab.env"
    bench_records
    for count in $connections; do
        for _ in $(seq "$rounds"); do
            crp_load crpd "$count" 0 >>"$dir/crp.$size.$count"
            crp_load nginx "$count" 0 >>"$dir/nginx.$size.$count"
        done
        half=$(awk -v r="$(column "$dir/crp.$size.$count" 1)" 'BEGIN {print r / 2}')
        crp_load crpd "$count" "$half" >>"$dir/half.$size.$count"
        crp_rows "$size" "$count"
    done
    lab_stop "$lab" >&2
    lab=
}

bench_crp() {
    local store=sqlite sizes= pairs=5000 connections="1 8 32" rounds=3 run=0 size nginx_port lab=
    while [ $# -gt 0 ]; do
        case $1 in
            --store) store=${2:?}; shift 2 ;;
            --sizes) sizes=${2:?}; shift 2 ;;
            --pairs) pairs=${2:?}; shift 2 ;;
            --connections) connections=${2:?}; shift 2 ;;
            --rounds) rounds=${2:?}; shift 2 ;;
            --quick) sizes="1000 100000" rounds=1; shift ;;
            *) bench_crp_usage >&2; exit 2 ;;
        esac
    done
    [ -n "$sizes" ] || { [ "$store" = sqlite ] && sizes="1000 100000 10000000" || sizes="1000 1000000"; }
    install_packages "${build_packages[@]}" "${lab_packages[@]}" nginx
    "$root/scripts/build.sh" programs crp_load >&2
    dir=$root/build/bench/crp-$store
    rm -rf "$dir"
    mkdir -p "$dir"
    trap '[ -z "${lab:-}" ] || lab_stop "$lab" >/dev/null; [ -z "${nginx_pid:-}" ] || kill "$nginx_pid" 2>/dev/null' EXIT
    start_nginx
    echo "machine: $(nproc) cores; store $store; $pairs pairs a round"
    printf '%-6s %9s %5s %9s %8s %8s %8s %8s %9s %6s %6s\n' server records conn pairs/s \
        verify50 verify99 notify50 notify99 half-v99 failed RSS/MB
    for size in $sizes; do crp_size "$size"; done
}
