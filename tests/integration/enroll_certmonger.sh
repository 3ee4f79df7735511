#!/usr/bin/env bash
# certmonger (GET always, SHA-256, AES-256, renewal as PKCSReq signed by the issued certificate)
# enrols, renews and is refused. It runs on a message bus of its own.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin certmonger false

make_records 'CN={{UserPrincipalName}},O=Example' '[{"type":"dns","value":"{{DeviceName}}"}]'

# Nothing of this machine's own certmonger is read or written.
export CERTMONGER_CONFIG_DIR=$test_dir/work/etc CERTMONGER_REQUESTS_DIR=$test_dir/work/requests
export CERTMONGER_CAS_DIR=$test_dir/work/cas CERTMONGER_LOCAL_CA_DIR=$test_dir/work/local
export CERTMONGER_TMPDIR=$test_dir/work CERTMONGER_SYSTEM_LOCK_FILE=$test_dir/work/certmonger.lock
mkdir -p etc requests cas local
bus=$(dbus-daemon --session --fork --print-address=1 --print-pid=1 --address="unix:path=$test_dir/work/bus")
export DBUS_SESSION_BUS_ADDRESS=$(head -1 <<<"$bus")
bus_pid=$(tail -1 <<<"$bus")
certmonger -s -n -d 1 >certmonger.log 2>&1 &
certmonger_pid=$!
test_cleanup() { kill "$certmonger_pid" "$bus_pid" 2>/dev/null; }
eventually "certmonger answers" 15 getcert list-cas -s

getcert add-scep-ca -s -c lab -u "$SCEP_URL" >add-ca.txt
ca_is_known() { getcert list-cas -s -c lab | grep -q 'ca-type: EXTERNAL'; }
eventually "knows the CA" 20 ca_is_known

status_of() { getcert list -s -i "$1" | sed -n 's/^[[:space:]]*status: //p'; }
is_in() { [[ $(status_of "$1") =~ ^($2)$ ]]; }

# request ID CN SAN CHALLENGE
request() {
    getcert request -s -c lab -I "$1" -k "$PWD/$1.key" -f "$PWD/$1.pem" -N "CN=$2,O=Example" \
        -D "$3" -L "$4" -w --wait-timeout=1 >"$1.txt" 2>&1 || true
}

challenge=$(new_challenge)
request one alice@example.org phone-1.example.org "$challenge"
eventually "enrols" 30 is_in one MONITORING
expect_certificate one.pem 'O=Example,CN=alice@example.org' 'DNS:phone-1.example.org'
id=$(newest_transaction | jq -r .transactionId)
eventually "state messages 5 and 9 are dropped" 10 has_states "$id" "5 9"
first=$(openssl x509 -in one.pem -noout -serial)

getcert resubmit -s -i one >resubmit.txt 2>&1
renewed() { [ "$(openssl x509 -in one.pem -noout -serial)" != "$first" ] && is_in one MONITORING; }
eventually "renews" 30 renewed
expect_certificate one.pem 'O=Example,CN=alice@example.org' 'DNS:phone-1.example.org'
expect_equal "the renewal is verified as one" "$(newest_transaction | jq -r '.reason,.renewal' | xargs)" "Success true"

request wrong alice@example.org phone-1.example.org wrong-challenge
eventually "is refused on a wrong challenge" 30 is_in wrong CA_REJECTED
expect_refused ChallengeUnknown
request subject mallory@example.org phone-1.example.org "$(new_challenge)"
eventually "is refused on a wrong subject" 30 is_in subject CA_REJECTED
expect_refused SubjectNameMismatch
request used alice@example.org phone-1.example.org "$challenge"
eventually "is refused on a used challenge" 30 is_in used CA_REJECTED
expect_refused ChallengeReplayed
finish
