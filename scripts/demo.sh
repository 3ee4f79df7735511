#!/usr/bin/env bash
# The main job, shown: an MDM posts a challenge, a device enrols with a real SCEP client, and the
# traces of the three phases and the state message are there. Leaves nothing running.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/scripts/lib/packages.sh"
source "$root/scripts/lib/lab.sh"
demo=$root/build/demo

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

say "Install and build"
install_packages "${build_packages[@]}" "${lab_packages[@]}" "${client_packages[@]}"
"$root/scripts/build.sh"
rm -rf "$demo"
mkdir -p "$demo"

say "Start crpd and ndesd with a throw-away PKI"
trap 'lab_stop "$demo" >/dev/null' EXIT
lab_start "$demo" sqlite true
source "$demo/lab.env"

# An MDM's call: client certificate, JSON.
mdm() {
    curl -sS --fail-with-body --max-time 10 --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" \
        -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "$CRP_URL$2"
}

say "The MDM tells the CRP about a user, a device and a certificate profile"
mdm PUT /api/v1/users/alice '{"userPrincipalName":"alice@example.org","displayName":"Alice",
    "email":"alice@example.org","enabled":true,"groups":["staff"]}' | jq -c .
mdm PUT /api/v1/devices/phone-1 '{"deviceType":"phone","name":"phone-1.example.org","serialNumber":"SN0001",
    "ownerUserId":"alice","enrollmentState":"enrolled","compliant":true}' | jq -c .
mdm PUT /api/v1/policies/wifi '{"certificateRequestId":"ModelName=ScopeId_1/ConfigurationPolicy_1;Version=1;Hash=1",
    "template":"GeneralPurpose","subjectFormat":"CN={{DeviceName}},OU=MDM,O=scep-client,C=US",
    "keyUsage":["digitalSignature","keyEncipherment"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],
    "keyType":"RSA","minimumKeySize":2048,"hashAlgorithms":["SHA-1","SHA-256"],"validityDays":365,
    "assignments":{"users":["alice"],"groups":[],"devices":[],"all":false}}' | jq -c .

say "… and asks for a challenge for them"
challenge=$(mdm POST /api/v1/challenges '{"deviceId":"phone-1","userId":"alice","policyId":"wifi"}')
jq -c '.challenge |= .[0:12] + "…"' <<<"$challenge"

say "The device enrols with micromdm's scepclient"
mkdir -p "$demo/device"
(cd "$demo/device" && timeout 60 scepclient -server-url "$SCEP_URL" -cn phone-1.example.org \
    -challenge "$(jq -r .challenge <<<"$challenge")" -private-key key.pem -certificate cert.pem)
openssl x509 -in "$demo/device/cert.pem" -noout -subject -issuer -dates -ext keyUsage,extendedKeyUsage
openssl verify -CAfile "$ISSUING_CA" "$demo/device/cert.pem"

say "What the CRP recorded"
transaction=$(mdm GET '/api/v1/transactions?limit=1' | jq -r '.items[0].transactionId')
mdm GET "/api/v1/transactions/$(jq -rn --arg id "$transaction" '$id|@uri')" |
    jq '{transactionId, verified, reason, phase, state, deviceId, userId}'

say "The three phases in CRP.log"
grep -oE 'LOG\[(VerifyRequest|Validation Phase|Notify)[^]]*' "$CRP_LOG" | sed 's/^LOG\[/  /'

say "The policy module in NDESPlugin.log"
sed -n 's/^<!\[LOG\[\(.*\)\]LOG\]!><time="\([^"]*\)".*/  \2  \1/p' "$NDES_LOG"

say "The state messages for the MDM (5 = challenge validated, 9 = issued)"
for _ in $(seq 100); do
    [ "$(find "$SMX_INBOX" -name '*.SMX' | wc -l)" -ge 2 ] && break
    sleep 0.1
done
for file in "$SMX_INBOX"/*.SMX; do
    printf '  %s  ' "$(basename "$file")"
    iconv -f UTF-16 -t UTF-8 "$file" | grep -oE '<(Topic|State) [^>]*>' | xargs -0 | tr '\n' ' '
    echo
done

say "And the same challenge again, from another device's key"
mkdir -p "$demo/thief"
(cd "$demo/thief" && timeout 60 scepclient -server-url "$SCEP_URL" -cn phone-1.example.org \
    -challenge "$(jq -r .challenge <<<"$challenge")" -private-key key.pem -certificate cert.pem 2>&1 |
    grep -oE 'failInfo[^"]*' | head -1) || true
mdm GET '/api/v1/transactions?limit=1' | jq -c '.items[0] | {verified, reason, detail}'
say "Done; everything is in $demo"
