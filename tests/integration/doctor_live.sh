#!/usr/bin/env bash
# crpctl doctor on running programs: the module's way to crpd, crpd's decisions and keys, the MDM's side,
# services (DR-14, DR-18, DR-20 to DR-27, DR-29, DR-33, DR-35, DR-36, DR-38).
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/doctor_lib.sh"
begin_doctor doctor_live
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'

for id in DR-14 DR-18 DR-20 DR-21 DR-22 DR-23 DR-24 DR-25 DR-26 DR-27 DR-29 DR-33 DR-35 DR-36 DR-38; do
    expect_good $id "a lab as it is made"
done

# run_client FOLDER CHALLENGE [URL]
run_client() {
    mkdir -p "$1"
    (cd "$1" && timeout 60 scepclient -server-url "${3:-$SCEP_URL}" -challenge "$2" -cn phone-1.example.org \
        -private-key key.pem -certificate cert.pem -keySize 2048) >/dev/null 2>&1
}

# ---- DR-23, DR-24 refusals
first=$(new_challenge)
expect "a device enrols" run_client first "$first"
expect_good DR-24 "no password was refused"
for try in 1 2 3; do run_client "bad$try" "wrong$try"; done
expect_trouble DR-23 warning "3 of the last 4 requests were refused: 3 x ChallengeUnknown.*crpctl tx trace" "three of four are refused"
expect_trouble DR-24 warning "3 x ChallengeUnknown .NDES event 29" "passwords that nobody made"
run_client replay "$first"
expect_trouble DR-24 warning "ChallengeReplayed.*device phone-1 is completed.*used by transaction" "a password that was used"
began=$SECONDS
sleep 2.2
expect_good DR-23 "no refusal within the last second" --since 1s
expect_good DR-24 "no refusal within the last second" --since 1s
for try in 1 2 3; do run_client "worse$try" "wrong$try"; done
expect_trouble DR-23 failed "3 of the last 3 requests were refused" "all are refused" --since $((SECONDS - began - 1))s

# ---- DR-14 who posts
expect_trouble DR-14 warning "No challenge was posted for" "silence" --since 1s
with_changed "$lab/crpd.toml" sed -i 's#^name = "lab-mdm"#name = "lab-mdm"\nvalid_until = "2026-01-01T00:00:00Z"#; /may_generate/d'
expect_trouble DR-14 failed "lab-mdm is out of its valid_from and valid_until" "the MDM's entry has ended"
sed -i 's#^roles = \["mdm"\]#roles = ["monitor"]#; /^valid_until/d' "$lab/crpd.toml"
expect_trouble DR-14 failed "No ..caller.. of crpd.toml may post" "nobody is an MDM"
put_back
expect_good DR-14 "mended"

# ---- DR-27 time to live
eventually "the MDM posts again, a challenge of a minute" 10 \
    mdm POST /api/v1/challenges '{"deviceId":"phone-1","userId":"alice","policyId":"wifi","ttlSeconds":60}'
short_made=$SECONDS

# ---- DR-18 the module's way
with_changed "$lab/ndes_policy_crp.toml" sed -i "s#localhost:$CRP_PORT#127.0.0.2:$CRP_PORT#"
expect_trouble DR-18 failed "nothing listens at 127.0.0.2|127.0.0.2" "an address where no crpd is"
put_back
with_changed "$lab/tls/crp.pem" true
with_changed "$lab/tls/crp.key" true
issue crp-other "crp01.corp.local" "$lab/tls/ca" 300 $'extendedKeyUsage=serverAuth\nsubjectAltName=DNS:crp01.corp.local'
cp crp-other.pem "$lab/tls/crp.pem" && cp crp-other.key "$lab/tls/crp.key"
kill -HUP "$CRPD_PID"
served_name() { openssl s_client -connect "127.0.0.1:$CRP_PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject | grep -q "$1"; }
eventually "crpd has another certificate" 20 served_name crp01
expect_trouble DR-18 failed "localhost is not among the names of the CRP certificate" "another name"
put_back
kill -HUP "$CRPD_PID"
eventually "crpd has its own again" 20 served_name crp.lab
openssl req -new -x509 -newkey rsa:2048 -nodes -keyout stranger.key -subj "/CN=Old Root" -days 30 -out stranger.pem 2>/dev/null
with_changed "$lab/ndes_policy_crp.toml" sed -i "s#^server_ca_file = .*#server_ca_file = \"$PWD/stranger.pem\"#"
expect_trouble DR-18 failed "does not trust the certificate" "a root that did not issue it"
put_back
expect_good DR-18 "mended"

# ---- something else answers where crpd should
other_web=$(free_port 19800)
openssl s_server -accept "127.0.0.1:$other_web" -cert "$lab/tls/crp.pem" -key "$lab/tls/crp.key" -www >/dev/null 2>&1 &
web_pid=$!
with_changed "$lab/ndes_policy_crp.toml" sed -i "s#localhost:$CRP_PORT#localhost:$other_web#"
eventually "another server listens" 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$other_web"
expect_trouble DR-20 failed "refused the module's certificate: HTTP 200" "another server answers"
put_back
kill "$web_pid"

# ---- DR-20 who the module is
with_changed "$lab/ndes_policy_crp.toml" sed -i 's#tls/ndes\.#tls/monitor.#'
expect_trouble DR-20 failed "lab-monitor.*has not the role ndes" "another caller's certificate"
put_back
with_changed "$lab/tls/ndes.pem" true
with_changed "$lab/tls/ndes.key" true
issue unknown "unknown.lab" "$lab/tls/ca" 300 $'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:x.lab'
cp unknown.pem "$lab/tls/ndes.pem" && cp unknown.key "$lab/tls/ndes.key"
expect_trouble DR-20 failed "refuse.* the module's certificate.*crpctl caller pin" "a certificate that nobody registered"
put_back
expect_good DR-20 "mended"

# ---- DR-26 and DR-25 keys in force
"$lab_bin/crpctl" keys new --out "$lab/keys/k2.key" >/dev/null
with_changed "$lab/tls/crp.key" chmod 0644
with_changed "$lab/keys/k1.key" cp "$lab/keys/k2.key"
expect_trouble DR-26 failed "would refuse an expired one with ChallengeDecryptionError, expected ChallengeExpired" \
    "crpd could not take the keys of the file"
put_back
expect_good DR-26 "mended"
with_changed "$lab/crpd.toml" sed -i 's#keys/k1.key#keys/k2.key#'
restart_one crpd
expect_trouble DR-25 failed "k1.*crpctl keys list" "challenges depend on a key that is gone"
put_back
restart_one crpd
expect_good DR-25 "mended"

# ---- DR-21, DR-33, DR-38 health, messages, webhooks
mv "$lab/inbox" "$lab/inbox.kept" && touch "$lab/inbox"
expect_trouble DR-33 failed "is no folder.*install -d" "the inbox is a file"
rm "$lab/inbox" && mv "$lab/inbox.kept" "$lab/inbox"
expect_good DR-33 "mended"
dead_port=$(free_port 19700)
printf '%s' "$(openssl rand -base64 32)" >"$lab/keys/hook.key" && chmod 600 "$lab/keys/hook.key"
cp "$lab/crpd.toml" crpd.kept
cat >>"$lab/crpd.toml" <<END

[[state_messages.webhook]]
name = "siem-1"
url = "http://127.0.0.1:$dead_port/"
secret_files = ["keys/hook.key"]
END
sed -i 's#^inbox = "inbox"#inbox = "inbox"\nretry_least = "1s"\ngive_up_attempts = 1#' "$lab/crpd.toml"
restart_one crpd
expect_good DR-38 "a webhook that has not been tried"
expect "a device enrols" run_client hook "$(new_challenge)"
sink_is_down() { curl -fsS "$CRP_HEALTH_URL/metrics" | grep -q '^ndes_crp_sink_up{sink="siem-1"} 0'; }
eventually "the webhook fails" 20 sink_is_down
expect_trouble DR-38 failed "Webhook siem-1 has failed [1-9]" "a receiver that is away"
echo 400 >receiver.status
python3 - "$dead_port" <<'END' &
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(open("receiver.status").read()))
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
END
receiver_pid=$!
test_cleanup() { kill "$receiver_pid" ${other_pid:+"$other_pid"} 2>/dev/null; }
eventually "the receiver is back, and refuses" 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$dead_port"
restart_one crpd
gives_up() { curl -fsS "$CRP_HEALTH_URL/metrics" | grep -q '^ndes_crp_state_messages{sink="siem-1",state="dead"} [1-9]'; }
eventually "crpd gives messages up" 20 gives_up
expect_trouble DR-33 failed "state messages for siem-1 are given up.*crpctl state replay --sink siem-1 --all-dead" \
    "messages that the receiver refuses"
echo 204 >receiver.status
expect "what the repair says" "$lab_bin/crpctl" state replay --sink siem-1 --all-dead --yes
is_delivered() { [ "$(doctor --check DR-33 --check DR-38 --format json | jq .summary.ok)" = 2 ]; }
eventually "DR-33 and DR-38 are good again" 30 is_delivered
mv "$CRP_LOG" log.kept
expect_trouble DR-38 warning "CRP.log is not there" "a log that was moved away"
mv log.kept "$CRP_LOG"
cp crpd.kept "$lab/crpd.toml"
restart_one crpd
expect_good DR-38 "mended"

# ---- DR-36 limits; DR-35 legacy algorithms
prlimit --pid "$NDESD_PID" --nofile=256:256
expect_trouble DR-36 failed "ndesd may open 256 files, for 1024 connections" "too few files"
restart_one ndesd
expect_good DR-36 "after a restart"
expect_equal "DR-35 tells that single DES is not there" \
    "$(OPENSSL_MODULES=/none doctor --check DR-35 --format json | jq -r '.checks[0].status')" failed
expect_good DR-35 "with OpenSSL's own modules"

# ---- DR-29 the CA refuses
printf '#!/bin/sh\necho "template WiFi requires 4096 bit" >&2\nexit 4\n' >refuse.sh && chmod 755 refuse.sh
with_changed "$lab/ndesd.toml" sed -i "s#^kind = \"local\"#kind = \"command\"\ncommand = [\"$PWD/refuse.sh\"]#; s#^key_file = \"ca/ca.key\"##"
restart_one ndesd
expect_good DR-29 "nothing was asked of it yet"
run_client refused "$(new_challenge)"
has_failed() { [ "$(lab_call GET '/api/v1/transactions?state=failed' | jq '.items | length')" -gt 0 ]; }
eventually "the CA's refusal is told to crpd" 20 has_failed
expect_trouble DR-29 warning "1 requests were permitted and then not issued" "the CA refuses"
sed -i "s#$PWD/refuse.sh#/bin/nowhere#" "$lab/ndesd.toml"
expect_trouble DR-29 failed "/bin/nowhere cannot be run" "a program that is not there"
put_back
restart_one ndesd
sleep 1.1
expect_good DR-29 "mended" --since 1s

# ---- DR-27 the short one is over by now
until [ $((SECONDS - short_made)) -gt 62 ]; do sleep 1; done
expect_trouble DR-27 warning "expired before their device came .shortest time to live: 1 min" "a challenge expired"
expect_good DR-27 "not within the last second" --since 1s

# ---- DR-22 ndesd talks to another crpd
expect_good DR-22 "they talk to each other"
other_port=$(free_port $((CRP_PORT + 50)))
mkdir other && cp -r "$lab/tls" "$lab/keys" "$lab/ca" other/ && mkdir other/log other/inbox
sed "s#127.0.0.1:$CRP_PORT#127.0.0.1:$other_port#; s#127.0.0.1:$CRP_HEALTH_PORT#127.0.0.1:$((other_port + 1))#" \
    "$lab/crpd.toml" >other/crpd.toml
"$lab_bin/crpctl" db create --config other/crpd.toml >/dev/null
"$lab_bin/crpd" --config other/crpd.toml >other/log/crpd.jsonl 2>&1 &
other_pid=$!
eventually "another crpd runs" 20 curl -fsS "http://127.0.0.1:$((other_port + 1))/readyz"
restart_one crpd
with_changed "$lab/ndes_policy_crp.toml" sed -i "s#localhost:$CRP_PORT#localhost:$other_port#"
restart_one ndesd
run_client elsewhere "$(new_challenge)"
expect_trouble DR-22 failed "This crpd saw 0 VerifyRequest, ndesd had [1-9].*crp.urls" "they talk to different crpds"
put_back
restart_one ndesd
expect "a device enrols" run_client mended "$(new_challenge)"
expect_good DR-22 "mended"
lab_end "$CRPD_PID" crpd
expect_trouble DR-21 failed "crpd's health listener: nothing listens.*systemctl status crpd" "crpd is stopped"
expect_trouble DR-23 skipped "cannot reach" "crpd is stopped"
expect_trouble DR-36 failed "crpd does not run" "crpd is stopped"
expect_trouble DR-18 failed "nothing listens" "crpd is stopped"
lab_start "$lab" sqlite true >/dev/null
source "$lab/lab.env"
expect_good DR-21 "crpd is back"
finish
