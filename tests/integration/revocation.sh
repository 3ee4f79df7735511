#!/usr/bin/env bash
# Revocation by ndesd's own CA: a client enrols, crpctl lists and revokes its certificate, openssl
# refuses it by the new CRL; all of it outlives kill -9.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ndesd_lib.sh"
begin_ndesd revocation
write_store_and_issuer
cat >>"$ndesd_dir/ndesd.toml" <<'TOML'
crl_file = "ca/ca.crl"
crl_lifetime = "2d"
TOML
make_leaf "$ndesd_dir/keys/admin" localhost "$ndesd_dir/ca/ca" \
    $'extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost' "${rsa[@]}"
for name in olga guest; do
    make_leaf "$ndesd_dir/keys/$name" $name "$ndesd_dir/ca/ca" 'extendedKeyUsage=clientAuth' "${rsa[@]}"
done
admin_port=$(free_port $((health_port + 1)))
pin() { "$lab_bin/crpctl" caller pin "$1" | grep -oE '[0-9a-f]{64}' | head -1; }
cat >>"$ndesd_dir/ndesd.toml" <<TOML
[admin]
listen = "127.0.0.1:$admin_port"
certificate_file = "keys/admin.pem"
key_file = "keys/admin.key"
client_ca_file = "ca/ca.pem"
[[admin.caller]]
name = "olga"
spki_sha256 = ["$(pin "$ndesd_dir/keys/olga.pem")"]
approve = true
[[admin.caller]]
name = "guest"
spki_sha256 = ["$(pin "$ndesd_dir/keys/guest.pem")"]
TOML
start_ndesd
crl=$ndesd_dir/ca/ca.crl
ca_as() {
    local who=$1
    shift
    timeout 30 "$lab_bin/crpctl" ca "$@" --url "https://localhost:$admin_port" --ca "$ndesd_dir/ca/ca.pem" \
        --cert "$ndesd_dir/keys/$who.pem" --key "$ndesd_dir/keys/$who.key"
}
crl_number() { openssl crl -in "${1:-$crl}" -noout -crlnumber | sed 's/.*0x//'; }
verify() { openssl verify -crl_check -CRLfile "$crl" -CAfile "$ndesd_dir/ca/ca.pem" "$1"; }
crl_is_good() { openssl crl -in "$crl" -noout -verify -CAfile "$ndesd_dir/ca/ca.pem" 2>&1 | grep -q 'verify OK'; }

expect "there is a CRL from the start" crl_is_good
first=$(crl_number)
get_ra
for name in one two; do
    openssl genrsa -out $name.key 2048 2>/dev/null
    expect "$name enrols" strongswan_enrol $name.pem $name.key "O=Example, CN=$name" ''
done
serial=$(openssl x509 -in one.pem -noout -serial | cut -d= -f2)
expect "a certificate that is not revoked verifies with -crl_check" verify one.pem
expect_equal "crpctl lists it with its hash" \
    "$(ca_as olga list --format json | jq -rs --arg serial "${serial,,}" 'flatten[] | select(.serial == $serial) | .state + " " + .certificateSha256')" \
    "issued $(openssl x509 -in one.pem -outform der | sha256sum | cut -d' ' -f1)"
expect_fails "who may not approve may not list" ca_as guest list
expect_fails "nor revoke" ca_as guest revoke "$serial"
expect_fails "a reason that is none" ca_as olga revoke "$serial" --reason boredom
expect "it verifies still" verify one.pem

expect_match "the operator revokes it" "$(ca_as olga revoke "$serial" --reason keyCompromise)" "^${serial,,} revoked keyCompromise, CRL [0-9]+\$"
expect "the new CRL verifies" crl_is_good
expect_match "openssl refuses the certificate" "$(verify one.pem 2>&1)" 'certificate revoked'
expect "and not the other" verify two.pem
expect_match "the CRL has the reason" "$(openssl crl -in "$crl" -noout -text)" 'Key Compromise'
expect "its number has grown" [ $((16#$(crl_number))) -gt $((16#$first)) ]
expect_equal "crpctl ca crl prints the same" "$(ca_as olga crl)" "$(cat "$crl")"
expect_fails "it is revoked once only" ca_as olga revoke "$serial"

# The RA's own, which crpctl ra renew signs beside a running ndesd.
listed() { [ "$(ca_as olga list --format json | jq -rs --arg cn "$1" '[flatten[] | select(.subject == $cn and .state == "issued")] | length')" = "$2" ]; }
expect "the RA's certificates are in the books" listed "CN=RA signing first,O=NDES-CRP Lab" 1
expect "crpctl ra renew makes a pair" "$lab_bin/crpctl" ra renew --config "$ndesd_dir/ndesd.toml" --subject 'CN=RA renewed'
eventually "and it is in the books" 20 listed "CN=RA renewed" 2
ra_serial=$(openssl x509 -in "$(ls "$ndesd_dir"/ra/signing-2*.pem)" -noout -serial | cut -d= -f2)
expect_match "it can be revoked as any other" "$(ca_as olga revoke "$ra_serial" --reason superseded)" "^${ra_serial,,} revoked superseded, CRL"
kill -HUP "$NDESD_PID"
eventually "ndesd tells that one it uses is revoked" 10 event_told 10
metric() { curl -sS "http://127.0.0.1:$health_port/metrics" | grep -F "$1" | sed 's/.* //'; }
expect_equal "metrics count what was issued" "$(metric 'ndes_scep_answers_total{answer="issued",profile=""}')" 2
expect "metrics tell when the CRL ends" [ "$(metric 'x509_crl_next_update{profile=""}' | cut -d. -f1)" != "" ]

number=$(crl_number)
kill -9 "$NDESD_PID"
rm "$crl"
start_ndesd
expect_match "after kill -9 and without the file it is revoked still" "$(verify one.pem 2>&1)" 'certificate revoked'
expect "and the number has grown again" [ $((16#$(crl_number))) -gt $((16#$number)) ]
finish
