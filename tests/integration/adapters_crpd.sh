#!/usr/bin/env bash
# The adapters on a real crpd over real TLS, with curl and openssl as the other products: switched on
# by a reload, each caller by its own proof, secrets rotated without a restart, switched off again.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin adapters_crpd

lab=$test_dir/lab
make_records 'CN={{DeviceName}},OU=MDM,O=adapters,C=US' '[]'

call() { # call METHOD PATH [CURL-OPTIONS…]: status in $status, body in body.txt
    local method=$1 path=$2
    shift 2
    status=$(curl -sS --max-time 10 --cacert "$CRP_CA" -X "$method" -o body.txt -w '%{http_code}' "$@" "$CRP_URL$path")
}
reason() { jq -r '.reason // empty' body.txt; }
json='Content-Type: application/json'

call POST /step-ca/scepchallenge -H "$json" -d '{}'
expect_equal "an adapter that is off tells a stranger nothing" "$status $(reason)" "403 ClientCertificateMissing"
call POST /step-ca/scepchallenge -H "$json" -d '{}' --cert "$NDES_CERT" --key "$NDES_KEY"
expect_equal "nor does it exist for a caller" "$status $(reason)" "404 PathUnknown"

umask 077
openssl rand -base64 32 >"$lab/keys/step-ca.secret"
openssl rand -base64 32 >"$lab/keys/client.secret"
openssl rand -base64 32 >"$lab/keys/jamf.password"
"$lab_bin/crpctl" keys new --out "$lab/keys/token.key" >/dev/null
cp "$lab/crpd.toml" "$lab/crpd.toml.off"
reloads() { grep -c 'Configuration reloaded' "$CRP_LOG"; }
reloaded() { [ "$(reloads)" -gt "$1" ]; }
# put_config FILE: in the place of crpd.toml, by rename; waits until it is in force.
put_config() {
    local before
    before=$(reloads)
    mv "$1" "$lab/crpd.toml"
    eventually "crpd has read $(basename "$1")" 20 reloaded "$before"
}
cat "$lab/crpd.toml" - >"$lab/crpd.toml.on" <<TOML

[adapters.step_ca]
enabled = true
[adapters.intune]
enabled = true
tenant = "contoso.example"
base_url = "$CRP_URL"
token_key_file = "keys/token.key"
[adapters.mdm_webhook]
enabled = true
[[caller]]
name = "step-ca"
roles = ["ndes"]
adapter = "step_ca"
templates = ["GeneralPurpose"]
spki_sha256 = ["$(lab_pin "$lab/tls/monitor.pem")"]
[[caller.credential]]
id = "webhook-1"
secret_files = ["keys/step-ca.secret"]
[[caller]]
name = "intune-ca"
roles = ["ndes"]
adapter = "intune"
templates = ["GeneralPurpose"]
[[caller.credential]]
id = "client-1"
secret_files = ["keys/client.secret"]
[[caller]]
name = "jamf"
roles = ["mdm"]
adapter = "mdm_webhook"
[[caller.credential]]
id = "jamf"
secret_files = ["keys/jamf.password"]
TOML
# A certificate has one caller: monitor's becomes step-ca's, which shows both.
python3 - "$lab/crpd.toml.on" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
text = re.sub(r'\[\[caller\]\]\nname = "lab-monitor".*?(?=\n\[)', '', text, flags=re.S)
open(sys.argv[1], 'w').write(text)
PY
expect "the configuration is good" "$lab_bin/crpd" --check-config --config "$lab/crpd.toml.on"
put_config "$lab/crpd.toml.on"

request() { # request NAME CHALLENGE [CN]: NAME.der and its base64
    openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -outform DER -out "$1.der" \
        -config <(printf '%s\n' '[req]' 'prompt=no' 'distinguished_name=dn' 'attributes=at' '[dn]' \
            'C=US' 'O=adapters' 'OU=MDM' "CN=${3:-phone-1.example.org}" '[at]' "challengePassword=$2") 2>/dev/null
    base64 -w0 "$1.der"
}
issue() { # issue NAME: NAME.crt.der of NAME's key, by a CA of the test's own
    [ -s own-ca.pem ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout own-ca.key -subj /CN=own \
        -out own-ca.pem 2>/dev/null
    openssl x509 -req -inform DER -in "$1.der" -CA own-ca.pem -CAkey own-ca.key -days 30 \
        -set_serial "0x$(openssl rand -hex 8)" -outform DER -out "$1.crt.der" 2>/dev/null
}

# ---- step-ca
step_ca() { # step_ca PATH BODY [CURL-OPTIONS…]
    local path=$1 body=$2 key
    shift 2
    key=$(base64 -d <"$lab/keys/step-ca.secret" | xxd -p -c 64)
    call POST "/step-ca/$path" -H "$json" -H "X-Smallstep-Webhook-ID: webhook-1" \
        -H "X-Smallstep-Signature: $(printf %s "$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -r | cut -d' ' -f1)" \
        -d "$body" "$@"
}
question() { # question NAME CHALLENGE TRANSACTION
    jq -cn --arg raw "$(base64 -w0 "$1.der")" --arg challenge "$2" --arg id "$3" --arg time "$(date -u +%FT%T.%NZ)" \
        '{timestamp:$time,provisionerName:"scep",x509CertificateRequest:{version:0,raw:$raw},scepChallenge:$challenge,scepTransactionID:$id}'
}
mtls=(--cert "$lab/tls/monitor.pem" --key "$lab/tls/monitor.key")
challenge=$(new_challenge)
request a "$challenge" >/dev/null
body=$(question a "$challenge" step-1)
step_ca scepchallenge "$body"
expect_equal "step-ca: the signature without the certificate is not enough" "$status $(reason)" "403 ClientCertificateMissing"
call POST /step-ca/scepchallenge -H "$json" -d "$body" "${mtls[@]}"
expect_equal "step-ca: the certificate without the signature is not enough" "$status $(reason)" "403 WebhookSignatureMissing"
step_ca scepchallenge "$body" "${mtls[@]}"
expect_equal "step-ca: a right challenge is allowed" "$status $(jq -r .allow body.txt)" "200 true"
issue a
notice=$(jq -cn --arg raw "$(base64 -w0 a.crt.der)" '{timestamp:"2027-01-31T12:00:00Z",x509Certificate:{raw:$raw},scepTransactionID:"step-1"}')
step_ca notifying "$notice" "${mtls[@]}"
expect_equal "step-ca: the certificate is told" "$status $(cat body.txt)" '200 {"allow":true}'
expect_equal "step-ca: it is on record" "$(transaction step-1 | jq -r '.state + " " + .caller')" "issued step-ca"
eventually "step-ca: state messages 5 and 9 are dropped" 10 has_states step-1 "5 9"
request b "$(new_challenge)" other.example.org >/dev/null
step_ca scepchallenge "$(question b "$(openssl req -inform DER -in b.der -noout -text | sed -n 's/.*challengePassword *: *//p')" step-2)" "${mtls[@]}"
expect_equal "step-ca: a wrong subject is refused" "$status $(jq -r '"\(.allow) \(.error.code)"' body.txt)" "200 false SubjectNameMismatch"

# ---- Intune
token() { # token SECRET: status; the token in $token
    call POST /contoso.example/oauth2/v2.0/token --data-urlencode grant_type=client_credentials \
        --data-urlencode client_id=client-1 --data-urlencode "client_secret=$1" \
        --data-urlencode scope=https://api.manage.microsoft.com//.default
    token=$(jq -r '.access_token // empty' body.txt)
}
token wrong-secret-of-a-client
expect_equal "intune: a wrong secret gets no token" "$status $(reason) $(jq -r .error body.txt)" "401 CredentialsInvalid invalid_client"
token "$(cat "$lab/keys/client.secret")"
expect_equal "intune: the right secret gets one" "$status" 200
call GET /v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints -H "Authorization: Bearer $token"
uri=$(jq -r '.value[] | select(.providerName == "ScepRequestValidationFEService").uri' body.txt)
expect_equal "intune: the service is found" "$uri" "$CRP_URL/intune"
action() { # action NAME BODY
    call POST "${uri#"$CRP_URL"}/ScepActions/$1" -H "$json" -H "Authorization: Bearer $token" \
        -H 'api-version: 2018-02-20' -H "client-request-id: $(cat /proc/sys/kernel/random/uuid)" -d "$2"
}
request c "$(new_challenge)" >/dev/null
validate=$(jq -cn --arg csr "$(base64 c.der)" '{request:{transactionId:"intune-1",certificateRequest:$csr,callerInfo:"test 1.0"}}')
action validateRequest "$validate"
expect_equal "intune: a right challenge is Success" "$status $(jq -r .code body.txt)" "200 Success"
issue c
x509() { openssl x509 -inform DER -in c.crt.der -noout "$@" | cut -d= -f2-; }
action successNotification "$(jq -cn --arg csr "$(base64 -w0 c.der)" --arg sha1 "$(x509 -fingerprint -sha1)" \
    --arg serial "$(x509 -serial)" --arg until "$(date -u -d "$(x509 -enddate)" +%FT%T.000Z)" \
    '{notification:{transactionId:"intune-1",certificateRequest:$csr,certificateThumbprint:$sha1,certificateSerialNumber:$serial,
      certificateExpirationDateUtc:$until,issuingCertificateAuthority:"CN=own",callerInfo:"test 1.0",caConfiguration:"",certificateAuthority:""}}')"
expect_equal "intune: the certificate is told" "$status $(jq -r .code body.txt)" "200 Success"
expect_equal "intune: it is on record" "$(transaction intune-1 | jq -r '.state + " " + .caller')" "issued intune-ca"
eventually "intune: state messages 5 and 9 are dropped" 10 has_states intune-1 "5 9"

# ---- the MDM's webhook; the records are an admin's
lab_call PUT /api/v1/devices/SN0001 '{"name":"phone-1.example.org","ownerUserId":"bob","enrollmentState":"enrolled"}' >/dev/null
lab_call PUT /api/v1/users/bob '{"userPrincipalName":"bob@example.org"}' >/dev/null
lab_call PUT /api/v1/policies/wifi-bob "$(mdm GET /api/v1/policies/wifi | jq -c '.assignments.users = ["bob"] | {certificateRequestId,template,subjectFormat,keyUsage,extendedKeyUsage,keyType,minimumKeySize,hashAlgorithms,validityDays,challengeTtlSeconds,assignments}')" >/dev/null
event='{"webhook":{"id":1,"name":"wifi","webhookEvent":"SCEPChallenge","eventTimestamp":1780000000},"event":{"payloadTypes":["com.apple.security.scep"],"device":{"uuid":"x","serialNumber":"SN0001"}}}'
call POST /mdm/scep-challenge/wifi-bob -H "$json" -d "$event" -u "jamf:wrong-password-of-an-mdm"
expect_equal "webhook: a wrong password gets no challenge" "$status $(reason)" "401 CredentialsInvalid"
call POST /mdm/scep-challenge/wifi-bob -H "$json" -d "$event" -u "jamf:$(cat "$lab/keys/jamf.password")"
expect_equal "webhook: the right one gets one" "$status" 200
challenge=$(cat body.txt)
request d "$challenge" >/dev/null
step_ca scepchallenge "$(question d "$challenge" step-3)" "${mtls[@]}"
expect_equal "webhook: its challenge enrols the device" "$status $(jq -r .allow body.txt)" "200 true"
expect_fails "webhook: the challenge is in no log" grep -rqF "$challenge" "$lab/log"

# ---- a secret that is replaced ends what was made with it
before=$(reloads)
openssl rand -base64 32 >"$lab/keys/client.secret.new"
mv "$lab/keys/client.secret.new" "$lab/keys/client.secret"
eventually "crpd has read the new secret" 20 reloaded "$before"
action validateRequest "$validate"
expect_equal "intune: the old secret's token is worth nothing" "$status $(reason)" "401 CredentialsInvalid"
token "$(cat "$lab/keys/client.secret")"
action validateRequest "$validate"
expect_equal "intune: the new secret's token is" "$status" 200

for word in WebhookSignatureMissing CredentialsInvalid ClientCertificateMissing; do
    expect "the audit has $word" \
        jq -e --arg word "$word" 'any(.items[]; .event == "call-rejected" and .reason == $word)' \
        <(lab_call GET '/api/v1/audit?limit=1000')
done
expect "the audit is whole" env CRP_URL="$CRP_URL" CRP_CA="$CRP_CA" ADMIN_CERT="$ADMIN_CERT" \
    ADMIN_KEY="$ADMIN_KEY" "$lab_bin/crpctl" audit verify

put_config "$lab/crpd.toml.off"
call POST /step-ca/scepchallenge -H "$json" -d '{}'
expect_equal "switched off again" "$status $(reason)" "403 ClientCertificateMissing"
finish
