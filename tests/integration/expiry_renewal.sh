#!/usr/bin/env bash
# RA and module client certificate are about to end; ndesd renews both by its own CA and goes over to
# the new ones while devices enrol, without one failure, and after those of before have ended.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/expiry_lib.sh"

begin expiry_renewal
lab=$test_dir/lab
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd

# The RA in a folder, the module's certificate too, issued by the issuing CA; crpd accepts that CA
# and knows the caller by its key, which the renewal keeps.
agent='extendedKeyUsage=1.3.6.1.4.1.311.20.2.1'
client_usage=$'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:ndes.lab'
mkdir "$lab/ra" "$lab/client"
begins='110 seconds ago' ends='70 seconds' # the last third of its life begins in 10 s
make_dated_leaf "$lab/ra/signing-1" 'RA sign' "$lab/ca/ca" $'keyUsage=critical,digitalSignature\n'"$agent" "$begins" "$ends" "${rsa[@]}"
make_dated_leaf "$lab/ra/encryption-1" 'RA crypt' "$lab/ca/ca" $'keyUsage=critical,keyEncipherment\n'"$agent" "$begins" "$ends" "${rsa[@]}"
make_dated_leaf "$lab/client/first" ndes.lab "$lab/ca/ca" "$client_usage" "$begins" "$ends" "${ec[@]}"
ended=$((SECONDS + 72))
sed -i '/^signing_\|^encryption_/d; s|^\[ra\]|&\nstore = "ra"\nauto_renew = true\nrenew_validity = "1h"|
    s|^module_config.*|&\nrenew_client = true|' "$lab/ndesd.toml"
sed -i 's|^certificate_file.*|certificate_store = "client"|; /^key_file/d' "$lab/ndes_policy_crp.toml"
cat "$lab/tls/ca.pem" "$lab/ca/ca.pem" >"$lab/tls/clients.pem"
old_pin=$(lab_pin "$lab/tls/ndes.pem") new_pin=$(lab_pin "$lab/client/first.pem")
sed -i "s|$old_pin|$new_pin|; s|^client_ca_file = .*|client_ca_file = \"tls/clients.pem\"|" "$lab/crpd.toml"
lab_start "$lab" sqlite true >/dev/null
source "$lab/lab.env"
expect_equal "at the start nothing is due" "$(ls "$lab/ra" "$lab/client" | grep -c '20.*pem')" 0

# enrol_one NAME: a device enrols.
enrol_one() {
    mkdir "$1"
    (cd "$1" && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$(new_challenge)" -cn phone-1.example.org \
        -private-key key.pem -certificate cert.pem -keySize 2048) >"$1.log" 2>&1 && [ -s "$1/cert.pem" ]
}
expect "a device enrols with what ends soon" enrol_one before
get_ra
old_encryption=$PWD/$ra_encryption
(
    count=0
    while [ ! -e stop ]; do
        count=$((count + 1))
        enrol_one "device-$count" || echo "device-$count" >>failures
        echo $count >enrolled
    done
) &
loop=$!

renewed() { ls "$lab"/ra/signing-20*.pem "$lab"/ra/encryption-20*.pem "$lab"/client/client-20*.pem; }
# ndesd looks every ten minutes, and at each reload.
is_renewed() { kill -HUP "$NDESD_PID"; sleep 1; renewed; }
eventually "when they are due there are new ones" 40 is_renewed
new_client=$(ls "$lab"/client/client-20*.pem)
expect_equal "one pair" "$(ls "$lab"/ra/*-20*.pem | wc -l)" 2
expect_equal "the client's key is the one of before" "$(lab_pin "$new_client")" "$new_pin"
expect_match "its names, too" "$(openssl x509 -in "$new_client" -noout -subject -ext subjectAltName)" 'ndes.lab.*DNS:ndes.lab'
expect_equal "its key is its owner's alone" "$(stat -c %a "${new_client%.pem}.key")" 600
thumbprint=$(openssl x509 -in "$new_client" -noout -fingerprint -sha1 | cut -d= -f2 | tr -d : | tr A-F a-f)
eventually "the module goes over to it" 20 grep -aq "NDES thumbprint is $thumbprint" "$NDES_LOG"
names_new() {
    rm -rf got && mkdir got && cd got || return 1
    get_ra
    local fits=1
    [ "$(date -d "$(openssl x509 -in "$ra_encryption" -noout -enddate | cut -d= -f2)" +%s)" -gt $(($(date +%s) + 600)) ] && fits=0
    new_encryption=$PWD/$ra_encryption new_signing=$PWD/$ra_signing new_ca=$PWD/$ca
    cd ..
    return $fits
}
eventually "devices are told of the new RA" 20 names_new
expect_match "with the name of before" "$(openssl x509 -in "$new_encryption" -noout -subject)" 'RA crypt'

# Overlap: who has the RA of before still encrypts to it.
openssl genrsa -out late.key 2048 2>/dev/null
ra_encryption=$old_encryption ra_signing=$new_signing ca=$new_ca
expect "a device that encrypts to the RA of before enrols" strongswan_enrol late.pem late.key \
    'C=US, O=scep-client, OU=MDM, CN=phone-1.example.org' "$(new_challenge)"
expect "books: the CA lists what it signed for us" bash -c \
    "grep -c 'a certificate of ours is entered' '$lab/log/ndesd.jsonl' | grep -qE '^[3-9]'"
while [ $SECONDS -lt $ended ]; do sleep 1; done
expect "those of before have ended" bash -c "! openssl x509 -in '$lab/ra/signing-1.pem' -noout -checkend 0 >/dev/null"
at_end=$(cat enrolled)
enrolled_since() { [ "$(cat enrolled)" -gt $((at_end + 2)) ]; }
eventually "devices go on enrolling afterwards" 40 enrolled_since
touch stop
wait $loop
expect_fails "no enrolment failed" test -e failures
[ ! -e failures ] || cat failures
expect_equal "renewals are counted" \
    "$(metric "$NDES_HEALTH_URL" 'ndes_scep_renewals_total.*result="done".*what="ra"|ndes_scep_renewals_total.*what="ra".*result="done"')" 1
echo "$(cat enrolled) devices enrolled meanwhile"

# What cannot be renewed is told and counted, and what is in use stays.
lab_end "$NDESD_PID" ndesd
make_ca "$test_dir/work/foreign" "Foreign CA" "${rsa[@]}"
rm "$lab"/client/*
make_dated_leaf "$lab/client/foreign" ndes.lab "$lab/tls/ca" "$client_usage" '100 days ago' '2 days' "${ec[@]}"
lab_start "$lab" sqlite true >/dev/null
source "$lab/lab.env"
eventually "a certificate of another CA is not renewed, and that is told" 10 \
    grep -q 'a certificate of ours cannot be renewed.*is not issued by the CA' "$lab/log/ndesd.jsonl"
expect_equal "and counted" "$(metric "$NDES_HEALTH_URL" 'ndes_scep_renewals_total.*result="failed".*what="client"|ndes_scep_renewals_total.*what="client".*result="failed"')" 1
expect_equal "nothing is put there" "$(ls "$lab/client" | wc -l)" 2
finish
