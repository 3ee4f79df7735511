# scripts/bench.sh crp. Sourced by it; needs $root, the lab's functions, bench_common.sh and
# bench_fill.sh.

bench_crp_usage() {
    cat <<'END'
Usage: scripts/bench.sh crp [--store sqlite|postgresql] [--records "1000 100000 10000000"]
                            [--connections "1 8 32"] [--seconds N] [--retention N] [--inbox]

VerifyRequest and Notify on crpd alone, as a policy module sends them (mutual TLS, keep-alive),
with that many challenge records in the database, in one run with an nginx endpoint that asks for
a client certificate and answers the same requests by rote. Prints one Markdown table.

A pair is one VerifyRequest (RSA-2048 request, its own challenge) and one Notify; pairs/s is twice
that in requests. "half" is the 99th percentile of VerifyRequest at half of the rate reached,
counted from when a request was due. CPU is crpd's own. All programs share this machine.

Filled are challenge records alone: of 100, 80 completed, 19 expired and 1 open, ordered over the
last 29 days. No sink is configured (state messages are recorded, and read by cursor); --inbox
keeps the lab's inbox, which is one more file on disk for each message.

The rows of retention: N challenges that expired 40 days ago and as many state messages lie in the
way (default 20000, 0: no such rows); before, while and after crpd's job removes them.

Short: --records 1000 --connections 8 --seconds 5 --retention 0
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

# The lab of one row: created, filled, not started. bench_lab NAME
bench_lab() {
    lab=$dir/lab.$1
    mkdir -p "$lab"
    # Ports and database of the lab before.
    unset CRP_PORT CRP_HEALTH_PORT SCEP_PORT NDES_HEALTH_PORT ADMIN_PORT PG_DSN PG_RUN_DSN
    lab_create "$lab" "$store" false
    [ -n "$inbox" ] || sed -i 's/^inbox = .*/inbox = ""/' "$lab/crpd.toml"
    source "$lab/lab.env"
}

bench_lab_start() {
    lab_start "$lab" "$store" false >&2
    source "$lab/lab.env"
    bench_records
}

bench_lab_stop() {
    lab_stop "$lab" >&2
    [ "$store" = sqlite ] || postgresql_remove "$lab/postgresql"
    lab=
}

crpd_ticks() { awk '{print $14 + $15}' "/proc/$CRPD_PID/stat"; }
resident_mb() { awk '/^VmRSS/ {printf "%.0f", $2 / 1024}' "/proc/$CRPD_PID/status"; }

# crp_load SERVER CONNECTIONS PAIRS RATE: prints
# "pairs/s verify50 verify99 notify50 notify99 failed cpu-ms/pair".
crp_load() {
    local list=$dir/challenges pki=$dir/lab-pki/tls ticks=0 more=0
    local arguments=(--connections "$2" --rate "$4")
    if [ "$1" = nginx ]; then
        arguments+=(--url "https://127.0.0.1:$nginx_port/" --static /verify --pairs "$3"
            --cert "$pki/ndes.pem" --key "$pki/ndes.key" --ca "$pki/ca.pem")
    else
        bench_challenges "$BASHPID" "$3" >"$list"
        arguments+=(--url "https://127.0.0.1:$CRP_PORT/" --challenges "$list" --subject "CN=bench-$BASHPID-%"
            --cert "$NDES_CERT" --key "$NDES_KEY" --ca "$CRP_CA")
        ticks=$(crpd_ticks)
    fi
    local figures
    figures=$("$lab_bin/crp_load" "${arguments[@]}" | jq -r '[.pairs_per_second, .verify_p50_ms, .verify_p99_ms,
        .notify_p50_ms, .notify_p99_ms, .failed] | map(tostring) | join(" ")')
    [ "$1" = nginx ] || more=$(($(crpd_ticks) - ticks))
    echo "$figures $(awk -v t="$more" -v n="$3" -v hz="$(getconf CLK_TCK)" 'BEGIN {printf "%.2f", 1000 * t / hz / n}')"
}

# crp_measure SERVER CONNECTIONS: a short run tells how many pairs fill the time; then the figures
# of crp_load, and for crpd p99 of VerifyRequest at half load.
crp_measure() {
    local figures half=-
    figures=$(crp_load "$1" "$2" 300 0)
    figures=$(crp_load "$1" "$2" "$(pairs_in "$seconds" "$figures")" 0)
    if [ "$1" = crpd ]; then
        local rate
        rate=$(awk '{print $1 / 2}' <<<"$figures")
        half=$(crp_load "$1" "$2" "$(pairs_in "$seconds" "$rate")" "$rate" | awk '{print $3}')
    fi
    echo "$figures $half"
}

# pairs_in SECONDS "RATE …": so many pairs, 200 to 100000.
pairs_in() {
    awk -v s="$1" '{n = int($1 * s); print (n < 200 ? 200 : (n > 100000 ? 100000 : n))}' <<<"$2"
}

crp_table_head() {
    echo "| server | records | connections | pairs/s | of nginx | verify p50 ms | p99 ms | notify p50 ms | p99 ms | half-load p99 ms | failed | CPU ms/pair | RSS MB |"
    echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
}

# crp_row SERVER RECORDS CONNECTIONS FIGURES
crp_row() {
    local of_nginx=- resident=-
    if [ "$1" = nginx ]; then
        nginx_rate[$3]=${4%% *}
    else
        of_nginx=$(awk -v a="${4%% *}" -v b="${nginx_rate[$3]:-0}" \
            'BEGIN {if (b > 0) printf "%.1f %%", 100 * a / b; else print "-"}')
        resident=$(resident_mb)
    fi
    awk -v server="$1" -v records="$2" -v count="$3" -v of="$of_nginx" -v rss="$resident" \
        '{cpu = server == "nginx" ? "-" : $7
          half = $8 == "-" ? "-" : sprintf("%.2f", $8)
          printf "| %s | %s | %s | %.0f | %s | %.2f | %.2f | %.2f | %.2f | %s | %d | %s | %s |\n",
              server, records, count, $1, of, $2, $3, $4, $5, half, $6, cpu, rss}' <<<"$4"
}

crp_size_rows() {
    local count
    bench_lab "$1"
    fill_challenges "$1" "$((29 * 86400))" >&2
    bench_lab_start
    for count in $connections; do crp_row crpd "$1" "$count" "$(crp_measure crpd "$count")"; done
    bench_lab_stop
}

# At the largest number of connections.
crp_retention_rows() {
    local count=${connections##* } left
    bench_lab retention
    fill_expired "$retention" >&2
    printf '\n[retention]\npurge = false\ninterval = "1s"\n' >>"$lab/crpd.toml"
    bench_lab_start
    crp_row "crpd, expired records" "$(retention_size)" "$count" "$(crp_measure crpd "$count")"
    lab_stop "$lab" >&2
    sed -i 's/^purge = false/purge = true/' "$lab/crpd.toml"
    bench_lab_start
    crp_row "crpd, removing them" "$(retention_size)" "$count" "$(crp_measure crpd "$count")"
    for _ in $(seq 600); do
        left=$(count_expired)
        [ "$left" -eq 0 ] && break
        sleep 1
    done
    [ "$left" -eq 0 ] || echo "error: $left expired records were not removed in ten minutes" >&2
    crp_row "crpd, when they are gone" "$(retention_size)" "$count" "$(crp_measure crpd "$count")"
    bench_lab_stop
}

bench_crp() {
    store=sqlite
    local records= connections="1 8 32" seconds=5 retention=20000 inbox= nginx_port size count
    local -A nginx_rate=()
    while [ $# -gt 0 ]; do
        case $1 in
            --store) store=${2:?}; shift 2 ;;
            --records) records=${2:?}; shift 2 ;;
            --connections) connections=${2:?}; shift 2 ;;
            --seconds) seconds=${2:?}; shift 2 ;;
            --retention) retention=${2:?}; shift 2 ;;
            --inbox) inbox=yes; shift ;;
            *) bench_crp_usage >&2; exit 2 ;;
        esac
    done
    [ -n "$records" ] || { [ "$store" = sqlite ] && records="1000 100000 10000000" || records="1000 1000000"; }
    install_packages "${build_packages[@]}" "${lab_packages[@]}" nginx
    [ "$store" = sqlite ] || install_packages "${postgresql_packages[@]}"
    "$root/scripts/build.sh" programs crp_load >&2
    dir=$root/build/bench/crp-$store
    rm -rf "$dir"
    mkdir -p "$dir"
    lab= # not local: the trap runs outside of this function
    trap '[ -z "${lab:-}" ] || bench_lab_stop; [ -z "${nginx_pid:-}" ] || kill "$nginx_pid" 2>/dev/null' EXIT
    start_nginx
    echo "$(nproc) cores ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)), load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%F), store $store"
    echo
    crp_table_head
    for count in $connections; do crp_row nginx - "$count" "$(crp_measure nginx "$count")"; done
    for size in $records; do crp_size_rows "$size"; done
    [ "$retention" -eq 0 ] || crp_retention_rows
}
