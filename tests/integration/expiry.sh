#!/usr/bin/env bash
# Nothing of ours ends unnoticed: what ends soon stands in crpctl expiry, in the log, in both /metrics
# and in the service manager's STATUS line, each once a threshold; the shipped alert speaks of it.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/expiry_lib.sh"

test_cleanup() { [ -z "${status_pid:-}" ] || kill "$status_pid" 2>/dev/null; }
begin expiry
lab=$test_dir/lab
lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd
own() { "$lab_bin/crpctl" expiry --ndesd-config "$lab/ndesd.toml" --crpd-config "$lab/crpd.toml" "$@"; }

# With the daemons stopped.
expect "all is listed while no daemon runs" own
listed=$(own --format json)
for use in admin admin-client-ca ra-signing ra-encryption ca module-client module-server-ca server client-ca issuing-ca; do
    expect_equal "$use is listed with its end" \
        "$(jq -r "[.[] | select(.use == \"$use\" and .kind == \"certificate\")][0].daysLeft > 300" <<<"$listed")" true
done
expect_equal "who uses the client certificate is told" \
    "$(jq -r '.[] | select(.use == "module-client" and .kind == "key") | .usedBy' <<<"$listed")" module
expect_equal "keys are listed" "$(jq '[.[] | select(.kind == "key")] | length >= 8' <<<"$listed")" true
expect_equal "its serial is the file's" "$(jq -r '.[] | select(.use == "server" and .kind == "certificate") | .serial' <<<"$listed")" \
    "$(openssl x509 -in "$lab/tls/crp.pem" -noout -serial | cut -d= -f2 | tr A-F a-f)"
expect_equal "nothing ends within 30 days" "$(own --within 30d --format json | jq length)" 0

# What ends soon, and one that has ended.
server_usage=$'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,DNS:crp.lab,IP:127.0.0.1'
client_usage=$'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:ndes.lab'
agent_usage=$'keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1'
make_dated_leaf "$lab/tls/crp" crp.lab "$lab/tls/ca" "$server_usage" '200 days ago' '13 days' "${ec[@]}"
make_dated_leaf "$lab/tls/ndes" ndes.lab "$lab/tls/ca" "$client_usage" '200 days ago' '156 hours' "${ec[@]}"
make_dated_leaf "$lab/ca/ra-signing" 'Lab RA signing' "$lab/ca/ca" "$agent_usage" '300 days ago' '20 hours' "${rsa[@]}"
mkdir "$lab/crl"
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$lab/crl/index" 'default_md=sha256' "crlnumber=$lab/crl/number" >crl.cnf
: >"$lab/crl/index" && echo 01 >"$lab/crl/number"
openssl ca -config crl.cnf -gencrl -cert "$lab/tls/ca.pem" -keyfile "$lab/tls/ca.key" -crlhours 20 \
    -out "$lab/crl/tls.pem" 2>/dev/null
sed -i 's|^client_ca_file = "tls/ca.pem"|&\nclient_crl_file = "crl/tls.pem"|' "$lab/crpd.toml"
soon=$(own --within 30d --format json)
expect_equal "what ends within 30 days, the first first" \
    "$(jq -r '[.[] | "\(.use) \(.daysLeft)"] | join(", ")' <<<"$soon")" \
    "ra-signing 0, client-crl 0, module-client 6, server 12"
expect_equal "within a week" "$(own --within 7d --format json | jq length)" 3
own --format ical >own.ics
expect_equal "the calendar has an event for each end" "$(grep -c '^BEGIN:VEVENT' own.ics)" \
    "$(own --format json | jq '[.[] | select(.ends)] | length')"
expect_match "with its alarms" "$(tr -d '\r' <own.ics)" 'TRIGGER:-P30D'
expect_equal "every line of it ends with CR LF and has 75 octets at most" \
    "$(LC_ALL=C awk 'length($0) > 76 || !/\r$/' own.ics | wc -l)" 0

listen_for_status "$PWD/status"
lab_start "$lab" sqlite true >/dev/null
source "$lab/lab.env"
expect "both daemons run with them" lab_status "$lab"
json=$lab/log
told() { grep '"event":"expiry"' "$json/$1.jsonl" | grep -c "\"use\":\"$2\".*\"days_left\":\"$3\""; }
is_told() { [ "$(told "$@")" -ge 1 ]; }
eventually "crpd's log warns of its certificate" 10 is_told crpd server 12
eventually "ndesd's log warns of its RA" 10 is_told ndesd ra-signing 0
eventually "and of its module's client certificate" 10 is_told ndesd module-client 6
expect_match "the CMTrace log, too" "$(grep -a 'server certificate' "$CRP_LOG")" 'ends at .* within 14 days'
says() { grep -q "^STATUS=$1" status; }
eventually "crpd's STATUS line names what ends first" 10 says 'Online; server certificate ends in 12 days (crpctl expiry)'
eventually "ndesd's names its RA" 10 says 'Online; ra-signing certificate ends in 0 days (crpctl expiry)'
sleep 6 # crpd looks every 5 s
expect_equal "each is told once" "$(told crpd server 12)" 1

end_of() { date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s; }
for one in "$CRP_HEALTH_URL server tls/crp.pem" "$NDES_HEALTH_URL ra-signing ca/ra-signing.pem" \
    "$NDES_HEALTH_URL module-client tls/ndes.pem" "$NDES_HEALTH_URL admin tls/ndes-admin.pem"; do
    read -r url use file <<<"$one"
    expect_equal "the metric of $use is its file's end" \
        "$(metric "$url" "^x509_cert_not_after.*use=\"$use\"")" "$(end_of "$lab/$file")"
done
expect_match "the client CRL's next update is a metric" "$(metric "$CRP_HEALTH_URL" '^x509_crl_next_update')" '^[0-9]{10}$'

# The one that replaces it is taken, and the next threshold is another warning.
make_dated_leaf "$lab/tls/crp" crp.lab "$lab/tls/ca" "$server_usage" '200 days ago' '100 hours' "${ec[@]}"
eventually "another one in its place is told of at its own threshold" 20 is_told crpd server 4
make_dated_leaf "$lab/tls/crp" crp.lab "$lab/tls/ca" "$server_usage" '1 day ago' '300 days' "${ec[@]}"
: >status
eventually "with a good one crpd's STATUS speaks of it no more" 20 grep -q '^STATUS=Online$' status
rm "$lab/ca/ra-signing.pem"
expect_fails "a file that is gone makes crpctl expiry fail" own
expect_match "and is named" "$(own --within 1d 2>&1)" 'ra-signing.*ra-signing.pem'
finish
