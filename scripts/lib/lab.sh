# Making, starting and stopping a lab. Sourced by run_local.sh and the integration tests.
# Needs $root, the repository's folder.

source "$root/scripts/lib/lab_pki.sh"
source "$root/scripts/lib/postgresql.sh"
lab_bin=${NDES_BIN_DIR:-$root/build/release/bin}

# free_port FIRST: the first port from FIRST on that nothing listens on.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    echo "$port"
}

# lab_alive PID PROGRAM: is PID still that program? (a PID may have been used again)
lab_alive() {
    [ -n "${1:-}" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] &&
        ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# lab_exists PID: is there such a process, whatever it runs? (a new one has not become its program)
lab_exists() {
    [ -d "/proc/${1:-none}" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# lab_listens PID URL: does that process itself listen at the URL's port? Another lab's program that
# took the port first would answer as well.
lab_listens() {
    local port inode
    port=$(printf ':%04X' "$(sed -E 's#.*:([0-9]+)(/.*)?$#\1#' <<<"$2")")
    for inode in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port="$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }'); do
        [ -z "$(find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null)" ] || return 0
    done
    return 1
}

# lab_wait_for URL PID PROGRAM LOG: until that process answers 200 at URL; fails when it ends before.
lab_wait_for() {
    local tries=0
    until lab_listens "$2" "$1" && curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; do
        tries=$((tries + 1))
        if ! lab_exists "$2" || [ $tries -gt 300 ]; then
            echo "error: $3 did not start; last lines of $4:" >&2
            tail -n 20 "$4" >&2
            return 1
        fi
        sleep 0.1
    done
}

lab_pin() { "$lab_bin/crpctl" caller pin "$1"; }

lab_choose_ports() {
    SCEP_PORT=${SCEP_PORT:-$(free_port 18080)}
    NDES_HEALTH_PORT=${NDES_HEALTH_PORT:-$(free_port $((SCEP_PORT + 1)))}
    ADMIN_PORT=${ADMIN_PORT:-$(free_port $((NDES_HEALTH_PORT + 1)))}
    CRP_PORT=${CRP_PORT:-$(free_port 18443)}
    CRP_HEALTH_PORT=${CRP_HEALTH_PORT:-$(free_port $((CRP_PORT + 1)))}
}

# lab_store_table DIR: crpd's [store]; in PostgreSQL when lab_prepare_postgresql was called.
lab_store_table() {
    if [ -f "$1/keys/postgresql-run.conn" ]; then
        printf '[store]\nkind = "postgresql"\nconnection_file = "keys/postgresql-run.conn"\n'
        printf 'node = "lab"\n'
    else
        printf '[store]\nkind = "sqlite"\npath = "crp.db"\n'
    fi
}

# lab_prepare_postgresql DIR: the connections of owner and crpd as files. The database is the empty
# one of PG_DSN (its owner's libpq keywords; crpd's in PG_RUN_DSN, by default the same with the role
# crp_run), else one in a cluster of this lab's own.
lab_prepare_postgresql() {
    local dir=$1
    if [ -z "${PG_DSN:-}" ]; then
        mkdir -p "$dir/postgresql"
        postgresql_start "$dir/postgresql" "${PG_SPEED:-}" || return 1
        source "$dir/postgresql/postgresql.env"
    fi
    echo "$PG_DSN" >"$dir/keys/postgresql-owner.conn"
    echo "${PG_RUN_DSN:-$PG_DSN user=crp_run}" >"$dir/keys/postgresql-run.conn"
}

lab_create_database() {
    local dir=$1
    if [ -f "$dir/keys/postgresql-owner.conn" ]; then
        set -- --owner-file "$dir/keys/postgresql-owner.conn"
    else
        set --
    fi
    "$lab_bin/crpctl" db create --config "$dir/crpd.toml" "$@" >/dev/null
}

lab_write_crpd_config() {
    local dir=$1 role
    cat >"$dir/crpd.toml" <<EOF
[server]
listen = "127.0.0.1:$CRP_PORT"
certificate_file = "tls/crp.pem"
key_file = "tls/crp.key"
client_ca_file = "tls/ca.pem"

[health]
listen = "127.0.0.1:$CRP_HEALTH_PORT"

$(lab_store_table "$dir")

[challenge]
key_files = ["keys/k1.key"]
pepper_files = ["keys/pepper.key"]
scep_url = "http://127.0.0.1:$SCEP_PORT/certsrv/mscep/mscep.dll"
ca_certificate_file = "ca/ca.pem"

[state_messages]
inbox = "inbox"

[log]
cmtrace_file = "log/CRP.log"
EOF
    for role in ndes mdm admin monitor; do
        cat >>"$dir/crpd.toml" <<EOF

[[caller]]
name = "lab-$role"
roles = ["$role"]
spki_sha256 = ["$(lab_pin "$dir/tls/$role.pem")"]
$([ "$role" = ndes ] && echo 'may_generate_challenges = true')
EOF
    done
}

lab_write_ndesd_config() {
    local dir=$1 legacy=$2
    cat >"$dir/ndesd.toml" <<EOF
[server]
listen = "127.0.0.1:$SCEP_PORT"

[health]
listen = "127.0.0.1:$NDES_HEALTH_PORT"

[scep]
legacy_des_sha1 = $legacy

[mscep]
SignatureTemplate = "Signature"
EncryptionTemplate = "Encryption"
GeneralPurposeTemplate = "GeneralPurpose"

[ra]
signing_certificate_file = "ca/ra-signing.pem"
signing_key_file = "ca/ra-signing.key"
encryption_certificate_file = "ca/ra-encryption.pem"
encryption_key_file = "ca/ra-encryption.key"

[issuer]
kind = "local"
certificate_file = "ca/ca.pem"
key_file = "ca/ca.key"

[policy]
module = "$lab_bin/ndes_policy_crp.so"
module_config = "ndes_policy_crp.toml"

[journal]
path = "ndesd.db"
create = true
key_file = "keys/journal.key"

[admin]
listen = "127.0.0.1:$ADMIN_PORT"
certificate_file = "tls/ndes-admin.pem"
key_file = "tls/ndes-admin.key"
client_ca_file = "tls/ca.pem"

[[admin.caller]]
name = "lab-mdm"
spki_sha256 = ["$(lab_pin "$dir/tls/mdm.pem")"]
enroll = ["*"]

[[admin.caller]]
name = "lab-admin"
spki_sha256 = ["$(lab_pin "$dir/tls/admin.pem")"]
enroll = ["*"]
administrator = true
approve = true

[events]
file = "log/events.jsonl"

[log]
cmtrace_file = "log/NDESPlugin.log"
EOF
    cat >"$dir/ndes_policy_crp.toml" <<EOF
[crp]
urls = ["https://localhost:$CRP_PORT/CMCertificateRegistration"]
certificate_file = "tls/ndes.pem"
key_file = "tls/ndes.key"
server_ca_file = "tls/ca.pem"
EOF
}

# lab_create DIR STORE LEGACY: everything a new lab needs, once.
lab_create() {
    local dir=$1 store=$2 legacy=$3 key
    umask 077
    mkdir -p "$dir/keys" "$dir/log" "$dir/inbox"
    case $store in
        sqlite) ;;
        postgresql) lab_prepare_postgresql "$dir" || return 1 ;;
        *) echo "error: --store must be sqlite or postgresql" >&2; return 1 ;;
    esac
    make_lab_pki "$dir"
    for key in k1 pepper journal; do "$lab_bin/crpctl" keys new --out "$dir/keys/$key.key" >/dev/null; done
    lab_choose_ports
    lab_write_crpd_config "$dir"
    lab_write_ndesd_config "$dir" "$legacy"
    lab_create_database "$dir" || return 1
    lab_write_env "$dir" "" ""
}

lab_write_env() {
    local dir=$1 crpd_pid=$2 ndesd_pid=$3
    cat >"$dir/lab.env.new" <<EOF
SCEP_URL=http://127.0.0.1:$SCEP_PORT/certsrv/mscep/mscep.dll
CRP_URL=https://localhost:$CRP_PORT
CRP_HEALTH_URL=http://127.0.0.1:$CRP_HEALTH_PORT
NDES_HEALTH_URL=http://127.0.0.1:$NDES_HEALTH_PORT
MSCEP_ADMIN_URL=https://localhost:$ADMIN_PORT/certsrv/mscep_admin/
MDM_CERT=$dir/tls/mdm.pem
MDM_KEY=$dir/tls/mdm.key
ADMIN_CERT=$dir/tls/admin.pem
ADMIN_KEY=$dir/tls/admin.key
NDES_CERT=$dir/tls/ndes.pem
NDES_KEY=$dir/tls/ndes.key
CRP_CA=$dir/tls/ca.pem
ISSUING_CA=$dir/ca/ca.pem
RA_CERTS=$dir/ca/ra.pem
CRP_LOG=$dir/log/CRP.log
NDES_LOG=$dir/log/NDESPlugin.log
SMX_INBOX=$dir/inbox
CRP_DB=$([ -f "$dir/keys/postgresql-run.conn" ] || echo "$dir/crp.db")
PG_DSN='$(cat "$dir/keys/postgresql-owner.conn" 2>/dev/null)'
CRPD_PID=$crpd_pid
NDESD_PID=$ndesd_pid
MODULE=$lab_bin/ndes_policy_crp.so
SCEP_PORT=$SCEP_PORT
NDES_HEALTH_PORT=$NDES_HEALTH_PORT
ADMIN_PORT=$ADMIN_PORT
CRP_PORT=$CRP_PORT
CRP_HEALTH_PORT=$CRP_HEALTH_PORT
EOF
    mv "$dir/lab.env.new" "$dir/lab.env"
}

# lab_spawn DIR PROGRAM: starts it detached; its PID is in $spawned.
lab_spawn() {
    local dir=$1 program=$2
    setsid "$lab_bin/$program" --config "$dir/$program.toml" \
        </dev/null >>"$dir/log/$program.jsonl" 2>>"$dir/log/$program.stderr" &
    spawned=$!
    disown "$spawned" # it outlives this shell, which need not tell of its end
}

# lab_call METHOD PATH [BODY]: a REST call as the lab's admin; needs lab.env's variables.
lab_call() {
    curl -fsS --max-time 10 --cacert "$CRP_CA" --cert "$ADMIN_CERT" --key "$ADMIN_KEY" \
        -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "$CRP_URL$2"
}

# lab_start DIR STORE LEGACY
lab_start() {
    local dir=$1 template
    [ -f "$dir/lab.env" ] || lab_create "$dir" "$2" "$3"
    source "$dir/lab.env"
    [ ! -f "$dir/postgresql/postgresql.env" ] || postgresql_start "$dir/postgresql"
    if ! lab_alive "$CRPD_PID" crpd; then
        lab_spawn "$dir" crpd
        CRPD_PID=$spawned
        lab_write_env "$dir" "$CRPD_PID" "$NDESD_PID"
        lab_wait_for "$CRP_HEALTH_URL/readyz" "$CRPD_PID" crpd "$dir/log/crpd.stderr" || return
        for template in Signature Encryption GeneralPurpose; do
            lab_call PUT "/api/v1/templates/$template" \
                '{"permissions":[{"principal":"*","read":true,"enroll":true}]}' >/dev/null
        done
    fi
    if ! lab_alive "$NDESD_PID" ndesd; then
        lab_spawn "$dir" ndesd
        NDESD_PID=$spawned
        lab_write_env "$dir" "$CRPD_PID" "$NDESD_PID"
        lab_wait_for "$NDES_HEALTH_URL/readyz" "$NDESD_PID" ndesd "$dir/log/ndesd.stderr" || return
    fi
    echo "lab is running; see $dir/lab.env"
}

# lab_end PID PROGRAM: SIGTERM, and SIGKILL after 15 s.
lab_end() {
    lab_alive "$1" "$2" || return 0
    kill -TERM "$1"
    local tries=0
    while lab_alive "$1" "$2"; do
        tries=$((tries + 1))
        [ $tries -lt 150 ] || kill -KILL "$1"
        sleep 0.1
    done
}

lab_stop() {
    [ -f "$1/lab.env" ] || { echo "no lab in $1"; return 0; }
    local CRPD_PID='' NDESD_PID='' # of this lab alone; one that never started has none
    source "$1/lab.env"
    lab_end "$NDESD_PID" ndesd
    lab_end "$CRPD_PID" crpd
    [ ! -f "$1/postgresql/postgresql.env" ] || postgresql_stop "$1/postgresql"
    echo "lab is stopped"
}

# 0: both run. 3: not.
lab_status() {
    [ -f "$1/lab.env" ] || { echo "no lab in $1"; return 3; }
    source "$1/lab.env"
    local program pid result=0
    for program in crpd ndesd; do
        [ "$program" = crpd ] && pid=$CRPD_PID || pid=$NDESD_PID
        if lab_alive "$pid" "$program"; then
            echo "$program runs as $pid"
        else
            echo "$program is not running"
            result=3
        fi
    done
    return $result
}
