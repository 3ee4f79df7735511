#!/usr/bin/env bash
# micromdm's scepserver asks our verifier (-csrverifierexec) whether a request may be issued, and the
# verifier the CRP: a right challenge is issued, everything else refused. scepclient is the device.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin verify_scepserver

make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
verifier=$lab_bin/ndes-csr-verifier
export NDES_VERIFIER_MODULE_CONFIG=$test_dir/lab/ndes_policy_crp.toml
export NDES_VERIFIER_TEMPLATE=GeneralPurpose NDES_VERIFIER_CA_NAME=micromdm

port=$(free_port 18900)
scepserver ca -init -depot depot -organization test >ca.log 2>&1
scepserver -depot depot -port "$port" -csrverifierexec "$verifier" >scepserver.log 2>&1 &
server=$!
test_cleanup() { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
answers() { curl -sS -o /dev/null --max-time 2 "http://127.0.0.1:$port/scep?operation=GetCACaps"; }
eventually "scepserver answers" 20 answers

# run_client FOLDER CN CHALLENGE
run_client() {
    mkdir -p "$1"
    (cd "$1" && timeout 60 scepclient -server-url "http://127.0.0.1:$port/scep" -challenge "$3" \
        -cn "$2" -private-key key.pem -certificate cert.pem -keySize 2048)
}
no_certificate() { [ ! -s "$1/cert.pem" ]; }

challenge=$(new_challenge)
expect "a right challenge is issued" run_client good phone-1.example.org "$challenge"
expect "the certificate comes from scepserver's CA" openssl verify -CAfile depot/ca.pem good/cert.pem
expect_equal "the CRP has the yes on record" \
    "$(newest_transaction | jq -r '[.verified, .reason, .deviceId, .state] | join(" ")')" \
    "true Success phone-1 verified"

expect_fails "a wrong subject is refused" run_client subject other.example.org "$(new_challenge)"
expect "a wrong subject gets no certificate" no_certificate subject
expect_refused SubjectNameMismatch
expect_fails "a wrong challenge is refused" run_client wrong phone-1.example.org not-the-challenge
expect "a wrong challenge gets no certificate" no_certificate wrong
expect_refused ChallengeUnknown
expect_fails "a used challenge is refused" run_client used phone-1.example.org "$challenge"
expect_refused ChallengeReplayed

# The program alone: 0 is a yes, and nothing else is.
verify() { "$verifier" "$@" <request.der; }
exits() { local wanted=$1; shift; "$@" >out.txt 2>&1; [ $? -eq "$wanted" ]; }
new_request() { # new_request CHALLENGE
    openssl req -new -newkey rsa:2048 -nodes -keyout request.key -outform DER -out request.der \
        -config <(printf '%s\n' '[req]' 'prompt=no' 'distinguished_name=dn' 'attributes=at' '[dn]' \
            'C=US' 'O=scep-client' 'OU=MDM' 'CN=phone-1.example.org' '[at]' "challengePassword=$1") 2>/dev/null
}
new_request "$(new_challenge)"
expect "0 for a yes" exits 0 verify
expect "0 for the same request again" exits 0 verify
new_request not-the-challenge
expect "4 for a no" exits 4 verify
expect_match "the reason is told" "$(cat out.txt)" ChallengeUnknown
new_request "$(new_challenge)"
expect "4 for another template" exits 4 verify --template Signature
expect "1 for no request" exits 1 "$verifier" </dev/null
head -c 70000 /dev/zero >request.der
expect "1 for a request that is too large" exits 1 verify
expect "2 for --help" exits 2 "$verifier" --help
expect "2 without a template" exits 2 env -u NDES_VERIFIER_TEMPLATE "$verifier"
expect "1 without settings" exits 1 verify --module-config missing.toml

new_request "$(new_challenge)"
crpd_pid=$(sed -n 's/^CRPD_PID=//p' "$test_dir/lab/lab.env")
kill "$crpd_pid"
eventually "crpd has ended" 20 bash -c "! kill -0 $crpd_pid 2>/dev/null"
expect "1 when the CRP is away" exits 1 verify
expect_fails "the CRP is away: nothing is issued" run_client away phone-1.example.org some-challenge
expect "the CRP is away: no certificate" no_certificate away

echo "$passed checks passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
exit $?
