#!/usr/bin/env bash
# ndesd's own rules, with strongSwan and openssl as judges: who may renew and for what, HashAlgorithm,
# algorithms that clients choose, GetNextCACert, and CMS that is no SCEP.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ndesd_lib.sh"
begin_ndesd rules
write_store_and_issuer
make_ca "$ndesd_dir/ca/next" "Next CA" "${rsa[@]}"
sed -i 's|^\[issuer\]$|&\nnext_ca_file = "ca/next.pem"|; s|^EnforcePassword = 0$|&\nHashAlgorithm = "SHA384"|' "$ndesd_dir/ndesd.toml"
start_ndesd
get_ra
for key in one two three four five; do openssl genrsa -out $key.key 2048 2>/dev/null; done

expect "a client enrols" strongswan_enrol one.pem one.key 'O=Example, CN=a' ''
expect_match "HashAlgorithm signs" "$(openssl x509 -in one.pem -noout -text)" sha384WithRSA
with_one=(--cert one.pem --key one.key)
expect_fails "its certificate renews for no other subject" strongswan_enrol x.pem two.key 'O=Example, CN=b' '' "${with_one[@]}"
eventually "which is event 28" 5 event_told 28
expect_fails "nor with a name that it has not" strongswan_enrol x.pem two.key 'O=Example, CN=a' '' "${with_one[@]}" --san admin.example.org
expect "it renews for its own" strongswan_enrol renewed.pem two.key 'O=Example, CN=a' '' "${with_one[@]}"
expect_fails "an RA's certificate renews nothing" strongswan_enrol x.pem two.key 'O=NDES-CRP Lab, CN=RA signing first' '' \
    --cert "$ndesd_dir/ra/signing-first.pem" --key "$ndesd_dir/ra/signing-first.key"

expect "3DES is served" strongswan_enrol x.pem three.key 'O=Example, CN=c' '' --cipher des3
expect "SHA-512 is served" strongswan_enrol x.pem four.key 'O=Example, CN=d' '' --digest sha512
expect "RSASSA-PSS is served" strongswan_enrol x.pem five.key 'O=Example, CN=e' '' --rsa-padding pss

curl -sS "$SCEP_URL?operation=GetNextCACert" -o next.der
expect "openssl verifies GetNextCACert by the CA of today" openssl cms -verify -inform DER -in next.der \
    -CAfile "$ndesd_dir/ca/ca.pem" -certfile "$ndesd_dir/ca/ca.pem" -purpose any -out next.list
expect_match "and finds the CA of tomorrow" "$(openssl pkcs7 -inform DER -in next.list -print_certs 2>&1)" 'Next CA'

status() { curl -sS -o /dev/null -w '%{http_code}' --data-binary @"$1" "$SCEP_URL"; }
head -c 40000 /dev/urandom >noise
openssl cms -encrypt -aes128 -outform DER -binary -in one.pem "$ndesd_dir/ra/encryption-first.pem" >envelope
openssl cms -sign -nodetach -outform DER -binary -in envelope -signer one.pem -inkey one.key >signed
openssl cms -sign -nodetach -outform DER -binary -in noise -signer one.pem -inkey one.key >signed_noise
openssl cms -sign -nodetach -noattr -outform DER -binary -in envelope -signer one.pem -inkey one.key >bare
for name in noise envelope signed signed_noise bare; do
    expect_equal "no SCEP message: $name" "$(status $name)" 400
done
finish
