#!/usr/bin/env bash
# CAs that are not ours behind ndesd, with the CRP deciding: Debian's cfssl, and a command that calls
# openssl. Then a CA that refuses, answers for another key, is slow or away: what the device is told,
# which event it is and what the CRP hears by Notify.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin issuers false
make_records 'CN={{UserPrincipalName}},O=Example' '[{"type":"dns","value":"{{DeviceName}}"}]'
get_ra
for key in one two three; do openssl genrsa -out $key.key 2048 2>/dev/null; done
dn='O=Example, CN=alice@example.org'
lab=$test_dir/lab
cp "$lab/ndesd.toml" ndesd.toml.local

# use_issuer LINE…: ndesd starts anew with these in [issuer].
use_issuer() {
    lab_end "$NDESD_PID" ndesd
    awk -v lines="$(printf '%s\n' "$@")" '/^\[/ { skip = 0 }
        /^\[issuer\]/ { print; print lines; print "certificate_file = \"ca/ca.pem\""; skip = 1 } !skip' \
        ndesd.toml.local >"$lab/ndesd.toml"
    lab_start "$lab" sqlite false >/dev/null
    source "$lab/lab.env"
}
request() { strongswan_enrol "$1" "$2" "$dn" "$3" --san phone-1.example.org; }
# fails_with EVENT STATES NAME: one enrolment, with a key of its own, that gets no certificate.
fails_with() {
    local challenge id
    challenge=$(new_challenge)
    openssl genrsa -out other.key 2048 2>/dev/null
    : >"$lab/log/events.jsonl"
    expect_fails "$3: no certificate" request x.pem other.key "$challenge"
    eventually "$3: event $1" 5 event_told "$1"
    expect_fails "$3: it is no invalid password" event_told 29
    id=$(newest_transaction | jq -r .transactionId)
    eventually "$3: the CRP's state messages are $2" 15 has_states "$id" "$2"
}

cat >cfssl.json <<'JSON'
{"signing": {"default": {"expiry": "8760h", "auth_key": "ra",
    "usages": ["digital signature", "key encipherment", "client auth"]}},
 "auth_keys": {"ra": {"type": "standard", "key": "00112233445566778899aabbccddeeff"}}}
JSON
(umask 077 && echo 00112233445566778899aabbccddeeff >"$lab/keys/cfssl.key")
port=$(free_port 18888)
cfssl serve -address=127.0.0.1 -port="$port" -ca="$lab/ca/ca.pem" -ca-key="$lab/ca/ca.key" -config=cfssl.json \
    >cfssl.log 2>&1 &
cfssl=$!
test_cleanup() { kill "$cfssl" 2>/dev/null; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
eventually "cfssl listens" 10 answers
use_issuer 'kind = "cfssl"' "url = \"http://127.0.0.1:$port\"" 'auth_key_file = "keys/cfssl.key"'
challenge=$(new_challenge)
expect "the device enrols by cfssl" request one.pem one.key "$challenge"
expect_certificate one.pem 'CN=alice@example.org,O=Example' 'phone-1.example.org'
id=$(newest_transaction | jq -r .transactionId)
eventually "the CRP's state messages are 5 and 9" 15 has_states "$id" "5 9"
kill "$cfssl"
wait "$cfssl" 2>/dev/null
challenge=$(new_challenge)
: >"$lab/log/events.jsonl"
expect_fails "cfssl is away: no certificate" request x.pem two.key "$challenge"
eventually "event 31" 5 event_told 31
cfssl serve -address=127.0.0.1 -port="$port" -ca="$lab/ca/ca.pem" -ca-key="$lab/ca/ca.key" -config=cfssl.json \
    >>cfssl.log 2>&1 &
cfssl=$!
eventually "cfssl listens again" 10 answers
expect "the same challenge enrols then" request two.pem two.key "$challenge"

# A CA in six lines; $mode says how it is today.
cat >ca.sh <<SH
#!/bin/bash
case \$(cat "$PWD/mode") in
    refuses) echo "not on our list" >&2; exit 4 ;;
    slow) sleep 30 ;;
    away) exit 1 ;;
    other) openssl req -new -key "$PWD/three.key" -subj '/O=Example/CN=alice@example.org' >request.\$\$ ;;
    *) cat >request.\$\$ ;;
esac
cd "$PWD"
openssl x509 -req -in request.\$\$ -CA "$lab/ca/ca.pem" -CAkey "$lab/ca/ca.key" -days 300 -extfile extensions 2>/dev/null
rm request.\$\$
SH
sed -i "2i cd '$PWD'" ca.sh
chmod +x ca.sh
printf '%s\n' keyUsage=critical,digitalSignature,keyEncipherment extendedKeyUsage=clientAuth \
    subjectAltName=DNS:phone-1.example.org >extensions
echo good >mode
use_issuer 'kind = "command"' "command = [\"$PWD/ca.sh\"]" 'deadline = "2s"'
expect "the device enrols by a command" request three.pem three.key "$(new_challenge)"
expect_certificate three.pem 'CN=alice@example.org,O=Example' 'phone-1.example.org'

echo refuses >mode
fails_with 31 "5 7" "the CA refuses"
eventually "with the CA's words" 5 grep -q 'not on our list' "$lab/log/events.jsonl"
echo other >mode
fails_with 31 "5 7" "the CA answers for another key"
eventually "which is said" 5 grep -q 'for another public key' "$lab/log/events.jsonl"
echo slow >mode
fails_with 31 "5" "the CA is slow"
echo away >mode
fails_with 31 "5" "the CA is away"
echo good >mode
openssl genrsa -out other.key 2048 2>/dev/null
expect "and all is well again" request x.pem other.key "$(new_challenge)"
finish
