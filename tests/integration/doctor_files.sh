#!/usr/bin/env bash
# crpctl doctor on files: certificates, keys, trust lists, templates, databases, rights (DR-03 to DR-07,
# DR-17, DR-19, DR-25, DR-28 to DR-32, DR-34). Each is broken, told, mended and good again.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/doctor_lib.sh"
begin_doctor doctor_files

for id in DR-03 DR-04 DR-05 DR-06 DR-07 DR-17 DR-19 DR-25 DR-28 DR-29 DR-30 DR-31 DR-32 DR-34; do
    expect_good $id "a lab as it is made"
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>/dev/null
chmod 600 other.key
openssl req -new -x509 -key other.key -subj "/CN=Another CA" -days 900 -out other.pem

# ---- DR-03 chain and thumbprint
with_changed "$lab/crpd.toml" sed -i 's#ca_certificate_file = "ca/ca.pem"#ca_certificate_file = "ca/pinned.pem"#'
cp other.pem "$lab/ca/pinned.pem"
expect_trouble DR-03 failed "crpd tells MDMs to pin .*Another CA.*ndesd hands out.*Lab Issuing CA" "another CA's thumbprint is told"
put_back
with_changed "$lab/ca/ca.pem" bash -c 'cat other.pem >>"$1"' -
expect_trouble DR-03 failed "is not issued by the one after it" "a chain that is none"
put_back
expect_good DR-03 "mended"

# ---- DR-04 RA certificates
ra=$lab/ca/ra-encryption
cp "$ra.key" ra-new.key
issue ra-new "Lab RA encryption" "$lab/ca/ca" 400 "extendedKeyUsage=1.3.6.1.4.1.311.20.2.1"
with_changed "$ra.pem" cp ra-new.pem
expect_trouble DR-04 failed "RA encryption certificate has no keyUsage.*crpctl ra renew" "no keyUsage"
put_back
with_changed "$ra.key" cp other.key
expect_trouble DR-04 failed "ra-encryption.key is not the key of" "another key"
put_back
with_changed "$ra.key" chmod 0644
expect_trouble DR-04 failed "chmod 0600" "a key that others can read"
put_back
issue ra-sign "Lab RA signing" "$lab/ca/ca" 400 $'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth'
with_changed "$lab/ca/ra-signing.pem" cp ra-sign.pem
with_changed "$lab/ca/ra-signing.key" cp ra-sign.key
expect_trouble DR-04 warning "neither Certificate Request Agent nor serverAuth" "not an RA's"
put_back
expect_good DR-04 "mended"

# ---- DR-05 ends
agent=$'keyUsage=critical,keyEncipherment\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1'
issue ra-new "Lab RA encryption" "$lab/ca/ca" 6 "$agent"
with_changed "$ra.pem" cp ra-new.pem
expect_trouble DR-05 failed "RA encryption certificate .* ends in 5 d" "six days are left"
issue ra-new "Lab RA encryption" "$lab/ca/ca" 20 "$agent"
cp ra-new.pem "$ra.pem"
expect_trouble DR-05 warning "ends in 19 d" "twenty days are left"
expect_equal "--exit-on warning ends with 1" "$(doctor --check DR-05 --exit-on warning >/dev/null; echo $?)" 1
expect_equal "without it a warning ends with 0" "$(doctor --check DR-05 >/dev/null; echo $?)" 0
issue ra-new "Lab RA encryption" "$lab/ca/ca" -1 "$agent"
cp ra-new.pem "$ra.pem"
expect_trouble DR-05 failed "ended on 2" "it has ended"
put_back
make_crl() { # DAYS FILE
    mkdir -p issue.db && : >issue.db/index
    openssl ca -gencrl -config <(printf '[ca]\ndefault_ca=one\n[one]\ndatabase=issue.db/index\ndefault_md=sha256\n') \
        -cert "$lab/ca/ca.pem" -keyfile "$lab/ca/ca.key" -crl_lastupdate "$(date -u -d '-20 days' +%Y%m%d%H%M%SZ)" \
        -crl_nextupdate "$(date -u -d "$1 days" +%Y%m%d%H%M%SZ)" -out "$2" 2>/dev/null
}
make_crl -1 "$lab/ca/ca.crl"
with_changed "$lab/ndesd.toml" sed -i 's#^kind = "local"#kind = "local"\ncrl_file = "ca/ca.crl"#'
expect_trouble DR-05 failed "the CRL .* should have been replaced" "an overdue CRL"
make_crl 20 "$lab/ca/ca.crl"
expect_good DR-05 "a CRL in date"
put_back

# Lists, chains and successors end, too.
openssl req -x509 -new -key other.key -subj "/CN=Ending CA" -days 6 -out ending-root.pem
with_changed "$lab/tls/ca.pem" bash -c 'cat ending-root.pem >>"$1"' -
expect_trouble DR-05 failed "trust list for callers of crpd CN=Ending CA .*ends in 5 d" "one of two roots that are trusted"
openssl req -x509 -new -key other.key -subj "/CN=Ending CA" -days 400 -out lasting-root.pem
cat lasting-root.pem >>"$lab/tls/ca.pem"
expect_trouble DR-05 warning "trust list .*Ending CA .*ends in 5 d.*take it out of" "one whose successor is trusted"
cp ending-root.pem "$lab/tls/ca.pem"
expect_trouble DR-05 failed "trust list for callers of crpd CN=Ending CA .*ends in 5 d" "the only one"
put_back
with_changed "$lab/ca/ca.pem" bash -c 'cat ending-root.pem >>"$1"' -
expect_trouble DR-05 failed "CA certificate CN=Ending CA .*ends in 5 d" "a CA of the chain"
put_back
cp ending-root.pem "$lab/ca/next.pem"
with_changed "$lab/ndesd.toml" sed -i 's#^kind = "local"#kind = "local"\nnext_ca_file = "ca/next.pem"#'
expect_trouble DR-05 failed "CA.s successor CN=Ending CA .*ends in 5 d" "the next CA"
put_back
expect_good DR-05 "mended"

# ---- DR-06 trust lists
with_changed "$lab/tls/ca.pem" bash -c 'cat "$0" "$0" >both && cp both "$1"' "$lab/tls/ca.pem"
expect_trouble DR-06 warning "contains .* twice" "a root twice"
put_back
with_changed "$lab/tls/ca.pem" bash -c 'cat "$0" >>"$1"' "$lab/tls/ndes.pem"
expect_trouble DR-06 warning "contains an intermediate .*CN=ndes.lab" "something that is no root"
cp "$lab/tls/ndes.pem" "$lab/tls/ca.pem"
expect_trouble DR-06 failed "and no root" "no root at all"
put_back
expect_good DR-06 "mended"

# ---- DR-07 addresses in certificates
port=$(free_port 19500)
(mkdir -p web && cd web && exec python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1) &
web_pid=$!
test_cleanup() { kill "$web_pid" 2>/dev/null; }
issue ra-new "Lab RA encryption" "$lab/ca/ca" 400 "$agent"$'\n'"crlDistributionPoints=URI:http://127.0.0.1:$port/ca.crl"
with_changed "$ra.pem" cp ra-new.pem
eventually "a web server for the CRL" 10 curl -fsS "http://127.0.0.1:$port/"
expect_trouble DR-07 failed "HTTP 404" "no CRL where the certificate says"
make_crl -1 web/ca.crl
expect_trouble DR-07 failed "should have been replaced" "an overdue CRL there"
make_crl 20 web/ca.crl
expect_good DR-07 "a CRL in date there"
issue ra-new "Lab RA encryption" "$lab/ca/ca" 400 "$agent"$'\n'"crlDistributionPoints=URI:ldap://dc.example.org/cn=ca"
cp ra-new.pem "$ra.pem"
expect_trouble DR-07 failed "is only at ldap://" "a CRL that only the directory has"
put_back

# ---- DR-17 the module
cp "$MODULE" module.so
with_changed "$lab/ndesd.toml" sed -i "s#^module = .*#module = \"$PWD/module.so\"#"
expect_good DR-17 "a copy of the module"
chmod 0666 module.so
expect_trouble DR-17 failed "can be written by others" "a module that anybody can write"
chmod 0644 module.so
truncate -s 100 module.so
expect_trouble DR-17 failed "does not load.*crpctl plugin check" "a module cut off"
put_back

# ---- DR-19 the module's certificate
client=$'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:ndes.lab'
issue module "ndes.lab" "$lab/tls/ca" -3 "$client"
with_changed "$lab/tls/ndes.pem" cp module.pem
with_changed "$lab/tls/ndes.key" cp module.key
expect_trouble DR-19 failed "ended on 2" "ended three days ago"
issue "$lab/tls/ndes-2027" "ndes.lab" "$lab/tls/ca" 300 "$client"
expect_trouble DR-19 failed "a newer one .*ndes-2027.pem.*is there but not selected" "a newer one lies beside it"
rm "$lab"/tls/ndes-2027.*
issue module "ndes.lab" "$lab/tls/ca" 300 "extendedKeyUsage=serverAuth"
cp module.pem "$lab/tls/ndes.pem"
expect_trouble DR-19 failed "is not for clientAuth" "a server's certificate"
cp other.key "$lab/tls/ndes.key"
expect_trouble DR-19 failed "is not the key of" "another key"
put_back
expect_good DR-19 "mended"

# ---- DR-25 challenge keys
with_changed "$lab/keys/k1.key" chmod 0644
expect_trouble DR-25 failed "k1.key" "a key that others can read"
put_back
mv "$lab/keys/k1.key" kept.key
expect_trouble DR-25 failed "k1.key.*crpctl keys new" "a key that is gone"
mv kept.key "$lab/keys/k1.key"
expect_good DR-25 "mended"

# ---- DR-28 templates
with_changed "$lab/ndesd.toml" sed -i 's#^\(.*Template\) = .*#\1 = "IPSECIntermediateOffline"#'
expect_trouble DR-28 failed "IPSECIntermediateOffline.*the default" "nobody chose templates"
sed -i 's#^\(.*Template\) = .*#\1 = "Phones"#' "$lab/ndesd.toml"
expect_trouble DR-28 failed "Phones. is not on record at crpd" "a template that crpd does not know"
put_back
expect_good DR-28 "mended"

# ---- DR-29 the CA
with_changed "$lab/ca/ca.key" cp other.key
expect_trouble DR-29 failed "ca.key is not the key of" "another CA's key"
put_back
with_changed "$lab/ca/ca.pem" cp "$lab/ca/ra-signing.pem"
expect_trouble DR-29 failed "is no CA certificate" "a leaf in the CA's place"
put_back
expect_good DR-29 "mended"

# ---- DR-30 the CA's key beside the listener of devices (in the file alone: nothing listens there)
with_changed "$lab/ndesd.toml" sed -i '/^\[server\]/,/^listen/s#127.0.0.1#0.0.0.0#'
expect_trouble DR-30 warning "The CA's key .* are on one host" "devices reach the host of the CA's key"
put_back
expect_good DR-30 "mended"

# ---- DR-31 rights
with_changed "$lab/keys/journal.key" chmod 0640
expect_trouble DR-31 failed "journal.key is open to others.*0?640.*chmod 0600" "a key that a group can read"
put_back
with_changed "$lab/ndes_policy_crp.toml" chmod 0666
expect_trouble DR-31 failed "can be written by everybody" "a configuration that anybody can write"
put_back
expect_good DR-31 "mended"

# ---- DR-34 what is newer than the process
touch -d '+1 second' "$lab/ndes_policy_crp.toml"
expect_trouble DR-34 warning "ndes_policy_crp.toml changed at .* but ndesd started at" "a setting changed since"
touch -d '-1 day' "$lab/ndes_policy_crp.toml"
expect_good DR-34 "not newer"
# crpd reads crpd.toml again by itself: a change is not told once it is taken, but what waits for a
# restart is.
doctor_says() { doctor --check DR-34 --format json | jq -r '.checks[0] | .status, .observed' | grep -qE "$1"; }
with_changed "$lab/crpd.toml" sed -i 's#^\[\[caller\]\]#\n&#'
eventually "a change that crpd has taken is not told" 20 doctor_says '^ok'
put_back && touch "$lab/crpd.toml"
eventually "nor its way back" 20 doctor_says '^ok'
with_changed "$lab/crpd.toml" bash -c 'printf "[retention]\nchallenges_after = \"40d\"\n" >>"$1"' -
eventually "one that waits for a restart is" 20 doctor_says 'changes that only a restart puts in force'
put_back && touch "$lab/crpd.toml"
eventually "until it is taken back" 20 doctor_says '^ok'
with_changed "$lab/crpd.toml" sed -i 's#^\[health\]#[health]\nlisen = "x"#'
expect_trouble DR-34 failed "did you mean listen" "a fault in the configuration"
put_back
touch -d '-1 day' "$lab/crpd.toml" "$lab/ndesd.toml"
expect_good DR-34 "mended"

# ---- DR-32 databases, also while the daemons are stopped
lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd
expect_good DR-32 "with the daemons stopped"
with_changed "$lab/crp.db" python3 -c 'import sqlite3, sys
database = sqlite3.connect(sys.argv[1]); database.execute("PRAGMA user_version = 1"); database.commit()'
expect_trouble DR-32 failed "crpctl db migrate" "another schema version"
put_back
rm -f "$lab"/crp.db-*
with_changed "$lab/ndesd.db" python3 -c 'import sys
file = open(sys.argv[1], "r+b"); file.seek(0, 2); size = file.tell(); file.seek(4096); file.write(b"\xff" * (size - 4096))'
expect_trouble DR-32 failed "ndesd's journal" "a journal that is not whole"
put_back
# A large one is not read through every hour: what is wrong at its end is found with --deep.
cp "$lab/ndesd.db" kept.db
sqlite3 "$lab/ndesd.db" 'CREATE TABLE filler(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 270)
    INSERT INTO filler SELECT zeroblob(1024 * 1024) FROM n; PRAGMA wal_checkpoint(TRUNCATE);' >/dev/null
expect_match "a large journal is opened alone" "$(doctor --check DR-32 --format json | jq -r '.checks[0].observed')" \
    "journal opens; it is read through with --deep"
rm -f "$lab"/ndesd.db-*
mv kept.db "$lab/ndesd.db"

mv "$lab/crp.db" kept.db
expect_trouble DR-32 failed "crp.db" "no database"
mv kept.db "$lab/crp.db"
expect_good DR-32 "mended"
finish
