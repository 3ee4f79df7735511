# A least real configuration of the installed packages, and both daemons run by hand as systemd would
# run them: as their users, challenge keys as credentials. Sourced by package_try.sh.

etc=/etc/ndes-crp
crpd_pid='' ndesd_pid=''

# place OWNER MODE SOURCE TARGET: a file for the new root.
place() {
    install -D -m "$2" "$3" "$new_root$4"
    in_root chown "$1:$1" "$4"
}

place_certificates() {
    local pki=$work/pki name
    rm -rf "$pki"
    make_lab_pki "$pki"
    for name in crpd ndesd; do
        in_root install -d -o root -g $name -m 0750 $etc/$name/tls
        place root 644 "$pki/tls/ca.pem" $etc/$name/tls/ca.pem
    done
    place root 644 "$pki/ca/ca.pem" $etc/crpd/ca.pem
    place root 644 "$pki/tls/crp.pem" $etc/crpd/tls/crp.pem
    place crpd 600 "$pki/tls/crp.key" $etc/crpd/tls/crp.key
    place root 644 "$pki/tls/ndes.pem" $etc/ndesd/tls/ndes.pem
    place ndesd 600 "$pki/tls/ndes.key" $etc/ndesd/tls/ndes.key
    place ndesd 644 "$pki/ca/ca.pem" $etc/ndesd/ca/ca.pem
    place ndesd 600 "$pki/ca/ca.key" $etc/ndesd/ca/ca.key
    for name in signing encryption; do
        place ndesd 644 "$pki/ca/ra-$name.pem" $etc/ndesd/ra/$name.pem
        place ndesd 600 "$pki/ca/ra-$name.key" $etc/ndesd/ra/$name.key
    done
    cp "$pki/tls/ndes.pem" "$pki/tls/mdm.pem" "$new_root/tmp/"
}

write_crpd_config() {
    local role
    cat <<END
[server]
listen = "127.0.0.1:$CRP_PORT"
certificate_file = "tls/crp.pem"
key_file = "tls/crp.key"
client_ca_file = "tls/ca.pem"
[health]
listen = "127.0.0.1:$CRP_HEALTH_PORT"
[store]
kind = "sqlite"
path = "/var/lib/crpd/crp.db"
[challenge]
key_files = ["/run/credentials/crpd.service/keys_k1.key"]
pepper_files = ["/run/credentials/crpd.service/keys_pepper.key"]
scep_url = "http://127.0.0.1:$SCEP_PORT/certsrv/mscep/mscep.dll"
ca_certificate_file = "ca.pem"
[state_messages]
inbox = "/var/lib/crpd/inbox"
[log]
cmtrace_file = "/var/log/crpd/CRP.log"
END
    for role in ndes mdm; do
        printf '[[caller]]\nname = "%s"\nroles = ["%s"]\nspki_sha256 = ["%s"]\n' \
            $role $role "$(in_root crpctl caller pin /tmp/$role.pem)"
    done
}

write_ndesd_config() {
    cat <<END
[server]
listen = "127.0.0.1:$SCEP_PORT"
[health]
listen = "127.0.0.1:$NDES_HEALTH_PORT"
[mscep]
SignatureTemplate = "GeneralPurpose"
EncryptionTemplate = "GeneralPurpose"
GeneralPurposeTemplate = "GeneralPurpose"
[ra]
signing_certificate_file = "ra/signing.pem"
signing_key_file = "ra/signing.key"
encryption_certificate_file = "ra/encryption.pem"
encryption_key_file = "ra/encryption.key"
[issuer]
kind = "local"
certificate_file = "ca/ca.pem"
key_file = "ca/ca.key"
[policy]
module = "/usr/lib/ndes-crp/ndes_policy_crp.so"
module_config = "ndes_policy_crp.toml"
[journal]
path = "/var/lib/ndesd/ndesd.db"
create = true
key_file = "keys/journal.key"
[events]
file = "/var/log/ndesd/events.jsonl"
[log]
cmtrace_file = "/var/log/ndesd/NDESPlugin.log"
END
}

write_module_config() {
    cat <<END
[crp]
urls = ["https://localhost:$CRP_PORT/CMCertificateRegistration"]
certificate_file = "tls/ndes.pem"
key_file = "tls/ndes.key"
server_ca_file = "tls/ca.pem"
END
}

configure_daemons() {
    local key
    lab_choose_ports
    place_certificates
    write_crpd_config >"$work/crpd.toml"
    place root 640 "$work/crpd.toml" $etc/crpd/crpd.toml
    in_root chgrp crpd $etc/crpd/crpd.toml
    write_ndesd_config >"$work/ndesd.toml"
    write_module_config >"$work/module.toml"
    for key in ndesd ndes_policy_crp; do
        place root 640 "$work/$([ $key = ndesd ] && echo ndesd || echo module).toml" $etc/ndesd/$key.toml
        in_root chgrp ndesd $etc/ndesd/$key.toml
    done
    for key in k1 pepper; do
        expect "a key for challenges: $key" in_root crpctl keys new --out $etc/crpd/keys/$key.key
    done
    expect "a key for ndesd's journal" as_user ndesd crpctl keys new --out $etc/ndesd/keys/journal.key
    expect "crpd's inbox" as_user crpd mkdir -m 700 /var/lib/crpd/inbox
    expect "the module takes its settings" as_user ndesd crpctl plugin check --no-calls \
        --config $etc/ndesd/ndes_policy_crp.toml /usr/lib/ndes-crp/ndes_policy_crp.so
    expect "the database is made by crpd's user" as_user crpd crpctl db create --config $etc/crpd/crpd.toml
}

# What LoadCredential=keys:/etc/ndes-crp/crpd/keys does.
hand_out_keys() {
    local folder=/run/credentials/crpd.service key
    rm -rf "$new_root$folder"
    in_root install -d -m 0500 -o crpd -g crpd $folder
    for key in "$new_root$etc/crpd/keys"/*; do
        place crpd 400 "$key" "$folder/keys_$(basename "$key")"
    done
}

# spawn USER PROGRAM: its PID is in $spawned; `chroot` and the others become the program.
spawn() {
    setsid chroot "$new_root" setpriv --reuid="$1" --regid="$1" --clear-groups --inh-caps=-all \
        env -i PATH=/usr/bin:/bin CREDENTIALS_DIRECTORY="/run/credentials/$1.service" \
        "/usr/sbin/$2" --config "$etc/$1/$1.toml" </dev/null >>"$work/$2.jsonl" 2>>"$work/$2.stderr" &
    spawned=$!
    disown "$spawned"
}

start_daemons() {
    hand_out_keys
    spawn crpd crpd
    crpd_pid=$spawned
    expect "crpd is ready" lab_wait_for "http://127.0.0.1:$CRP_HEALTH_PORT/readyz" "$crpd_pid" crpd "$work/crpd.stderr"
    spawn ndesd ndesd
    ndesd_pid=$spawned
    expect "ndesd is ready" lab_wait_for "http://127.0.0.1:$NDES_HEALTH_PORT/readyz" "$ndesd_pid" ndesd "$work/ndesd.stderr"
    expect_equal "each runs as its user" "$(stat -c %u "/proc/$crpd_pid" "/proc/$ndesd_pid" | xargs)" \
        "$(in_root id -u crpd) $(in_root id -u ndesd)"
}

stop_daemons() {
    [ -z "$ndesd_pid" ] || lab_end "$ndesd_pid" ndesd
    [ -z "$crpd_pid" ] || lab_end "$crpd_pid" crpd
    crpd_pid='' ndesd_pid=''
}

# call METHOD PATH [BODY]: a call of crpd's API as the MDM; prints the body.
call() {
    curl -sS --fail-with-body --max-time 10 --cacert "$work/pki/tls/ca.pem" --cert "$work/pki/tls/mdm.pem" \
        --key "$work/pki/tls/mdm.key" -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} \
        "https://localhost:$CRP_PORT$2"
}

make_records() {
    expect "a template" call PUT /api/v1/templates/GeneralPurpose \
        '{"permissions":[{"principal":"*","read":true,"enroll":true}]}'
    expect "a device" call PUT /api/v1/devices/device-1 '{"deviceType":"phone","name":"Phone",
        "serialNumber":"SN1","ownerUserId":null,"enrollmentState":"enrolled","compliant":true}'
    expect "a policy" call PUT /api/v1/policies/wifi '{"certificateRequestId":"ModelName=Wifi;Version=1;Hash=1",
        "template":"GeneralPurpose","subjectFormat":"CN={{DeviceName}}","subjectAltNames":[],
        "keyUsage":["digitalSignature","keyEncipherment"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],
        "keyType":"RSA","minimumKeySize":2048,"hashAlgorithms":["SHA-256"],"validityDays":365,
        "renewalThresholdPercent":20,"challengeTtlSeconds":3600,
        "assignments":{"users":[],"groups":[],"devices":[],"all":true},"retryWindowSeconds":600}'
}

# enrol NAME: a device gets its certificate from the installed daemons, as NAME.pem.
enrol() {
    local challenge
    challenge=$(call POST /api/v1/challenges '{"deviceId":"device-1","userId":null,"policyId":"wifi"}' |
        jq -r .challenge) || return 1
    openssl genrsa -out "$work/$1.key" 2048 2>/dev/null
    timeout 60 pki --scep --url "http://127.0.0.1:$SCEP_PORT/certsrv/mscep/mscep.dll" --in "$work/$1.key" \
        --dn 'CN=Phone' --password "$challenge" --cacert-enc "$work/pki/ca/ra-encryption.pem" \
        --cacert-sig "$work/pki/ca/ra-signing.pem" --cacert "$work/pki/ca/ca.pem" --outform pem >"$work/$1.pem" &&
        openssl verify -CAfile "$work/pki/ca/ca.pem" "$work/$1.pem"
}

# logrotate's file in /etc, then what systemctl would do.
check_rotation() {
    local log=$new_root/var/log/ndesd/events.jsonl
    expect "ndesd writes events" test -s "$log"
    expect "logrotate turns ndesd's events over" in_root logrotate --force /etc/logrotate.d/ndes-scep-server
    expect "the events of before lie beside" test -s "$log.1"
    kill -HUP "$ndesd_pid"
    expect "a certificate after that" enrol second
    expect "ndesd writes to the new file" grep -q EVENT_MSCEP "$log"
}
