#!/usr/bin/env bash
# crpctl init, by options, by an answers file and typed at a terminal: from nothing to a certificate
# with the very commands that it prints. Then: what it refuses, and that it never overwrites.
set -uo pipefail
source "$(dirname "$0")/init_lib.sh"
begin_init init

# ---- by options: start, challenge, enrolment as printed
choose_init_ports
root_dir=$test_dir/options
expect "init by options" run_init "${init_options[@]}"
cp init.out options.out
expect_equal "it tells three commands" "$(next_lines options.out | wc -l)" 3
expect_modes "$root_dir"
expect "the configuration of crpd is sound" "$crpctl" config check --config "$root_dir/etc/ndes-crp/crpd/crpd.toml"
expect "that of ndesd" "$crpctl" config check --config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml"
expect "also for ndesd itself" "$lab_bin/ndesd" --config "$root_dir/etc/ndes-crp/ndesd/ndesd.toml" --check-config
expect "that of the module" "$crpctl" config check --config "$root_dir/etc/ndes-crp/ndesd/ndes_policy_crp.toml"
expect "that of crpctl" "$crpctl" config check --config "$root_dir/etc/ndes-crp/crpctl.toml"
expect_first_certificate options.out "$root_dir" device-1 "CN=device-1"
expect "the admin listener knows the administrator" env CRPCTL_CONFIG="$root_dir/etc/ndes-crp/crpctl.toml" "$crpctl" ca list
expect "the audit of what init wrote is whole" "$crpctl" audit verify --config "$root_dir/etc/ndes-crp/crpd/crpd.toml"
expect_equal "a new RA pair is taken by the running ndesd" "$(renew_ra)" renewed

# ---- what init made does not end: ndesd renews its module's certificate, tls renew the others
etc=$root_dir/etc/ndes-crp
expect "the module's certificate is of the CA whose key ndesd has" \
    openssl verify -CAfile "$etc/ndesd/ca/ca.pem" "$root_dir/var/lib/ndesd/module/client.pem"
expect_match "and ndesd is told to renew it" "$(cat "$etc/ndesd/ndesd.toml")" $'\nrenew_client = true'
own_expiry() { "$crpctl" expiry --ndesd-config "$etc/ndesd/ndesd.toml" --crpd-config "$etc/crpd/crpd.toml" --client-config "$etc/crpctl.toml" --format json; }
expect_equal "crpctl's own certificate is listed" \
    "$(own_expiry | jq -r '[.[] | select(.usedBy == "crpctl") | .use + " " + .kind] | sort | join(", ")')" \
    "client certificate, client key, server-ca certificate"
serial() { openssl x509 -in "$1" -noout -serial; }
served() { openssl s_client -connect "127.0.0.1:$1" -cert "$etc/clients/admin.pem" -key "$etc/clients/admin.key" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
renewed=(crpd/tls/crp.pem ndesd/site/site.pem clients/admin.pem clients/mdm.pem)
for file in "${renewed[@]}"; do serial "$etc/$file"; lab_pin "$etc/$file"; done >before.renewal
before=$(served "$crp_port")
expect "what is good for long is left alone" "$crpctl" tls renew --ca "$etc/tls-ca" --if-days-left 30
expect_equal "indeed" "$(for file in "${renewed[@]}"; do serial "$etc/$file"; lab_pin "$etc/$file"; done)" "$(cat before.renewal)"
expect "all of the TLS CA are renewed" "$crpctl" tls renew --ca "$etc/tls-ca" --days 400
for file in "${renewed[@]}"; do
    expect_fails "$file is another" grep -qF "$(serial "$etc/$file")" before.renewal
    expect "with the key of before" grep -qF "$(lab_pin "$etc/$file")" before.renewal
    expect "of the same CA, to the day asked for" bash -c \
        "openssl verify -CAfile '$etc/tls-ca/ca.pem' '$etc/$file' && openssl x509 -in '$etc/$file' -noout -checkend $((399 * 86400))"
done
is_taken() { [ "$(served "$crp_port")" = "$(serial "$etc/crpd/tls/crp.pem")" ] && [ "$(served "$admin_port")" = "$(serial "$etc/ndesd/site/site.pem")" ]; }
eventually "both daemons take them by themselves" 30 is_taken
expect "and know the administrator" env CRPCTL_CONFIG="$etc/crpctl.toml" "$crpctl" ca list
read -r -a daily <<<"$(sed -n 's#^ExecStart=/usr/bin/crpctl ##p' "$root/crp-service/systemd/ndes-tls-renew.service")"
expect "the daily unit's command has options that exist" "$crpctl" "${daily[@]}" --ca "$etc/tls-ca"
expect "and its timer is one" systemd-analyze verify --man=no "$root/crp-service/systemd/ndes-tls-renew.timer"
expect_fails "a certificate of another CA is not renewed" "$crpctl" tls renew --ca "$etc/tls-ca" "$root_dir/var/lib/ndesd/ra/signing.pem"
cat "$etc/clients/mdm.pem" "$etc/clients/mdm.key" >"$etc/clients/bundle.pem"
cp "$etc/clients/bundle.pem" bundle.before
expect_fails "nor a file that holds its key, which would be lost" "$crpctl" tls renew --ca "$etc/tls-ca" "$etc/clients/bundle.pem"
expect "without FILE it is passed over" "$crpctl" tls renew --ca "$etc/tls-ca"
expect "and is as it was" cmp "$etc/clients/bundle.pem" bundle.before
expect "one that ends soon" "$crpctl" tls renew --ca "$etc/tls-ca" --days 5 "$etc/crpd/tls/crp.pem"
repair=$("$crpctl" doctor --check DR-05 --ndesd-config "$etc/ndesd/ndesd.toml" --crpd-config "$etc/crpd/crpd.toml" --format json |
    jq -r '.checks[0].troubles[0].repair')
expect_equal "the doctor names what renews it" "$repair" "crpctl tls renew $etc/crpd/tls/crp.pem --ca $etc/tls-ca"
expect "which does" $crpctl ${repair#crpctl }
expect_fails "for long" grep -q crp.pem <<<"$(own_expiry | jq -r '.[] | select(.daysLeft != null and .daysLeft < 30) | .file')"
stop_init_daemons

# ---- a second init changes nothing
before=$(fingerprint "$root_dir")
run_init "${init_options[@]}" >/dev/null; status=$?
expect_equal "a second init is refused" "$status" 4
expect_match "and names what is there" "$(cat init.err)" "$root_dir/etc/ndes-crp/crpd/crpd.toml"
expect_equal "and writes nothing" "$(fingerprint "$root_dir")" "$before"
mkdir -p "$test_dir/one/var/lib/crpd"
echo mine >"$test_dir/one/var/lib/crpd/crp.db"
before=$(fingerprint "$test_dir/one")
run_init --root "$test_dir/one" --non-interactive --public-url http://localhost:8080 >/dev/null; status=$?
expect_equal "one file that exists is enough to refuse" "$status" 4
expect_match "and is the only one named" "$(tail -n 1 init.err)" "one/var/lib/crpd/crp.db"
expect_equal "and nothing is written beside it" "$(fingerprint "$test_dir/one")" "$before"

# ---- by an answers file, with the names and the subject of a site
choose_init_ports
root_dir=$test_dir/answers
cat >answers.toml <<END
root = "$root_dir"
public_url = "http://127.0.0.1:$scep_port/scep/phones"
crp_listen = "127.0.0.1:$crp_port"
crp_health_listen = "127.0.0.1:$crp_health_port"
ndesd_health_listen = "127.0.0.1:$ndesd_health_port"
admin_listen = "127.0.0.1:$admin_port"
ca_name = "Example Org"
policy = "wifi"
policy_subject = "CN={{DeviceName}},O=Example"
device = "phone-7"
mdm_name = "our-mdm"
END
expect "a dry run" run_init --answers answers.toml --dry-run
expect_match "lists the files" "$(cat init.out)" "$root_dir/var/lib/ndesd/ra/signing.key"
expect_fails "and writes none" test -e "$root_dir"
expect "init by answers" run_init --answers answers.toml --non-interactive
cp init.out answers.out
expect_first_certificate answers.out "$root_dir" phone-7 "CN=phone-7,O=Example"
expect_match "the CA has the name that was given" \
    "$(openssl x509 -in "$root_dir/etc/ndes-crp/ndesd/ca/ca.pem" -noout -subject)" "Example Org Issuing CA"
stop_init_daemons

# ---- typed
choose_init_ports
root_dir=$test_dir/typed
type_init() { python3 "$root/tests/integration/type_answers.py" "$crpctl" init --root "$root_dir" "$@"; }
type_init <<END >typed.out
URL by which devices=>http://localhost:$scep_port
Make them?=>n
END
expect_equal "a no at the end" "$?" 4
expect_match "comes after the list" "$(cat typed.out)" "$root_dir/etc/ndes-crp/crpd/crpd.toml"
expect_fails "and nothing is written" test -e "$root_dir"
type_init \
    --crp-listen "127.0.0.1:$crp_port" --crp-health-listen "127.0.0.1:$crp_health_port" \
    --ndesd-health-listen "127.0.0.1:$ndesd_health_port" --admin-listen "127.0.0.1:$admin_port" \
    <<END >typed.out
What this host runs=>most
What this host runs=>all
URL by which devices=>scep.example.org
URL by which devices=>http://localhost:$scep_port
First device=>typed-1
END
expect_equal "init at a terminal" "$?" 0
expect_match "a wrong answer is told, and asked again" "$(cat typed.out)" \
    'role: "most": must be one of all, crp, scep'
expect_match "so is a URL that is none" "$(cat typed.out)" "must begin with http:// or https://"
expect_first_certificate typed.out "$root_dir" typed-1 "CN=typed-1"
stop_init_daemons
finish_init
