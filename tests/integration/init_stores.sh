#!/usr/bin/env bash
# crpctl init with PostgreSQL, and with CAs that are not ours: what it writes leads to a certificate
# (cfssl, a command), or is what ndesd accepts (EST).
set -uo pipefail
source "$(dirname "$0")/init_lib.sh"
begin_init init_stores
cleanup() {
    stop_init_daemons
    [ -z "${cfssl:-}" ] || kill "$cfssl" 2>/dev/null
    [ ! -f "$test_dir/pg/postgresql.env" ] || postgresql_stop "$test_dir/pg"
}
trap cleanup EXIT
listeners() {
    echo --non-interactive --public-url "http://localhost:$scep_port" --crp-listen "127.0.0.1:$crp_port" \
        --crp-health-listen "127.0.0.1:$crp_health_port" --admin-listen "127.0.0.1:$admin_port" \
        --ndesd-health-listen "127.0.0.1:$ndesd_health_port"
}

# ---- PostgreSQL: init makes the schema when it is told its owner
mkdir -p "$test_dir/pg"
postgresql_start "$test_dir/pg" fast || exit 1
source "$test_dir/pg/postgresql.env"
choose_init_ports
root_dir=$test_dir/postgresql
expect "init with PostgreSQL" run_init --root "$root_dir" $(listeners) --store postgresql \
    --store-connection "$PG_RUN_DSN" --store-owner "$PG_DSN"
expect_equal "the connection is crpd's secret" "$(stat -c %a "$root_dir/etc/ndes-crp/crpd/postgresql.conn")" 600
expect_fails "the owner's is kept nowhere" grep -rqF -- "$PG_DSN" "$root_dir/etc" --include='*.toml'
cp init.out postgresql.out
expect_first_certificate postgresql.out "$root_dir" device-1 "CN=device-1"
stop_init_daemons
expect_told_again() { run_init --root "$test_dir/again" $(listeners) --store postgresql \
    --store-connection "$PG_RUN_DSN" --store-owner "$PG_DSN" >/dev/null; }
expect_fails "a database that exists is not taken" expect_told_again
expect_fails "and no file is left" test -e "$test_dir/again/etc/ndes-crp/crpd/crpd.toml"
expect "without its owner nothing is made of it" run_init --root "$test_dir/later" $(listeners) \
    --store postgresql --store-connection "$PG_RUN_DSN"
expect_match "and the first command says so" "$(next_lines init.out | sed -n 1p)" "db create .*--owner"

# ---- another CA: its certificates are given, our TLS certificates are made
make_lab_pki "$test_dir/pki"
ca=$test_dir/pki/ca
given_ca=(--ca-certificate "$ca/ca.pem" --ra-signing-certificate "$ca/ra-signing.pem"
    --ra-signing-key "$ca/ra-signing.key" --ra-encryption-certificate "$ca/ra-encryption.pem"
    --ra-encryption-key "$ca/ra-encryption.key")
cat >cfssl.json <<'JSON'
{"signing": {"default": {"expiry": "8760h", "auth_key": "ra",
    "usages": ["digital signature", "key encipherment", "client auth"]}},
 "auth_keys": {"ra": {"type": "standard", "key": "00112233445566778899aabbccddeeff"}}}
JSON
(umask 077 && echo 00112233445566778899aabbccddeeff >cfssl.key)
choose_init_ports
port=$(free_port 18888)
cfssl serve -address=127.0.0.1 -port="$port" -ca="$ca/ca.pem" -ca-key="$ca/ca.key" -config=cfssl.json >cfssl.log 2>&1 &
cfssl=$!
root_dir=$test_dir/cfssl
expect "init with cfssl" run_init --root "$root_dir" $(listeners) --issuer cfssl "${given_ca[@]}" \
    --issuer-url "http://127.0.0.1:$port" --issuer-auth-key cfssl.key
expect_fails "no CA key is written" test -e "$root_dir/etc/ndes-crp/ndesd/ca/ca.key"
cp init.out cfssl.out
expect_first_certificate cfssl.out "$root_dir" device-1 "CN=device-1"
stop_init_daemons

expect "init with EST" run_init --root "$test_dir/est" $(listeners) --issuer est "${given_ca[@]}" \
    --issuer-url https://ca.example.org/.well-known/est --issuer-server-ca "$test_dir/pki/tls/ca.pem" \
    --issuer-client-certificate "$test_dir/pki/tls/mdm.pem" --issuer-client-key "$test_dir/pki/tls/mdm.key"
expect "ndesd accepts it" "$lab_bin/ndesd" --config "$test_dir/est/etc/ndes-crp/ndesd/ndesd.toml" --check-config
expect "init with a command" run_init --root "$test_dir/command" $(listeners) --issuer command "${given_ca[@]}" \
    --issuer-command /bin/cat,-u
expect "ndesd accepts that, too" "$lab_bin/ndesd" --config "$test_dir/command/etc/ndes-crp/ndesd/ndesd.toml" --check-config
expect_match "with its arguments" "$("$crpctl" config show --config "$test_dir/command/etc/ndes-crp/ndesd/ndesd.toml")" \
    'issuer.command +\[/bin/cat, -u\]'
finish_init
