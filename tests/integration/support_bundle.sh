#!/usr/bin/env bash
# crpctl support-bundle of a running lab with an enrolment and a refusal in it: what helps is there, no
# challenge, key or password is, wherever somebody put one.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin support_bundle
export CRP_URL CRP_CA ADMIN_CERT ADMIN_KEY CRP_HEALTH_URL
lab=$test_dir/lab
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
enrol() {
    mkdir "$1"
    (cd "$1" && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$2" -cn phone-1.example.org \
        -private-key key.pem -certificate cert.pem -keySize 2048) >/dev/null 2>&1
}
spent=$(new_challenge) open=$(new_challenge)
expect "a device enrols" enrol good "$spent"
expect_fails "one is refused" enrol bad MARKER-wrong-challenge
refused=$(newest_transaction | jq -r .transactionId)

# Secrets where they do not belong.
cat >marked.toml <<'TOML'
# password MARKER-comment
[store]
connection = "host=db password=MARKER-connection"
[[other]]
password = "MARKER-setting"
url = "https://user:MARKER-address@mdm.example.org/"
TOML
cp "$NDES_LOG" marked.log
{
    echo "somebody pasted: challengePassword=MARKER-log and $open"
    cat "$lab/keys/../tls/crp.key"
    echo "Authorization: Basic MARKERbase64MARKER="
} >>marked.log
bundle() {
    "$lab_bin/crpctl" support-bundle --ndesd-config "$lab/ndesd.toml" --crpd-config "$lab/crpd.toml" \
        --module-config marked.toml --log marked.log --log "$lab/log/crpd.jsonl" --transaction "$refused" "$@"
}
expect "--dry-run prints the list" bundle --dry-run
expect_match "of what it would hold" "$(bundle --dry-run 2>/dev/null)" 'config/module/marked.toml'
expect_fails "and writes nothing" ls ./*.tar.gz
expect "a bundle is made" bundle bundle.tar.gz
expect_equal "for its owner alone" "$(stat -c %a bundle.tar.gz)" 600
expect_fails "it is never overwritten" bundle bundle.tar.gz
expect_equal "nothing is left beside it" "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'ndes-support-*' -newer marked.log | wc -l)" 0
mkdir out && tar -xzf bundle.tar.gz -C out
top=$(echo out/ndes-support-*)
expect_equal "MANIFEST lists every file, and no other" "$(grep -oP '^\S+(?=\t\d+ octets)' "$top/MANIFEST" | sort)" \
    "$(cd "$top" && find . -type f ! -name MANIFEST -printf '%P\n' | sort)"
for file in versions.txt config/ndesd/ndesd.toml config/module/ndes_policy_crp.toml log/CRP.log log/NDESPlugin.log \
    log/events.jsonl log/crpd.jsonl expiry.json doctor.json status.json; do
    expect "$file is there" test -s "$top/$file"
done
expect_match "settings are shown with their lines" "$(cat "$top/config/ndesd/ndesd.toml")" \
    'issuer.key_file = ca/ca.key  # line [0-9]+'
expect_equal "logs are as they were" "$(cat "$top/log/events.jsonl")" "$(cat "$lab/log/events.jsonl")"
expect "the ends of certificates are JSON" jq -e 'length > 0' "$top/expiry.json"
expect "the health is JSON" jq -e '.status == 0' "$top/status.json"
expect_match "the refusal's timeline tells the reason" "$(cat "$top"/transactions/*.json)" 'Challenge[A-Z]'

expect_fails "no marker is in it" grep -ra MARKER "$top"
for secret in "$spent" "$open" "$(cat "$lab/keys/k1.key")" "$(cat "$lab/keys/pepper.key")" "$(cat "$lab/keys/journal.key")"; do
    expect_fails "no challenge or key is in it" grep -raF -- "$secret" "$top"
done
for key in "$lab"/tls/*.key "$lab"/ca/*.key good/key.pem; do
    expect_fails "no line of $(basename "$key") is in it" grep -raF -- "$(sed -n 2p "$key")" "$top"
done
expect_fails "no private key at all" grep -ra 'BEGIN .*PRIVATE KEY' "$top"

lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd
expect "with the daemons stopped there is one, too" bundle stopped.tar.gz
mkdir stopped && tar -xzf stopped.tar.gz -C stopped
expect_match "which says what could not be had" "$(cat stopped/*/status.json)" 'error'
finish
