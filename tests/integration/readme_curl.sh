#!/usr/bin/env bash
# The calls in crp-service/README.md, run as they stand, in order, against a lab in which one device
# has enrolled.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin readme_curl

# blocks: the README's blocks of shell below "Calls by example", one file each.
awk -v out="$test_dir/block" '
    /^### Calls by example/ { wanted = 1 }
    /^## / && wanted { exit }
    wanted && /^```sh$/ { inside = 1; file = sprintf("%s%02d.sh", out, ++count); next }
    inside && /^```$/ { inside = 0; next }
    inside { print > file }
' "$root/crp-service/README.md"
blocks=("$test_dir"/block*.sh)
expect_equal "the README has its examples" "${#blocks[@]}" 6

enrol() {
    local challenge
    challenge=$(crp "$CRP_URL/api/v1/challenges" -H "$json" -d \
        '{"deviceId": "phone-1", "userId": "alice", "policyId": "wifi"}' | jq -r .challenge)
    timeout 60 scepclient -server-url "$SCEP_URL" -cn phone-1.example.org \
        -organization "" -country "" -ou "" \
        -challenge "$challenge" -private-key key.pem -certificate cert.pem
}

source "${blocks[0]}"
for block in "${blocks[@]:1}"; do
    echo "-- $(basename "$block")"
    output=$(set -e; source "$block" 2>&1); status=$?
    if [ $status -eq 0 ]; then ok "$(basename "$block")"; else not_ok "$(basename "$block")" "$output"; fi
    # The examples that read what was decided need something decided.
    if [ "$block" = "${blocks[1]}" ]; then expect "a device enrols" enrol; fi
done
expect_match "the revocation is recorded" \
    "$(crp "$CRP_URL/api/v1/certificates?deviceId=phone-1" | jq -r '.items[0].revocationReason')" keyCompromise
finish
