#!/usr/bin/env bash
# Manual approval: strongSwan polls, scepclient sends its request again; both end with the
# certificate once an operator approves, also across a restart; a denied one ends in FAILURE.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
export NDES_ISSUER__APPROVAL=manual
begin pending

make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
get_ra
export MSCEP_ADMIN_URL CRP_CA ADMIN_CERT ADMIN_KEY
pending() { "$lab_bin/crpctl" pending "$@"; }
waiting() { [ "$(pending list --format json | jq length)" = "$1" ]; }
first_id() { pending list --format json | jq -r '.[0].id'; }
# ended NAME STATUS: the client in the background ends so.
ended() {
    wait $client
    expect_equal "$1" "$([ $? -eq 0 ] && echo 0 || echo 1)" "$2"
}
dn='C=US, O=scep-client, OU=MDM, CN=phone-1.example.org'
for key in one two; do openssl genrsa -out $key.key 2048 2>/dev/null; done

strongswan_enrol one.pem one.key "$dn" "$(new_challenge)" --interval 1 --maxpolltime 80 2>one.err &
client=$!
eventually "strongSwan's request waits" 30 waiting 1
id=$(newest_transaction | jq -r .transactionId)
eventually "its state messages are 5 and 8" 15 has_states "$id" "5 8"
expect_match "the operator approves" "$(pending approve "$(first_id)")" '^[0-9]* issued serial [0-9a-f]'
ended "strongSwan polls and ends with the certificate" 0
expect_certificate one.pem 'CN=phone-1.example.org,OU=MDM,O=scep-client,C=US' ''
eventually "its state messages are 5, 8 and 9" 15 has_states "$id" "5 8 9"
expect "nothing waits any more" waiting 0

strongswan_enrol two.pem two.key "$dn" "$(new_challenge)" --interval 1 --maxpolltime 80 2>two.err &
client=$!
eventually "the second request waits" 30 waiting 1
second=$(first_id)
expect_match "the operator denies" "$(pending deny "$second" --text 'unknown phone')" 'denied'
ended "strongSwan is told FAILURE" 1
expect_match "badRequest it is" "$(cat two.err)" 'badRequest'
id=$(newest_transaction | jq -r .transactionId)
eventually "its state messages are 5, 7 and 8" 15 has_states "$id" "5 7 8"
expect_fails "what is decided cannot be decided again" pending approve "$second"

mkdir -p good
(cd good && timeout 90 scepclient -server-url "$SCEP_URL" -challenge "$(new_challenge)" \
    -cn phone-1.example.org -private-key key.pem -certificate cert.pem -keySize 2048 >out.txt 2>&1) &
client=$!
eventually "scepclient's request waits" 30 waiting 1
# It comes again after half a minute; strongSwan, which polls each second, gives up when a poll
# meets no server.
lab_end "$NDESD_PID" ndesd
lab_start "$test_dir/lab" sqlite true >/dev/null
source "$test_dir/lab/lab.env"
expect "it waits after a restart still" waiting 1
expect_match "the operator approves" "$(pending approve "$(first_id)")" 'issued'
ended "scepclient sends it again and ends with the certificate" 0
expect_certificate good/cert.pem 'CN=phone-1.example.org,OU=MDM,O=scep-client,C=US' ''
finish
