#!/usr/bin/env bash
# The admin site with the CRP behind it: an MDM that speaks NDES' own interface gets a challenge that
# the module had the CRP mint for the device, user and policy named in Params; it enrols that device
# and nobody else, and what the CRP will not mint is told apart from a CRP that is away.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin challenge_generated false
make_records 'CN={{UserPrincipalName}},OU={{DeviceName}}' '[]'
mdm PUT /api/v1/devices/lost '{"deviceType":"phone","name":"lost","serialNumber":"SN0002","ownerUserId":"alice","enrollmentState":"retired","compliant":true}' >/dev/null
get_ra
for key in one two three; do openssl genrsa -out $key.key 2048 2>/dev/null; done
dn='OU=phone-1.example.org, CN=alice@example.org'

# What came of such a challenge belongs to the caller that asked for it, ndesd, and to admins.
transaction() { lab_call GET "/api/v1/transactions/$(jq -rn --arg id "$1" '$id|@uri')"; }

# generate USAGE PARAMS [CURL-OPTIONS…]: Params is percent-encoded as a whole, as MDMs do.
generate() {
    local usage=$1 params
    params=$(jq -rn --arg text "$2" '$text|@uri')
    shift 2
    admin_site "?operation=NDESGenerateChallenge&keyUsage=$usage&Params=$params" "$@"
}
status_of() { generate "$@" -o /dev/null -w '%{http_code}'; }
params='deviceId=phone-1&policyId=wifi&userId=alice'

challenge=$(generate 0xa0 "$params" -D headers.txt)
expect_match "the body is the challenge alone" "$challenge" '^crp1\.[A-Za-z0-9._-]{40,255}$'
expect_match "as plain text" "$(cat headers.txt)" 'Content-Type: text/plain'
expect_match "that no cache keeps" "$(cat headers.txt)" 'Cache-Control: no-store'
expect_fails "another subject does not enrol with it" strongswan_enrol x.pem three.key 'CN=bob@example.org' "$challenge"
expect_refused SubjectNameMismatch
expect "the device enrols with it" strongswan_enrol one.pem one.key "$dn" "$challenge"
expect_certificate one.pem 'CN=alice@example.org,OU=phone-1.example.org' ''
id=$(newest_transaction | jq -r .transactionId)
expect_equal "the CRP knows for whom it was" "$(transaction "$id" | jq -r '.deviceId + " " + .userId')" 'phone-1 alice'
eventually "its state messages are 5 and 9" 15 has_states "$id" "5 9"
expect_fails "it does not enrol another key" strongswan_enrol x.pem two.key "$dn" "$challenge"
expect_refused ChallengeReplayed

expect_match "two calls give two challenges" "$([ "$(generate 0xa0 "$params")" != "$(generate 0xa0 "$params")" ] && echo differ)" differ
expect_match "the page itself names no device and so has no challenge" "$(admin_page)" 'needs Params that name device'
for wrong in '' 'deviceId=phone-1' 'policyId=wifi' "deviceId=nobody&policyId=wifi" \
    "deviceId=phone-1&policyId=none" "$params&more=1" "$params&deviceId=phone-1" 'deviceId=%2e%2e%2f&policyId=wifi'; do
    expect_equal "no challenge for Params \"$wrong\"" "$(status_of 0xa0 "$wrong")" 500
done
expect_equal "nor for another template than the policy's" "$(status_of 0x80 "$params")" 500
expect_equal "nor for key usage 7" "$(status_of 7 "$params")" 400
gone=$(generate 0xa0 'deviceId=lost&policyId=wifi&userId=alice')
expect_fails "a retired device does not enrol, whatever it was given" strongswan_enrol x.pem two.key 'OU=lost, CN=alice@example.org' "$gone"

as_ndes() { curl -sS --max-time 10 --cacert "$CRP_CA" --cert "$NDES_CERT" --key "$NDES_KEY" "$@"; }
expect_equal "who is not on the list gets in nowhere" "$(as_ndes -o /dev/null -w '%{http_code}' "$MSCEP_ADMIN_URL")" 401
eventually "GenerateChallenge is in the plug-in's log" 5 grep -q 'Calling GenerateChallenge' "$NDES_LOG"
expect_fails "a challenge is in no log" grep -rqF "$challenge" "$test_dir/lab/log"

lab_end "$CRPD_PID" crpd
expect_equal "a CRP that is away is 503, and no refusal" "$(status_of 0xa0 "$params")" 503
finish
