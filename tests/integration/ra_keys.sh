#!/usr/bin/env bash
# The RA's certificates: chosen from a folder, taken anew when files change, the key of before goes
# on opening requests; then the same with RA and CA keys in a PKCS#11 token (SoftHSM).
set -uo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/ndesd_lib.sh"
begin_ndesd ra_keys
write_store_and_issuer
# The most recent one that fits counts: neither of these does.
make_leaf "$ndesd_dir/ra/plain" "no agent" "$ndesd_dir/ca/ca" 'keyUsage=critical,keyEncipherment' "${rsa[@]}"
make_ca "$test_dir/work/foreign" "Foreign CA" "${rsa[@]}"
make_ra "$ndesd_dir/ra" "$test_dir/work/foreign" foreign
start_ndesd
openssl genrsa -out one.key 2048 2>/dev/null
subject() { openssl x509 -in "$1" -noout -subject -nameopt RFC2253; }
# take_ra NAME: what GetCACert gives now, in a folder of its own.
take_ra() {
    rm -rf "got-$1" && mkdir "got-$1" && cd "got-$1" || return 1
    get_ra
    cd ..
    ra_encryption=$PWD/got-$1/$ra_encryption ra_signing=$PWD/got-$1/$ra_signing ca=$PWD/got-$1/$ca
}
take_ra first
expect_match "the pair that fits is chosen" "$(subject "$ra_encryption")" 'RA encryption first'
expect "a client enrols" strongswan_enrol one.pem one.key 'O=Example, CN=phone-1' ''
old_encryption=$ra_encryption

sleep 1.1 # certificates count seconds; the newer one is the later issued
make_ra "$ndesd_dir/ra" "$ndesd_dir/ca/ca" second
names_second() { take_ra second; [[ $(subject "$ra_encryption") == *second* && $(subject "$ra_signing") == *second* ]]; }
eventually "new certificates are taken without a signal" 20 names_second
expect "a client enrols with them" strongswan_enrol two.pem one.key 'O=Example, CN=phone-2' ''
new_encryption=$ra_encryption ra_encryption=$old_encryption
expect "the key of before still opens" strongswan_enrol three.pem one.key 'O=Example, CN=phone-3' ''
ra_encryption=$new_encryption

rm "$ndesd_dir"/ra/*-second.key "$ndesd_dir"/ra/*-first.key
kill -HUP "$NDESD_PID"
eventually "keys that are gone are told" 10 event_told 10
expect "and what was in use stays" strongswan_enrol four.pem one.key 'O=Example, CN=phone-4' ''

lab_end "$NDESD_PID" ndesd
# A token that was made without root, the keys of RA and CA in it, no key file left.
export SOFTHSM2_CONF=$test_dir/work/softhsm2.conf
mkdir tokens
echo "directories.tokendir = $PWD/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label lab --pin 12345678 --so-pin 87654321 >/dev/null
(umask 077 && echo 12345678 >"$ndesd_dir/keys/pin")
rm -rf "$ndesd_dir/ra" && mkdir "$ndesd_dir/ra"
make_ra "$ndesd_dir/ra" "$ndesd_dir/ca/ca" token
number=1
for stem in "$ndesd_dir"/ra/signing-token "$ndesd_dir"/ra/encryption-token "$ndesd_dir"/ca/ca; do
    softhsm2-util --import "$stem.key" --token lab --label "$(basename "$stem")" --id "0$number" --pin 12345678 >/dev/null
    echo "pkcs11:token=lab;object=$(basename "$stem");type=private" >"$stem.uri"
    rm "$stem.key"
    number=$((number + 1))
done
sed -i "s|^key_file = \"ca/ca.key\"|key_uri = \"$(cat "$ndesd_dir/ca/ca.uri")\"|" "$ndesd_dir/ndesd.toml"
cat >>"$ndesd_dir/ndesd.toml" <<'TOML'
[pkcs11]
module = "/usr/lib/softhsm/libsofthsm2.so"
pin_file = "keys/pin"
TOML
start_ndesd
take_ra token
expect_match "the token's pair is chosen" "$(subject "$ra_encryption")" 'RA encryption token'
expect "a client enrols with keys in a token" strongswan_enrol five.pem one.key 'O=Example, CN=phone-5' ''
expect "the certificate verifies" openssl verify -CAfile "$ndesd_dir/ca/ca.pem" five.pem
pids=()
for i in 1 2 3 4; do
    strongswan_enrol "many$i.pem" one.key "O=Example, CN=many-$i" '' 2>/dev/null & pids+=($!)
done
all=0
for pid in "${pids[@]}"; do wait "$pid" || all=1; done
expect_equal "and several at once" $all 0
expect_fails "the PIN is in no log" grep -rq 12345678 "$ndesd_dir/log"
lab_end "$NDESD_PID" ndesd
(umask 077 && echo 00000000 >"$ndesd_dir/keys/pin")
expect_fails "a wrong PIN stops the start" timeout 20 "$lab_bin/ndesd" --config "$ndesd_dir/ndesd.toml"
finish
