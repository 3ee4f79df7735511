#!/usr/bin/env bash
# The CRP is away: no certificate, the device is told to come again, the challenge stays unspent,
# the log says why; when the CRP is back the same challenge enrols.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin crp_down false

make_records 'CN={{UserPrincipalName}},O=Example' '[]'
challenge=$(new_challenge)
pki --scepca --url "$SCEP_URL" --caout ca --raout ra --outform pem >/dev/null 2>&1
for file in ra*; do
    usage=$(openssl x509 -in "$file" -noout -ext keyUsage)
    [[ $usage == *Encipherment* ]] && ra_encryption=$file
    [[ $usage == *Signature* ]] && ra_signing=$file
done
openssl genrsa -out device.key 2048 2>/dev/null
enroll() {
    timeout 60 pki --scep --url "$SCEP_URL" --in device.key --dn 'O=Example, CN=alice@example.org' \
        --password "$challenge" --cacert-enc "$ra_encryption" --cacert-sig "$ra_signing" \
        --cacert "$(ls ca* | head -1)" --outform pem >device.pem
}

lab_end "$CRPD_PID" crpd
expect_fails "no certificate while the CRP is down" enroll
expect_equal "GetCACaps still answers" "$(curl -s -o /dev/null -w '%{http_code}' "$SCEP_URL?operation=GetCACaps")" 200
eventually "NDESPlugin.log says that the request could not be sent" 5 \
    grep -qE 'Failed to send http request .*VerifyRequest. Error 1[0-9]{4}' "$NDES_LOG"
expect_fails "nothing speaks of an invalid password" grep -qi 'invalid.password\|password.*invalid' "$NDES_LOG" "$test_dir/lab/log/ndesd.jsonl"
expect_equal "ndesd's health tells of it" "$(curl -s "$NDES_HEALTH_URL/healthz" | jq -c '[.text, .checks.policy_module]')" '["Failed",false]'

lab_start "$test_dir/lab" sqlite false >/dev/null
expect "the same challenge enrols when the CRP is back" enroll
expect_equal "and ndesd is ready again" "$(curl -s -o /dev/null -w '%{http_code}' "$NDES_HEALTH_URL/readyz")" 200
expect "the certificate verifies" openssl verify -CAfile "$ISSUING_CA" device.pem
expect_equal "the challenge was spent once" \
    "$(mdm GET /api/v1/certificates | jq '.items | length')" 1
finish
