#!/usr/bin/env bash
# micromdm's scepclient (single DES, SHA-1: legacy switch on) enrols, renews and is refused.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin scepclient

make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'

# run_client FOLDER CN CHALLENGE: its files stay in FOLDER, a second run there renews.
run_client() {
    mkdir -p "$1"
    (cd "$1" && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$3" -cn "$2" \
        -private-key key.pem -certificate cert.pem -keySize 2048)
}

challenge=$(new_challenge)
expect "enrols" run_client good phone-1.example.org "$challenge"
expect_certificate good/cert.pem 'CN=phone-1.example.org,OU=MDM,O=scep-client,C=US' ''
id=$(newest_transaction | jq -r .transactionId)
eventually "state messages 5 and 9 are dropped" 10 has_states "$id" "5 9"
first=$(openssl x509 -in good/cert.pem -noout -serial)

expect "renews in the same folder" run_client good phone-1.example.org "$challenge"
expect_certificate good/cert.pem 'CN=phone-1.example.org,OU=MDM,O=scep-client,C=US' ''
if [ "$(openssl x509 -in good/cert.pem -noout -serial)" != "$first" ]; then
    ok "the renewed certificate is another one"
else
    not_ok "the renewed certificate is another one" "$first"
fi
eventually "state messages of the renewal are dropped" 10 has_states "$id" "5 9 9 16"

expect_fails "is refused on a wrong challenge" run_client wrong phone-1.example.org not-the-challenge
expect_refused ChallengeUnknown
expect_fails "is refused on a wrong subject" run_client subject other.example.org "$(new_challenge)"
expect_refused SubjectNameMismatch
expect_fails "is refused on a used challenge" run_client used phone-1.example.org "$challenge"
expect_refused ChallengeReplayed
finish
