#!/usr/bin/env bash
# The admin page as MDMs probe it when an operator saves an "NDES" CA: GetCACert, one password from
# the page, by each one's own decoding and expression; then what they tell apart: full, forbidden.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
export NDES_POLICY__MODULE=none NDES_MSCEP__PASSWORDMAX=4
begin admin_probe false
probe() { admin_site '' "${@:2}" | python3 "$root/tests/integration/admin_probe.py" "$1"; }

expect_match "the probe begins with GetCACert" \
    "$(curl -sS -o probe.p7 -w '%{http_code} %{content_type}' "$SCEP_URL?operation=GetCACert")" \
    '^200 application/x-x509-ca-ra-cert'
expect "which holds the issuing CA" bash -c "openssl pkcs7 -inform DER -in probe.p7 -print_certs | grep -q 'Lab Issuing CA'"
fleet=$(probe fleet)
jamf=$(probe jamf)
expect_match "Fleet finds a password" "$fleet" '^password [0-9A-F]{16}$'
expect_match "Jamf Pro finds one" "$jamf" '^password [0-9A-F]{16}$'
expect_fails "each read is another one" test "$fleet" = "$jamf"
expect_match "it lives as long as Fleet takes it to (57 minutes)" "$(admin_page)" 'expire within 60 minutes'

get_ra
openssl genrsa -out one.key 2048 2>/dev/null
for mdm in fleet jamf; do
    password=${!mdm#password }
    expect "what $mdm read enrols" strongswan_enrol "$mdm.pem" one.key "O=Example, CN=$mdm" "$password"
    expect "and the certificate verifies" openssl verify -CAfile "$ISSUING_CA" "$mdm.pem"
done
for i in 1 2 3; do probe fleet >/dev/null; done
expect_equal "Fleet is told that the cache is full" "$(probe fleet)" full
# A caller whom no template permits to enroll.
sed -i '/name = "lab-mdm"/,/enroll/s/^enroll.*/enroll = []/' "$test_dir/lab/ndesd.toml"
lab_end "$NDESD_PID" ndesd
lab_start "$test_dir/lab" sqlite false >/dev/null
source "$test_dir/lab/lab.env"
expect_equal "Fleet is told that it may not enroll" "$(probe fleet)" 'no permission'
expect_equal "a stranger is shown no page" \
    "$(curl -sS --cacert "$CRP_CA" "$MSCEP_ADMIN_URL" | python3 "$root/tests/integration/admin_probe.py" fleet)" nothing
finish
