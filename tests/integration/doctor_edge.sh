#!/usr/bin/env bash
# crpctl doctor between devices and ndesd: a proxy with one fault after the other (DR-01, DR-08 to DR-13,
# DR-15, DR-16).
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/doctor_lib.sh"
proxies=()
test_cleanup() { for pid in "${proxies[@]}"; do kill "$pid" 2>/dev/null; done; }
begin_doctor doctor_edge

# start_proxy URL-VARIABLE SCHEME [CERTIFICATE KEY MORE…]
start_proxy() {
    local port
    port=$(free_port 19600)
    python3 "$root/tests/integration/doctor_proxy.py" "$port" "$SCEP_URL" mode "${@:3}" 2>>proxy.log &
    proxies+=($!)
    eval "$1=$2://localhost:$port/certsrv/mscep/mscep.dll"
    eventually "a proxy listens at $port" 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}
echo pass >mode
start_proxy public http
through=(--public-url "$public")

for id in DR-01 DR-08 DR-09 DR-10 DR-11 DR-12 DR-13 DR-15 DR-16; do
    expect_good $id "without a proxy"
    [ $id = DR-15 ] || [ $id = DR-16 ] || expect_good $id "through a good one" "${through[@]}"
done

# ---- from another machine, which has no configuration of ours
outside() { timeout 120 "$lab_bin/crpctl" doctor --ndesd-config none.toml --crpd-config none.toml "$@"; }
expect "the proxy can be looked at from outside" outside --hop proxy --hop device "${through[@]}"
expect_equal "name and long requests are" \
    "$(outside --hop proxy "${through[@]}" --format json | jq -r '[.checks[] | .id + " " + .status] | join(", ")')" \
    "DR-08 ok, DR-10 skipped, DR-11 ok"
outside --hop proxy >/dev/null 2>outside.err
expect_equal "without a URL there is nothing to look at" "$?" 2
expect_match "and what is missing is told" "$(cat outside.err)" "--public-url"

# ---- DR-01 clock
echo clock:-372 >mode
expect_trouble DR-01 failed "6 min ahead of $public.*timedatectl" "another machine's clock is behind" "${through[@]}"
echo clock:120 >mode
expect_trouble DR-01 warning "behind $public" "another machine's clock is a little ahead" "${through[@]}"
echo pass >mode
expect_good DR-01 "mended" "${through[@]}"

# ---- DR-08 name and trust
openssl req -x509 -newkey rsa:2048 -nodes -keyout wrong.key -subj "/CN=localhost" -days 30 \
    -addext subjectAltName=DNS:ndes.corp.local -out wrong.pem 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout right.key -subj "/CN=proxy" -days 30 \
    -addext subjectAltName=DNS:localhost -out right.pem 2>/dev/null
start_proxy wrong_name https wrong.pem wrong.key
start_proxy right_name https right.pem right.key
expect_trouble DR-08 failed "without the name localhost" "a certificate with the name in its CN only" \
    --public-url "$wrong_name" --public-ca wrong.pem
expect_trouble DR-08 failed "is not trusted" "a certificate that nobody knows" --public-url "$right_name"
expect_trouble DR-08 failed "has no address" "a name that does not resolve" --public-url https://ndes.invalid/certsrv/mscep/
expect_trouble DR-08 failed "nothing listens at" "a port without a server" --public-url http://localhost:1/certsrv/mscep/
expect_good DR-08 "the right name, trusted" --public-url "$right_name" --public-ca right.pem

# ---- DR-09 the base URL
for code in 200 404 503 401; do
    echo "status:$code" >mode
    expect_trouble DR-09 failed "base URL answers $code" "another server answers $code" "${through[@]}"
done
echo status:403 >mode
expect_trouble DR-09 failed "not by ndesd" "a 403 of the proxy's own" "${through[@]}"
echo pass >mode
with_changed "$lab/ndesd.toml" sed -i 's#^module = .*#module = "none"#; /^module_config/d'
expect_trouble DR-09 failed "no policy module is loaded" "policy.module is none" "${through[@]}"
put_back
expect_good DR-09 "mended" "${through[@]}"

# ---- DR-10 bodies
echo empty >mode
expect_trouble DR-10 failed "GetCACert through the public URL gives 0 octets .locally [1-9]" "the proxy drops the body" "${through[@]}"
echo pass >mode
expect_good DR-10 "mended" "${through[@]}"

# ---- DR-11 lengths
echo limit:8192 >mode
expect_trouble DR-11 failed "GET of 8 KiB is cut by nginx/1.22.1 .HTTP 414.*large_client_header_buffers" "long URLs are cut" "${through[@]}"
echo limit:20000 >mode
expect_trouble DR-11 warning "GET of 32 KiB is cut" "very long URLs are cut" "${through[@]}"
echo post:1024 >mode
expect_trouble DR-11 failed "POST of 60 KiB does not reach ndesd .HTTP 413" "long bodies are cut" "${through[@]}"
echo pass >mode
expect_good DR-11 "mended" "${through[@]}"
expect_equal "none of it counts as malformed" "$(curl -fsS "$NDES_HEALTH_URL/healthz" | jq .requests.malformed)" 0

# ---- DR-12, DR-13 TLS
start_proxy tls13 https right.pem right.key tls13
start_proxy asking https right.pem right.key ask
expect_trouble DR-12 failed "TLS 1.3 only.*" "no TLS 1.2" --public-url "$tls13" --public-ca right.pem
expect_good DR-12 "both offered" --public-url "$right_name" --public-ca right.pem
expect_trouble DR-13 failed "asks for client certificates" "client certificates are asked for" --public-url "$asking" --public-ca right.pem
expect_good DR-13 "none asked for" --public-url "$right_name" --public-ca right.pem
expect_good DR-13 "none asked for, TLS 1.3" --public-url "$tls13" --public-ca right.pem

# ---- DR-15 what devices are given
with_changed "$lab/crpd.toml" sed -i 's#/certsrv/mscep/mscep.dll#/scep/pkiclient.exe#'
expect_trouble DR-15 failed "told the path /scep/pkiclient.exe, ndesd serves /certsrv/mscep/" "another path"
sed -i 's#^scep_url = .*#scep_url = "https://ndes.invalid/certsrv/mscep/"#' "$lab/crpd.toml"
expect_trouble DR-15 failed "has no address" "a name that does not resolve"
put_back
with_changed "$lab/ndesd.toml" sed -i '/^\[server\]/,/^listen/s#127.0.0.1#0.0.0.0#'
expect_trouble DR-15 failed "none outside can resolve or reach" "no lab, and devices are given loopback"
put_back
expect_good DR-15 "mended"

# ---- DR-16 no device comes
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
challenge=$(new_challenge)
sleep 1.1
expect_good DR-16 "a challenge that has not waited long"
expect_trouble DR-16 failed "No request from any device .*1 challenges wait" "a challenge waits, no device comes" --since 1s
mkdir client && (cd client && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$challenge" \
    -cn phone-1.example.org -private-key key.pem -certificate cert.pem -keySize 2048 >/dev/null 2>&1)
new_challenge >/dev/null
sleep 1.1
expect_good DR-16 "a device has come" --since 1s
lab_end "$NDESD_PID" ndesd
expect_trouble DR-09 failed "nothing listens" "ndesd is stopped"
expect_trouble DR-10 skipped "ndesd itself does not answer" "ndesd is stopped"
expect_trouble DR-16 skipped "ndesd's health listener" "ndesd is stopped"
finish
