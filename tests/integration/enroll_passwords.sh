#!/usr/bin/env bash
# NDES without a policy module: passwords of the admin site, read as an MDM reads them, enrol once;
# the cache fills up; Basic and client certificates log in; the events are told.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
export NDES_POLICY__MODULE=none NDES_MSCEP__PASSWORDMAX=3
begin passwords false
get_ra
openssl genrsa -out one.key 2048 2>/dev/null
dn='O=Example, CN=router-1'

page=$(admin_page -D headers.txt)
expect_match "the page is UTF-16 HTML" "$(cat headers.txt)" 'text/html; charset=utf-16'
password=$(grep -oP '(?i)The enrollment challenge password is: <B> \K\S*' <<<"$page")
# As two MDMs have it: the octets are UTF-16 whatever the header says.
expect_match "one decodes it as UTF-16 and finds the password between the tags" \
    "$(admin_site '' | python3 -c 'import re, sys
found = re.search(r"challenge password is: <B> ([A-Z0-9]{16,32}) </B>", sys.stdin.buffer.read().decode("utf-16"))
print(found[1] if found else "none")')" '^[0-9A-F]{16}$'
expect_match "an MDM finds the password" "$password" '^[0-9A-F]{16}$'
thumbprint=$(openssl x509 -in "$ISSUING_CA" -noout -fingerprint -md5 | sed 's/.*=//;s/://g')
expect_equal "the page shows the CA's thumbprint" \
    "$(grep -oP 'CA certificate is: <B> \K[0-9A-F ]*' <<<"$page" | tr -d ' ')" "$thumbprint"
expect_equal "NDESGetCACertThumbprint tells it" \
    "$(admin_site '?operation=NDESGetCACertThumbprint' | tr -d ' ')" "$thumbprint"

expect "the password enrols" strongswan_enrol one.pem one.key "$dn" "$password"
expect "the certificate verifies" openssl verify -CAfile "$ISSUING_CA" one.pem
expect_fails "it does not enrol again" strongswan_enrol x.pem one.key 'O=Example, CN=router-2' "$password"
expect_fails "a wrong one does not enrol" strongswan_enrol x.pem one.key "$dn" 0123456789ABCDEF
eventually "event 29 is told" 5 event_told 29

first=$(admin_site '?operation=NDESGenerateChallenge&keyUsage=0xa0&Params=')
admin_site '?operation=NDESGenerateChallenge&keyUsage=0xa0&Params=' >/dev/null
expect_match "the cache is full at PasswordMax" "$(admin_page)" 'The password cache is full\.'
restart_ndesd() {
    lab_end "$NDESD_PID" ndesd
    lab_start "$test_dir/lab" sqlite false >/dev/null
    source "$test_dir/lab/lab.env"
}
restart_ndesd
expect_match "it is full after a restart still" "$(admin_page)" 'The password cache is full\.'
expect "a password outlives the restart" strongswan_enrol two.pem one.key "$dn" "$first"

status() { curl -sS -o /dev/null -w '%{http_code}' --max-time 10 --cacert "$CRP_CA" "$@" 2>/dev/null; }
expect_equal "nobody without certificate or password" "$(status "$MSCEP_ADMIN_URL")" 401
expect_equal "no plain HTTP" "$(status "http://localhost:$ADMIN_PORT/certsrv/mscep_admin/")" 000
printf 'correct horse\n' | "$lab_bin/ndesd" --hash-password lab-mdm >"$test_dir/lab/admin.users"
export NDES_ADMIN__PASSWORD_FILE=$test_dir/lab/admin.users
chmod 600 "$NDES_ADMIN__PASSWORD_FILE"
restart_ndesd
url="$MSCEP_ADMIN_URL?operation=NDESGetCACertThumbprint"
expect_equal "Basic logs in" "$(status -u 'lab-mdm:correct horse' "$url")" 200
for guess in 1 2 3 4 5; do
    expect_equal "wrong password $guess does not" "$(status -u 'lab-mdm:wrong' "$url")" 401
done
expect_equal "then guesses are slowed down" "$(status -u 'lab-mdm:correct horse' "$url")" 429
expect_fails "no password is in a log" grep -rq "$password\|$first" "$test_dir/lab/log"
expect_fails "no password is in the journal" grep -aq "$password\|$first" "$test_dir/lab/ndesd.db"
finish
