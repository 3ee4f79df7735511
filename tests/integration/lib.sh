# What every integration test needs: a lab of its own, REST calls as the MDM, checks that count.
# Sourced. A test is a script that sources this, calls `begin NAME`, then `expect…`, then `finish`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$root/scripts/lib/lab.sh"
source "$root/tests/integration/answers.sh"
passed=0 failed=0

# begin NAME [LEGACY]: a fresh lab in build/integration/NAME; stopped when the test ends.
begin() {
    test_dir=$root/build/integration/$1
    rm -rf "$test_dir"
    mkdir -p "$test_dir/lab" "$test_dir/work"
    trap 'on_exit' EXIT
    trap 'exit 1' INT TERM
    lab_start "$test_dir/lab" sqlite "${2:-true}"
    source "$test_dir/lab/lab.env"
    cd "$test_dir/work"
}

on_exit() {
    local status=$?
    type -t test_cleanup >/dev/null && test_cleanup
    lab_stop "$test_dir/lab" >/dev/null 2>&1
    exit $status
}

finish() {
    expect_described_answers
    echo "$passed checks passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}

ok() { passed=$((passed + 1)); echo "ok: $1"; }
not_ok() { failed=$((failed + 1)); echo "FAILED: $1"; [ -z "${2:-}" ] || sed 's/^/    /' <<<"$2"; }

# expect NAME COMMAND…: the command succeeds.
expect() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$output"; fi
}
# expect_fails NAME COMMAND…: the command fails (and does not crash by a signal).
expect_fails() {
    local name=$1 output status
    shift
    output=$("$@" 2>&1); status=$?
    if [ $status -ne 0 ] && [ $status -lt 128 ]; then ok "$name"; else not_ok "$name (status $status)" "$output"; fi
}
expect_equal() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $3"$'\n'"found:  $2"; fi; }
expect_match() { if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "wanted: $3"$'\n'"found:  $2"; fi; }

# eventually NAME SECONDS COMMAND…: the command succeeds within that time.
eventually() {
    local name=$1 end=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            not_ok "$name" "$("$@" 2>&1)"
            return
        fi
        sleep 0.1
    done
    ok "$name"
}

# mdm METHOD PATH [BODY]: a call as the MDM; prints the body. Fails on 4xx and 5xx.
mdm() {
    curl -sS --fail-with-body --max-time 10 --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" \
        -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "$CRP_URL$2"
}

# transaction ID: what the CRP knows of it.
transaction() { mdm GET "/api/v1/transactions/$(jq -rn --arg id "$1" '$id|@uri')"; }
# As the admin: a request with a wrong challenge is no MDM's own.
newest_transaction() { lab_call GET '/api/v1/transactions?limit=1' | jq -c '.items[0]'; }

# make_records SUBJECT-FORMAT SAN-JSON [HASHES-JSON]: one user, device and policy for the test.
make_records() {
    mdm PUT /api/v1/users/alice '{"userPrincipalName":"alice@example.org","displayName":"Alice",
        "email":"alice@example.org","enabled":true,"groups":["staff"]}' >/dev/null
    mdm PUT /api/v1/devices/phone-1 '{"deviceType":"phone","name":"phone-1.example.org",
        "serialNumber":"SN0001","ownerUserId":"alice","enrollmentState":"enrolled","compliant":true}' >/dev/null
    mdm PUT /api/v1/policies/wifi "$(jq -n --arg subject "$1" --argjson san "$2" \
        --argjson hashes "${3:-[\"SHA-256\"]}" '{
        certificateRequestId:"ModelName=ScopeId_1/ConfigurationPolicy_1;Version=1;Hash=1",
        template:"GeneralPurpose", subjectFormat:$subject, subjectAltNames:$san,
        keyUsage:["digitalSignature","keyEncipherment"], extendedKeyUsage:["1.3.6.1.5.5.7.3.2"],
        keyType:"RSA", minimumKeySize:2048, hashAlgorithms:$hashes, validityDays:365,
        renewalThresholdPercent:100, challengeTtlSeconds:3600,
        assignments:{users:["alice"],groups:[],devices:[],all:false}, retryWindowSeconds:600}')" >/dev/null
}

# new_challenge: a fresh one for the records above.
new_challenge() {
    mdm POST /api/v1/challenges '{"deviceId":"phone-1","userId":"alice","policyId":"wifi"}' | jq -r .challenge
}

# The state IDs told of a transaction, in order of their files' times, e.g. "5 9".
smx_states() {
    local file text
    for file in $(ls -tr "$SMX_INBOX"/*.SMX 2>/dev/null); do
        text=$(iconv -f UTF-16 -t UTF-8 "$file")
        [[ $text == *"$1"* ]] || continue
        sed -n 's/.*<State ID="\([0-9]*\)".*/\1/p' <<<"$text"
    done | xargs
}
has_states() { [ "$(smx_states "$1" | tr ' ' '\n' | sort -n | xargs)" = "$2" ]; }

# expect_certificate FILE SUBJECT SAN: SUBJECT as RFC 2253 writes it; chain, names and usages as the policy says.
expect_certificate() {
    expect "$1 verifies against the issuing CA" openssl verify -CAfile "$ISSUING_CA" "$1"
    expect_equal "$1 has the policy's subject" \
        "$(openssl x509 -in "$1" -noout -subject -nameopt RFC2253,-esc_msb)" "subject=$2"
    if [ -n "$3" ]; then
        expect_match "$1 has the policy's SAN" \
            "$(openssl x509 -in "$1" -noout -ext subjectAltName)" "$3"
    fi
    expect_match "$1 has the policy's EKU" "$(openssl x509 -in "$1" -noout -ext extendedKeyUsage)" \
        "TLS Web Client Authentication"
    expect_match "$1 has the policy's key usage" "$(openssl x509 -in "$1" -noout -ext keyUsage)" \
        "Digital Signature, Key Encipherment"
}

# expect_refused REASON: the newest transaction was refused so; API, log and state message agree.
expect_refused() {
    local newest id
    newest=$(newest_transaction)
    id=$(jq -r .transactionId <<<"$newest")
    expect_equal "the API tells $1" "$(transaction "$id" | jq -r .reason)" "$1"
    eventually "the log tells $1" 5 grep -q "\"transaction_id\":\"$id\".*\"reason\":\"$1\"\|\"reason\":\"$1\".*\"transaction_id\":\"$id\"" "$test_dir/lab/log/crpd.jsonl"
    eventually "CRP.log ends the request with False" 5 grep -q 'VerifyRequest Finished with status False' "$CRP_LOG"
}

# admin_site QUERY [CURL-OPTIONS…]: a call of the admin site as the MDM; prints the body.
admin_site() {
    local query=$1
    shift
    curl -sS --max-time 10 --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" "$@" \
        "$MSCEP_ADMIN_URL$query"
}

# admin_page [CURL-OPTIONS…]: the page itself, from the UTF-16 that MDMs read.
admin_page() { admin_site '' "$@" | iconv -f UTF-16 -t UTF-8; }

# get_ra: CA and RA certificates by strongSwan, told apart by key usage: $ca, $ra_encryption,
# $ra_signing.
get_ra() {
    local file usage
    pki --scepca --url "$SCEP_URL" --caout ca --raout ra --outform pem >scepca.txt 2>&1
    ca=$(ls ca* | head -1)
    for file in ra*; do
        usage=$(openssl x509 -in "$file" -noout -ext keyUsage)
        [[ $usage == *Encipherment* ]] && ra_encryption=$file
        [[ $usage == *Signature* ]] && ra_signing=$file
    done
}

# strongswan_enrol OUT KEY DN CHALLENGE [MORE…]
strongswan_enrol() {
    local out=$1 key=$2 dn=$3 challenge=$4
    shift 4
    timeout 90 pki --scep --url "$SCEP_URL" --in "$key" --dn "$dn" \
        ${challenge:+--password "$challenge"} --cacert-enc "$ra_encryption" \
        --cacert-sig "$ra_signing" --cacert "$ca" --outform pem "$@" >"$out"
}

# event_told NUMBER: ndesd's event file has it.
event_told() { grep -q "\"event\":$1," "$test_dir/lab/log/events.jsonl"; }
