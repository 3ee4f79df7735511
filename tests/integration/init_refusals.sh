#!/usr/bin/env bash
# What crpctl init says to wrong answers and to certificates that do not fit; a set-up with given
# certificates, one on two hosts, one for systemd, and the owners of files.
set -uo pipefail
source "$(dirname "$0")/init_lib.sh"
begin_init init_refusals
url=(--non-interactive --public-url http://localhost:8080)

# expect_told NAME STATUS TEXT ARGUMENTS…: refused with this, and nothing is written.
expect_told() {
    local name=$1 wanted=$2 text=$3 status
    shift 3
    run_init --root "$test_dir/refused" "$@" >/dev/null; status=$?
    expect_equal "$name ends with $wanted" "$status" "$wanted"
    expect_match "$name is told" "$(cat init.err)" "$text"
    expect_fails "$name writes nothing" test -e "$test_dir/refused"
}

# ---- answers
expect_told "a missing URL" 2 "questions without an answer:.*--public-url +URL by which" --non-interactive
expect_told "a role that is none" 2 '--role: "most": must be one of all, crp, scep' "${url[@]}" --role most
expect_told "a URL without scheme" 2 '--public-url: "scep.example.org": must begin with http:// or https://' \
    --non-interactive --public-url scep.example.org
expect_told "a port that is none" 2 "the port must be 1 to 65535" --non-interactive --public-url http://x:99999
expect_told "a listener without port" 2 '--crp-listen: "localhost"' "${url[@]}" --crp-listen localhost
expect_told "one port twice" 2 "has the port of crp_listen" "${url[@]}" --crp-health-listen 127.0.0.1:8443
expect_told "a user that is not there" 2 "there is no such user" "${url[@]}" --crpd-user nobody-here
expect_told "a module that is not there" 2 '--module: "/none.so": is no file' "${url[@]}" --module /none.so
expect_told "a subject that is none" 2 "--policy-subject" "${url[@]}" --policy-subject nonsense
expect_told "too many days" 2 "must be 1 to 7300 days" "${url[@]}" --ca-days 10000
expect_told "certificates that outlive their CA" 2 "must not be more than ca_days" "${url[@]}" --ca-days 100
expect_told "an answer to what is not asked" 2 "--issuer-url: is not asked with these answers" \
    "${url[@]}" --issuer-url https://ca.example.org
expect_told "a relative folder" 2 '--dir: "etc": must begin with /' "${url[@]}" --dir etc
expect_told "own certificates for ndesd alone" 2 "is given its certificates" \
    "${url[@]}" --role scep --crp-host crp --pki own
expect_told "another CA needs its certificates" 2 "--ca-certificate.*--ra-signing-key.*--issuer-command" \
    "${url[@]}" --issuer command
expect_told "a database of PostgreSQL needs its keywords" 2 "--store-connection" "${url[@]}" --store postgresql
echo 'public_urk = "http://localhost"' >wrong.toml
expect_told "a wrong key of the answers file" 1 "unknown key public_urk, did you mean public_url" --answers wrong.toml
expect_told "no answers file" 1 "none.toml" --answers none.toml
expect_told "every wrong answer at once" 2 "--public-url.*--dir" --non-interactive --public-url x --dir y

# ---- given certificates, made by the lab's openssl
make_lab_pki "$test_dir/pki"
pki=$test_dir/pki
given=("${url[@]}" --pki given --ca-certificate "$pki/ca/ca.pem" --ca-key "$pki/ca/ca.key"
    --ra-signing-certificate "$pki/ca/ra-signing.pem" --ra-signing-key "$pki/ca/ra-signing.key"
    --ra-encryption-certificate "$pki/ca/ra-encryption.pem" --ra-encryption-key "$pki/ca/ra-encryption.key"
    --crp-certificate "$pki/tls/crp.pem" --crp-key "$pki/tls/crp.key" --crp-ca "$pki/tls/ca.pem"
    --client-ca "$pki/tls/ca.pem" --module-certificate "$pki/tls/ndes.pem" --module-key "$pki/tls/ndes.key"
    --admin-certificate "$pki/tls/admin.pem" --admin-key "$pki/tls/admin.key"
    --mdm-certificate "$pki/tls/mdm.pem" --site-certificate "$pki/tls/ndes-admin.pem"
    --site-key "$pki/tls/ndes-admin.key")
# The last one of an option counts.
expect_given() { local name=$1 text=$2; shift 2; expect_told "$name" 1 "$text" "${given[@]}" "$@"; }
expect_given "a key of another certificate" "crp_key .*: is not the key of .*crp.pem" --crp-key "$pki/tls/mdm.key"
expect_given "a certificate of another CA" "crp_certificate .*was not issued by crp_ca" --crp-ca "$pki/ca/ca.pem"
expect_given "a client certificate as a server's" "crp_certificate .*lacks the extended key usage serverAuth" \
    --crp-certificate "$pki/tls/mdm.pem" --crp-key "$pki/tls/mdm.key"
expect_given "a server certificate as a client's" "module_certificate .*lacks the extended key usage clientAuth" \
    --module-certificate "$pki/tls/crp.pem" --module-key "$pki/tls/crp.key"
expect_given "another name than crpd's" "crp_certificate .*does not have the name crp.example.org" \
    --crp-host crp.example.org
expect_given "an RA certificate without its key usage" "ra_encryption_certificate .*lacks the key usage keyEncipherment" \
    --ra-encryption-certificate "$pki/ca/ra-signing.pem" --ra-encryption-key "$pki/ca/ra-signing.key"
expect_given "an RA of another CA" "ra_signing_certificate .*was not issued by ca_certificate" \
    --ca-certificate "$pki/tls/ca.pem" --ca-key "$pki/tls/ca.key"
expect_given "a CA that is none" "ca_certificate .*lacks the key usage keyCertSign" \
    --ca-certificate "$pki/tls/mdm.pem" --ca-key "$pki/tls/mdm.key"
chmod 644 "$pki/tls/mdm.key"
expect_told "a key that others can read" 2 "mdm.key" "${given[@]}" --admin-key "$pki/tls/mdm.key"
openssl req -new -key "$pki/tls/mdm.key" -subj /CN=old -out old.csr
openssl x509 -req -in old.csr -signkey "$pki/tls/mdm.key" -days -1 -out old.pem 2>/dev/null
expect_told "a certificate that has expired" 2 '--client-ca: ".*old.pem": has expired' "${given[@]}" --client-ca old.pem
expect_told "no certificate at all" 2 "holds no certificate in PEM" "${given[@]}" --client-ca "$pki/tls/mdm.key"

choose_init_ports
root_dir=$test_dir/given
expect "init with given certificates" run_init --root "$root_dir" "${given[@]}" \
    --public-url "http://localhost:$scep_port" --crp-listen "127.0.0.1:$crp_port" \
    --crp-health-listen "127.0.0.1:$crp_health_port" --ndesd-health-listen "127.0.0.1:$ndesd_health_port" \
    --admin-listen "127.0.0.1:$admin_port"
cp init.out given.out
expect_first_certificate given.out "$root_dir" device-1 "CN=device-1"
stop_init_daemons

# ---- crpd alone with given certificates
root_dir=$test_dir/crp_given
expect "init of crpd with given certificates" run_init --root "$root_dir" "${url[@]}" --role crp --crp-host localhost \
    --pki given --ca-certificate "$pki/ca/ca.pem" --crp-certificate "$pki/tls/crp.pem" --crp-key "$pki/tls/crp.key" \
    --crp-ca "$pki/tls/ca.pem" --client-ca "$pki/tls/ca.pem" --module-certificate "$pki/tls/ndes.pem" \
    --admin-certificate "$pki/tls/admin.pem" --admin-key "$pki/tls/admin.key" --mdm-certificate "$pki/tls/mdm.pem"
expect "crpd accepts it" "$lab_bin/crpd" --config "$root_dir/etc/ndes-crp/crpd/crpd.toml" --check-config
expect_equal "the module's key is not asked for, and is not there" "$(find "$root_dir/etc" -name 'module*' | wc -l)" 0
expect_match "ndesd's host is set up by itself" "$(next_lines init.out)" "init --role scep"

# ---- two hosts: what crpd's init lays ready is what ndesd's needs
choose_init_ports
root_dir=$test_dir/crp
expect "init of crpd's host" run_init --root "$root_dir" --non-interactive --role crp --crp-host localhost \
    --public-url "http://localhost:$scep_port" --crp-listen "127.0.0.1:$crp_port" \
    --crp-health-listen "127.0.0.1:$crp_health_port"
expect_fails "it has no CA key in force" test -e "$root_dir/etc/ndes-crp/ndesd"
cp init.out crp.out
cp -r "$root_dir/etc/ndes-crp/for-ndesd" carried
expect "init of ndesd's host" run_init --root "$test_dir/scep" --answers carried/answers.toml --non-interactive \
    --ndesd-health-listen "127.0.0.1:$ndesd_health_port" --admin-listen "127.0.0.1:$admin_port"
expect_fails "it has no challenge keys" test -e "$test_dir/scep/etc/ndes-crp/crpd"
(next_lines crp.out | grep -v ' init ' | sed -n 1p
 next_lines init.out | sed -n 1p
 next_lines crp.out | sed -n '$p'
 next_lines init.out | sed -n '$p' | sed 's/device\.\(key\|pem\)/device-1.\1/g; s/CN=DEVICE/CN=device-1/') >two.lines
(echo; echo Next:; cat two.lines) >two.out
expect "the commands of both hosts run" run_next_lines two.out
expect "and lead to a certificate" openssl verify -CAfile "$test_dir/scep/etc/ndes-crp/ndesd/ca/ca.pem" device-1.pem
stop_init_daemons

# ---- for systemd: users of their own, challenge keys as credentials
if [ "$(id -u)" -eq 0 ]; then
    root_dir=$test_dir/units
    choose_init_ports
    expect "init for systemd" run_init "${init_options[@]}" --root "$root_dir" --start systemd --crpd-user daemon --ndesd-user bin
    expect_equal "tells systemctl" "$(next_lines init.out | sed -n 1p)" "systemctl enable --now crpd ndesd ndes-tls-renew.timer"
    owner() { stat -c %U "$root_dir/$1"; }
    expect_equal "the CA's key is ndesd's" "$(owner etc/ndes-crp/ndesd/ca/ca.key)" bin
    expect_equal "the RA's, too" "$(owner var/lib/ndesd/ra/signing.key)" bin
    expect_equal "and its module's" "$(owner var/lib/ndesd/module/client.key)" bin
    expect_equal "the TLS key is crpd's" "$(owner etc/ndes-crp/crpd/tls/crp.key)" daemon
    expect_equal "so is the database" "$(owner var/lib/crpd/crp.db)" daemon
    mkdir "$test_dir/prepared" && chgrp daemon "$test_dir/prepared" && chmod 2770 "$test_dir/prepared"
    expect "init with a folder that is there" run_init "${init_options[@]}" --root "$test_dir/units.2" \
        --start systemd --crpd-user daemon --ndesd-user bin --store-path "$test_dir/prepared/crp.db"
    expect_equal "whoever owns it, the database is crpd's" "$(stat -c %U "$test_dir/prepared/crp.db")" daemon
    expect_equal "challenge keys are root's" "$(owner etc/ndes-crp/crpd/keys/k1.key)" root
    chmod 755 "$test_dir" # the work folder is this test's
    expect_fails "crpd cannot read the CA's key" setpriv --reuid=daemon --regid=daemon --clear-groups \
        cat "$root_dir/etc/ndes-crp/ndesd/ca/ca.key"
    expect_fails "ndesd cannot read challenge keys" setpriv --reuid=bin --regid=bin --clear-groups \
        cat "$root_dir/etc/ndes-crp/crpd/keys/k1.key"
    expect "root can check it where systemd has handed over nothing" \
        "$crpctl" config check --config "$root_dir/etc/ndes-crp/crpd/crpd.toml"
    own() { "$crpctl" "$@" --ndesd-config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml" --crpd-config "$root_dir/etc/ndes-crp/crpd/crpd.toml"; }
    status_of() { own doctor --check "$1" --format json | jq -r '.checks[0].status'; }
    said_by() { own doctor --check "$1" --format json | jq -r '.checks[0] | .observed, (.troubles[] | .observed, .repair)'; }
    for id in DR-05 DR-25 DR-31; do expect_equal "$id is good while nothing runs" "$(status_of $id)" ok; done
    expect "nothing of it is missing for crpctl expiry" own expiry
    mv "$root_dir/etc/ndes-crp/crpd/keys/k1.key" k1.key
    gone="keys/k1.key: No such file"
    expect_match "a key that is not there is told by config check" \
        "$("$crpctl" config check --config "$root_dir/etc/ndes-crp/crpd/crpd.toml" 2>&1)" "$gone"
    expect_match "by DR-25" "$(status_of DR-25) $(said_by DR-25)" "^failed .*$gone"
    expect_match "by DR-31" "$(status_of DR-31) $(said_by DR-31)" "^failed .*$gone"
    expect_match "and by crpctl expiry" "$(own expiry)" "$gone"
    mv k1.key "$root_dir/etc/ndes-crp/crpd/keys/k1.key"

    # What root types is the daemons' to read, and what is not is told.
    expect "root renews the RA" "$crpctl" ra renew --config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml"
    expect_equal "and the new files are ndesd's" \
        "$(find "$root_dir/var/lib/ndesd/ra" ! -user bin | wc -l) $(ls "$root_dir"/var/lib/ndesd/ra/*-20*.key | wc -l)" "0 2"
    expect "root makes a backup" "$crpctl" db backup --config "$root_dir/etc/ndes-crp/crpd/crpd.toml" --to "$root_dir/var/lib/crpd/copy.db"
    expect "and restores it" "$crpctl" db restore --config "$root_dir/etc/ndes-crp/crpd/crpd.toml" \
        --from "$root_dir/var/lib/crpd/copy.db" --replace
    expect_equal "all of which is crpd's" "$(find "$root_dir/var/lib/crpd" ! -user daemon | wc -l)" 0
    setpriv --reuid=bin --regid=bin --clear-groups "$lab_bin/ndesd" --config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml" >ndesd.log 2>&1 &
    echo $! >init.pids
    eventually "ndesd runs as its user" 20 curl -fsS "http://127.0.0.1:$ndesd_health_port/livez"
    expect_equal "DR-31 is good" "$(status_of DR-31)" ok
    chown root "$root_dir/etc/ndes-crp/ndesd/keys/journal.key"
    expect_match "DR-31 tells of a key that its program cannot read" "$(status_of DR-31) $(said_by DR-31)" \
        "^failed .*journal.key belongs to root, but ndesd runs as bin.*chown bin: "
    chown bin: "$root_dir/etc/ndes-crp/ndesd/keys/journal.key"
    stop_init_daemons
    # As systemd's LoadCredential=keys:FOLDER lays them out.
    mkdir -p "$test_dir/credentials"
    for key in k1 pepper; do
        cp "$root_dir/etc/ndes-crp/crpd/keys/$key.key" "$test_dir/credentials/keys_$key.key"
    done
    sed -i "s#/run/credentials/crpd.service#$test_dir/credentials#" "$root_dir/etc/ndes-crp/crpd/crpd.toml"
    expect "crpd takes its keys from credentials" env CREDENTIALS_DIRECTORY="$test_dir/credentials" \
        "$lab_bin/crpd" --config "$root_dir/etc/ndes-crp/crpd/crpd.toml" --check-config
fi
finish_init
