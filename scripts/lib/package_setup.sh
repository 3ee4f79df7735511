# The installed packages set up by `crpctl init`, and both daemons run by hand as systemd would run
# them: as their users, challenge keys as credentials. Sourced by package_try.sh.

etc=/etc/ndes-crp
crpd_pid='' ndesd_pid=''

configure_daemons() {
    lab_choose_ports
    expect "crpctl init" in_root crpctl init --non-interactive --public-url "http://127.0.0.1:$SCEP_PORT" \
        --ndesd-health-listen "127.0.0.1:$NDES_HEALTH_PORT" --admin-listen "127.0.0.1:$ADMIN_PORT" \
        --crp-listen "127.0.0.1:$CRP_PORT" --crp-health-listen "127.0.0.1:$CRP_HEALTH_PORT" --policy wifi
    expect "the module takes its settings" as_user ndesd crpctl plugin check --no-calls \
        --config $etc/ndesd/ndes_policy_crp.toml /usr/lib/ndes-crp/ndes_policy_crp.so
    expect "root finds challenge keys that systemd has not handed out" in_root crpctl config check --config $etc/crpd/crpd.toml
}

# What LoadCredential=keys:/etc/ndes-crp/crpd/keys does.
hand_out_keys() {
    local folder=/run/credentials/crpd.service key
    rm -rf "$new_root$folder"
    in_root install -d -m 0500 -o crpd -g crpd $folder
    for key in "$new_root$etc/crpd/keys"/*; do
        install -m 400 "$key" "$new_root$folder/keys_$(basename "$key")"
        in_root chown crpd: "$folder/keys_$(basename "$key")"
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
    local clients=$new_root$etc/clients
    curl -sS --fail-with-body --max-time 10 --cacert "$clients/ca.pem" --cert "$clients/mdm.pem" \
        --key "$clients/mdm.key" -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} \
        "https://localhost:$CRP_PORT$2"
}

# enrol NAME: init's first device gets a certificate from the installed daemons, as NAME.pem.
enrol() {
    local challenge ca=$new_root$etc/ndesd/ca/ca.pem ra=$new_root/var/lib/ndesd/ra
    challenge=$(call POST /api/v1/challenges '{"deviceId":"device-1","userId":null,"policyId":"wifi"}' |
        jq -r .challenge) || return 1
    openssl genrsa -out "$work/$1.key" 2048 2>/dev/null
    timeout 60 pki --scep --url "http://127.0.0.1:$SCEP_PORT/certsrv/mscep/mscep.dll" --in "$work/$1.key" \
        --dn 'CN=device-1' --password "$challenge" --cacert-enc "$ra/encryption.pem" \
        --cacert-sig "$ra/signing.pem" --cacert "$ca" --outform pem >"$work/$1.pem" &&
        openssl verify -CAfile "$ca" "$work/$1.pem"
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
