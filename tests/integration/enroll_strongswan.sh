#!/usr/bin/env bash
# strongSwan's pki --scep (SHA-256, AES) enrols, renews with a new key and is refused; the server
# does not have the legacy switch on.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin strongswan false

make_records 'CN={{UserPrincipalName}},O=Example' '[{"type":"dns","value":"{{DeviceName}}"}]'

get_ra
expect_match "gets CA and RA certificates" "$(ls | xargs)" 'ca.*ra-1.*ra-2|ca.*ra.*'

# request OUT KEY DN SAN CHALLENGE [MORE…]
request() {
    local out=$1 key=$2 dn=$3 san=$4 challenge=$5
    shift 5
    timeout 60 pki --scep --url "$SCEP_URL" --in "$key" --dn "$dn" --san "$san" \
        ${challenge:+--password "$challenge"} --cacert-enc "$ra_encryption" \
        --cacert-sig "$ra_signing" --cacert "$ca" --outform pem "$@" >"$out"
}
for key in one two three; do openssl genrsa -out $key.key 2048 2>/dev/null; done
dn='O=Example, CN=alice@example.org'

challenge=$(new_challenge)
expect "enrols" request one.pem one.key "$dn" phone-1.example.org "$challenge"
expect_certificate one.pem 'CN=alice@example.org,O=Example' 'DNS:phone-1.example.org'
id=$(newest_transaction | jq -r .transactionId)
eventually "state messages 5 and 9 are dropped" 10 has_states "$id" "5 9"

expect "renews with a new key" request two.pem two.key "$dn" phone-1.example.org '' \
    --cert one.pem --key one.key
expect_certificate two.pem 'CN=alice@example.org,O=Example' 'DNS:phone-1.example.org'
id=$(newest_transaction | jq -r .transactionId)
eventually "state messages 16 and 9 are dropped" 10 has_states "$id" "9 16"

expect_fails "is refused on a wrong challenge" request x.pem three.key "$dn" phone-1.example.org wrong-challenge
expect_refused ChallengeUnknown
expect_fails "is refused on a wrong subject" request x.pem three.key 'O=Example, CN=mallory@example.org' phone-1.example.org "$(new_challenge)"
expect_refused SubjectNameMismatch
expect_fails "is refused on a wrong SAN" request x.pem three.key "$dn" other.example.org "$(new_challenge)"
expect_refused SubjectAltNameMismatch
expect_fails "is refused on a used challenge" request x.pem three.key "$dn" phone-1.example.org "$challenge"
expect_refused ChallengeReplayed
finish
