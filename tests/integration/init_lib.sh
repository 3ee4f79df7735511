# What the tests of crpctl init share. Sourced after nothing else: it brings lib.sh.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
crpctl=$lab_bin/crpctl

# begin_init NAME: an empty folder, no lab; what init starts is stopped when the test ends.
begin_init() {
    test_dir=$root/build/integration/$1
    rm -rf "$test_dir"
    mkdir -p "$test_dir/work"
    cd "$test_dir/work" || exit 1
    unset CRPCTL_CONFIG CRP_URL CRP_CA ADMIN_CERT ADMIN_KEY CRP_HEALTH_URL
    trap 'stop_init_daemons' EXIT
    trap 'exit 1' INT TERM
}

finish_init() {
    echo "$passed checks passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}

# choose_init_ports: five free ports, and the options of a whole installation with them.
choose_init_ports() {
    scep_port=$(free_port 18180)
    ndesd_health_port=$(free_port $((scep_port + 1)))
    admin_port=$(free_port $((ndesd_health_port + 1)))
    crp_port=$(free_port $((admin_port + 1)))
    crp_health_port=$(free_port $((crp_port + 1)))
    init_options=(--root "$test_dir/options" --non-interactive --public-url "http://localhost:$scep_port"
        --crp-listen "127.0.0.1:$crp_port" --crp-health-listen "127.0.0.1:$crp_health_port"
        --ndesd-health-listen "127.0.0.1:$ndesd_health_port" --admin-listen "127.0.0.1:$admin_port")
}

# run_init ARGUMENTS…: without a terminal; what it prints is in init.out and init.err.
run_init() { timeout 60 "$crpctl" init "$@" </dev/null >init.out 2>init.err || { local status=$?; cat init.err; return $status; }; }

# next_lines FILE: the commands below "Next:", without their comments.
next_lines() { tr -d '\r' <"$1" | sed '1,/^Next:/d' | grep -v '^#'; }

fingerprint() { (cd "$1" && find . -printf '%p %m %s %T@\n' | sort | sha256sum); }

# run_next_lines FILE: all of them, in one shell as an operator has it; PIDs of the daemons in init.pids.
run_next_lines() {
    next_lines "$1" >next.sh
    [ -s next.sh ] || return 1
    timeout 120 bash -c 'source ./next.sh >next.out 2>next.err; status=$?; jobs -p >init.pids; exit $status'
}

stop_init_daemons() {
    local pid
    [ -f "$test_dir/work/init.pids" ] || return 0
    for pid in $(cat "$test_dir/work/init.pids"); do
        for program in crpd ndesd; do lab_end "$pid" "$program"; done
    done
    rm -f "$test_dir/work/init.pids"
}

# expect_first_certificate OUTPUT ROOT DEVICE SUBJECT (as RFC 4514 writes it): the printed commands lead to that certificate.
expect_first_certificate() {
    local output=$1 where=$2 device=$3 subject=$4
    rm -f "$device".*
    expect "the printed commands run" run_next_lines "$output"
    expect "$device has a certificate of our CA" \
        openssl verify -CAfile "$where/etc/ndes-crp/ndesd/ca/ca.pem" "$device.pem"
    expect_equal "with the policy's subject" \
        "$(openssl x509 -in "$device.pem" -noout -subject -nameopt RFC2253)" "subject=$subject"
    expect_equal "the transaction is recorded as a success" \
        "$(CRPCTL_CONFIG=$where/etc/ndes-crp/crpctl.toml "$crpctl" tx list --format json | jq -r '.[0].reason')" Success
}

# expect_modes ROOT: no key or conninfo that others can read; certificates that they can.
expect_modes() {
    expect_equal "no key is for group or others" \
        "$(find "$1" \( -name '*.key' -o -name '*.conn' \) ! -perm 600 | wc -l)" 0
    expect_match "there are keys" "$(find "$1" -name '*.key' | wc -l)" '^1[0-9]$'
    expect_equal "configuration and certificates can be read" \
        "$(find "$1/etc" \( -name '*.toml' -o -name '*.pem' \) ! -perm 644 | wc -l)" 0
    expect_equal "folders of keys are closed" \
        "$(stat -c %a "$1/etc/ndes-crp/crpd/keys" "$1/etc/ndes-crp/tls-ca" "$1/etc/ndes-crp/clients" | xargs)" "700 700 700"
}

# renew_ra: prints "renewed" when a running ndesd hands out the new pair.
renew_ra() {
    local newest end=$((SECONDS + 15))
    "$crpctl" ra renew --config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml" >/dev/null || return
    newest=$(ls "$root_dir"/var/lib/ndesd/ra/signing-*.pem)
    while [ $SECONDS -lt $end ]; do
        rm -f ca*.pem ra*.pem
        pki --scepca --url "http://localhost:$scep_port/certsrv/mscep/mscep.dll" --caout ca --raout ra --outform pem >/dev/null 2>&1
        grep -qF "$(sed -n 2p "$newest")" ra*.pem 2>/dev/null && { echo renewed; return; }
        sleep 0.3
    done
    echo "not renewed"
}
