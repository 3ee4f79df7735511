#!/usr/bin/env bash
# One ndesd, two SCEP URLs with a CA, an RA, algorithms and a validity each: strongSwan enrols at
# both, each answers with its own, and neither knows of the other.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ndesd_lib.sh"
begin_ndesd profiles
write_store_and_issuer
make_ca "$ndesd_dir/ca/routers" "Routers CA" "${rsa[@]}"
mkdir "$ndesd_dir/ra-routers"
make_ra "$ndesd_dir/ra-routers" "$ndesd_dir/ca/routers" routers
cat >>"$ndesd_dir/ndesd.toml" <<'TOML'
[[profile]]
name = "routers"
scep.path = "/scep/routers/"
scep.allow_3des = false
ra.store = "ra-routers"
issuer.certificate_file = "ca/routers.pem"
issuer.key_file = "ca/routers.key"
issuer.hash = "SHA-384"
issuer.default_validity = "30d"
TOML
start_ndesd
openssl genrsa -out one.key 2048 2>/dev/null

get_ra
expect "enrols at the first URL" strongswan_enrol first.pem one.key 'O=Example, CN=phone-1' ''
expect "by the first CA" openssl verify -CAfile "$ndesd_dir/ca/ca.pem" first.pem
first_ra=$ra_encryption first_signing=$ra_signing first_ca=$ca first_url=$SCEP_URL
expect_match "the first URL offers 3DES" "$(curl -sS "$SCEP_URL?operation=GetCACaps")" DES3

mkdir routers && cd routers && cp ../one.key .
SCEP_URL=http://127.0.0.1:$scep_port/scep/routers/
get_ra
expect "enrols at the second URL" strongswan_enrol second.pem one.key 'O=Example, CN=router-1' ''
expect "by the second CA" openssl verify -CAfile "$ndesd_dir/ca/routers.pem" second.pem
expect_fails "and not by the first" openssl verify -CAfile "$ndesd_dir/ca/ca.pem" second.pem
expect_match "with its hash" "$(openssl x509 -in second.pem -noout -text)" sha384WithRSA
expect_fails "with its validity" openssl x509 -in second.pem -noout -checkend $((31 * 86400))
expect_equal "the second URL offers no 3DES" "$(curl -sS "$SCEP_URL?operation=GetCACaps" | grep -c DES3)" 0

expect_fails "what is encrypted to the first RA does not open at the second" \
    timeout 30 pki --scep --url "$SCEP_URL" --in one.key --dn 'O=Example, CN=router-2' \
    --cacert-enc "../$first_ra" --cacert-sig "$ra_signing" --cacert "$ca" --outform pem
openssl genrsa -out new.key 2048 2>/dev/null
expect "a certificate of the second CA renews there, for a new key" \
    strongswan_enrol renewed.pem new.key 'O=Example, CN=router-1' '' --cert second.pem --key one.key
expect_fails "a certificate of the first CA does not" \
    strongswan_enrol x.pem new.key 'O=Example, CN=phone-1' '' --cert ../first.pem --key ../one.key
cd ..
SCEP_URL=$first_url ra_encryption=$first_ra ra_signing=$first_signing ca=$first_ca
expect "the first URL still serves" strongswan_enrol again.pem one.key 'O=Example, CN=phone-2' ''
finish
