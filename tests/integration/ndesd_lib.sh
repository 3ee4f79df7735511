# ndesd without a CRP, for tests of what it does by itself: policy.module = "none" and no password.
# Sourced after lib.sh. begin_ndesd NAME; then add to $ndesd_dir/ndesd.toml; then start_ndesd.

# begin_ndesd NAME: folder with a CA (ca/ca) and an RA chosen from ca/ra; EXTRA_RA, if set, stands
# in place of the [ra] table's lines.
begin_ndesd() {
    test_dir=$root/build/integration/$1
    ndesd_dir=$test_dir/lab
    rm -rf "$test_dir"
    mkdir -p "$ndesd_dir"/{ca,ra,keys,log} "$test_dir/work"
    trap 'stop_ndesd' EXIT
    trap 'exit 1' INT TERM
    make_ca "$ndesd_dir/ca/ca" "Issuing CA" "${rsa[@]}"
    make_ra "$ndesd_dir/ra" "$ndesd_dir/ca/ca" first
    openssl rand -hex 32 >"$ndesd_dir/keys/journal.key"
    chmod 600 "$ndesd_dir/keys/journal.key"
    scep_port=$(free_port 19080)
    health_port=$(free_port $((scep_port + 1)))
    SCEP_URL=http://127.0.0.1:$scep_port/certsrv/mscep/mscep.dll
    cat >"$ndesd_dir/ndesd.toml" <<TOML
[server]
listen = "127.0.0.1:$scep_port"
[health]
listen = "127.0.0.1:$health_port"
[mscep]
EnforcePassword = 0
[policy]
module = "none"
[journal]
path = "ndesd.db"
create = true
key_file = "keys/journal.key"
[events]
file = "log/events.jsonl"
[log]
cmtrace_file = "log/NDESPlugin.log"
TOML
    cd "$test_dir/work"
}

rsa=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
agent='extendedKeyUsage=1.3.6.1.4.1.311.20.2.1'

# make_ra FOLDER CA-STEM NAME: a pair for each use.
make_ra() {
    make_leaf "$1/signing-$3" "RA signing $3" "$2" $'keyUsage=critical,digitalSignature\n'"$agent" "${rsa[@]}"
    make_leaf "$1/encryption-$3" "RA encryption $3" "$2" $'keyUsage=critical,keyEncipherment\n'"$agent" "${rsa[@]}"
}

# The tables that most tests want.
write_store_and_issuer() {
    cat >>"$ndesd_dir/ndesd.toml" <<'TOML'
[ra]
store = "ra"
[issuer]
certificate_file = "ca/ca.pem"
key_file = "ca/ca.key"
TOML
}

start_ndesd() {
    lab_spawn "$ndesd_dir" ndesd
    NDESD_PID=$spawned
    lab_wait_for "http://127.0.0.1:$health_port/readyz" "$NDESD_PID" ndesd "$ndesd_dir/log/ndesd.stderr" || exit 1
}

stop_ndesd() {
    local status=$?
    type -t test_cleanup >/dev/null && test_cleanup
    lab_end "${NDESD_PID:-}" ndesd
    return $status
}
