#!/usr/bin/env bash
# Sealed challenges through the whole chain, made by the very commands of the README; simulated,
# explained, replayed, withdrawn, and after a change of every key.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin challenge_sealed false
source "$root/tests/integration/sealed_lib.sh"

make_records 'CN={{UserPrincipalName}},O=Example' '[{"type":"dns","value":"{{DeviceName}}"}]'
sealed_setup
scep_setup
crpctl() { "$lab_bin/crpctl" "$@" --url "$CRP_URL" --ca "$CRP_CA" --cert "$ADMIN_CERT" --key "$ADMIN_KEY"; }
simulate() { crpctl policy simulate --template GeneralPurpose "$@"; }

# ---- simulated, then enrolled
readme_seal >sealed.txt
id=$(jq -r .challengeId claims.json)
expect "a sealed challenge is longer than any other" [ "$(wc -c <sealed.txt)" -gt 255 ]
openssl req -new -key one.key -subj '/O=Example/CN=alice@example.org' -addext 'subjectAltName=DNS:phone-1.example.org' -out one.csr
output=$(simulate --csr one.csr --challenge - <sealed.txt); status=$?
expect_equal "simulate says yes with exit code 0" $status 0
expect_match "and shows each rule" "$output" 'challenge_for_this_crp +passed'
expect_match "and what the certificate would say" "$output" 'subject +CN=alice@example.org,O=Example|subject +O=Example,CN=alice@example.org'
output=$(simulate --csr one.csr --challenge sealed.txt --format json)
expect_equal "json tells the kind" "$(jq -r .challengeKind <<<"$output")" sealed
openssl req -new -key one.key -subj '/CN=mallory' -outform DER -out bad.csr
output=$(simulate --csr bad.csr --challenge sealed.txt); status=$?
expect_equal "simulate says no with exit code 4" $status 4
expect_match "and names what was found" "$output" 'found +CN=mallory'
expect_equal "nothing of it is on record" "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$CRP_CA" --cert "$MDM_CERT" --key "$MDM_KEY" "$CRP_URL/api/v1/challenges/$id")" 404
expect "explain tells who is entitled" crpctl policy explain --policy wifi --device phone-1 --user alice
output=$(crpctl policy explain --policy wifi --device phone-1); status=$?
expect_equal "explain says no without the user" $status 4

expect "enrols with the README's challenge" request one.pem one.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_certificate one.pem 'CN=alice@example.org,O=Example' 'DNS:phone-1.example.org'
expect_equal "the MDM sees its challenge" "$(mdm GET "/api/v1/challenges/$id" | jq -r '.kind + " " + .owner')" 'sealed lab-mdm'
eventually "it is completed" 10 sh -c "curl -s --cacert '$CRP_CA' --cert '$MDM_CERT' --key '$MDM_KEY' '$CRP_URL/api/v1/challenges/$id' | grep -q completed"
expect_fails "is refused with another request" request x.pem two.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_refused ChallengeReplayed

# ---- withdrawn before it was met
readme_seal >sealed.txt
id=$(jq -r .challengeId claims.json)
expect "is withdrawn by its ID" mdm DELETE "/api/v1/challenges/$id"
expect_fails "is refused when withdrawn" request x.pem two.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_refused ChallengeRevoked

# ---- for another CRP, by another signer
readme_seal | cat >/dev/null
jq '.audience = "crp-2"' claims.json >other.json && mv other.json claims.json
seal_again >sealed.txt
expect_fails "is refused when for another CRP" request x.pem two.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_refused ChallengeWrongAudience
make_seal_certificate mdm-sign digitalSignature
readme_seal >sealed.txt
expect_fails "is refused when by another signer" request x.pem two.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_refused SigningCertThumbprintMismatch

cp "$test_dir/lab/seal/mdm-sign.pem" "$test_dir/lab/seal/mdm-sign.key" . # back to the listed one

# ---- by an MDM whose entry has ended, so that it cannot ask why either
sed -i '/^name = "lab-mdm"$/a valid_until = "2020-01-01T00:00:00Z"' "$test_dir/lab/crpd.toml"
reload_crpd
readme_seal >sealed.txt
expect_fails "is refused when its MDM is not in force" request x.pem two.key "$dn" phone-1.example.org "$(cat sealed.txt)"
eventually "which the log says" 5 grep -q 'signer [0-9a-f]\{40\}: caller .*lab-mdm.* is not in force' "$CRP_LOG"
sed -i '/^valid_until = "2020/d' "$test_dir/lab/crpd.toml"
reload_crpd

# ---- change of every key while challenges are out
minted=$(new_challenge)
mdm POST /api/v1/challenges '{"deviceId":"phone-1","userId":"alice","policyId":"wifi","challenge":"posted-before-the-change"}' >/dev/null
readme_seal >sealed.txt
rotate_keys
expect "crpd is still up" lab_call GET /api/v1/keys
expect "a minted one of the old key enrols" request two.pem two.key "$dn" phone-1.example.org "$minted"
expect "a posted one of the old pepper enrols" request three.pem three.key "$dn" phone-1.example.org posted-before-the-change
expect "one sealed to the old certificate enrols" request four.pem four.key "$dn" phone-1.example.org "$(cat sealed.txt)"
readme_seal >sealed.txt # to the new certificate
expect "one sealed to the new certificate enrols" request five.pem five.key "$dn" phone-1.example.org "$(cat sealed.txt)"
expect_fails "a posted one in use is refused to the MDM also after the change" mdm POST /api/v1/challenges '{"deviceId":"phone-1","userId":"alice","policyId":"wifi","challenge":"posted-before-the-change"}'
expect "all keys are there" crpctl keys check
output=$(crpctl keys list)
expect_match "the old key is the previous one" "$output" 'minted +k1 +previous'

# ---- an old key taken away too early is told
new_challenge >/dev/null
drop_current_key
output=$(crpctl keys check 2>&1); status=$?
expect_equal "keys check refuses" $status 4
expect_match "and says what hangs on it" "$output" 'Challenge key k2 was removed while [0-9]+ outstanding challenges depend on it'
eventually "the log says so, too" 5 grep -q 'Challenge key k2 was removed' "$CRP_LOG"
finish
