# A throw-away PostgreSQL cluster of Debian's package `postgresql`, for labs, tests and
# measurements. Sourced, never run. Not an installation: its owner is its superuser.
#
#   postgresql_start DIR [fast]   makes the cluster on the first call, starts it if it does not
#                           run, and writes DIR/postgresql.env. It then listens on 127.0.0.1 (a port
#                           of its own, password) and on a socket that root and the server's user
#                           reach. fast: without fsync; survives kill -9, not a power loss.
#   postgresql_new_database DIR NAME   an empty database; prints its owner's connection string
#   postgresql_run_dsn DIR NAME        the same for crpd, as role crp_run
#   postgresql_stop DIR     an orderly end; the data stay
#   postgresql_kill DIR     kill -9 of the server and all its processes, as a crash
#   postgresql_remove DIR   stops it and deletes the data
#
# DIR/postgresql.env: PG_BIN PG_DATA PG_SOCKET PG_PORT PG_PASSFILE, and PG_DSN and PG_RUN_DSN for
# the database `crp` (libpq keywords; passwords stand in PG_PASSFILE alone, mode 0600).
# As root the server runs as user postgres; the data then lie below ${TMPDIR:-/tmp} when that user
# cannot reach DIR.

postgresql_bin() {
    local bin
    bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$bin" ] || { echo "error: PostgreSQL is missing: apt-get install postgresql" >&2; return 1; }
    echo "$bin"
}

# postgresql_as_server COMMAND…: as the user that owns the cluster, who may not be root.
postgresql_as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all -- "$@")
    else
        "$@"
    fi
}

# postgresql_data_folder DIR: where the cluster's files shall lie; made if need be.
postgresql_data_folder() {
    local folder=$1/postgresql
    if [ "$(id -u)" -eq 0 ] && ! postgresql_as_server test -x "$1"; then
        folder=$(mktemp -d "${TMPDIR:-/tmp}/ndes-postgresql.XXXXXX")
    fi
    mkdir -p "$folder"
    chmod 700 "$folder"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$folder"
    echo "$folder"
}

# A port that nothing listens on, from the range that the kernel gives to nobody by itself.
postgresql_free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

postgresql_secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

postgresql_write_env() {
    local dir=$1 bin=$2 folder=$3 port=$4
    local where="host=127.0.0.1 port=$port dbname=crp passfile=$dir/postgresql.pass"
    cat >"$dir/postgresql.env" <<END
PG_BIN='$bin'
PG_DATA='$folder/data'
PG_SOCKET='$folder'
PG_PORT='$port'
PG_PASSFILE='$dir/postgresql.pass'
PG_DSN='$where user=postgres'
PG_RUN_DSN='$where user=crp_run'
END
}

# postgresql_create DIR [fast]: initdb, passwords, postgresql.env.
postgresql_create() {
    local dir=$1 speed=${2:-} bin folder port owner_password run_password
    bin=$(postgresql_bin) || return 1
    folder=$(postgresql_data_folder "$dir") || return 1
    port=$(postgresql_free_port)
    owner_password=$(postgresql_secret)
    run_password=$(postgresql_secret)
    (umask 077 && printf '127.0.0.1:*:*:postgres:%s\n127.0.0.1:*:*:crp_run:%s\n' \
        "$owner_password" "$run_password" >"$dir/postgresql.pass")
    postgresql_as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust \
        --encoding=UTF8 --no-locale --no-sync >"$dir/postgresql.initdb.log" 2>&1 || {
        cat "$dir/postgresql.initdb.log" >&2
        return 1
    }
    # The socket's folder is the server's alone: whoever reaches it needs no password.
    printf 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n' |
        postgresql_as_server tee "$folder/data/pg_hba.conf" >/dev/null
    postgresql_as_server tee -a "$folder/data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 200
shared_buffers = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
fsync = $([ "$speed" = fast ] && echo off || echo on)
END
    postgresql_write_env "$dir" "$bin" "$folder" "$port"
    postgresql_run "$dir" || return 1
    postgresql_psql "$dir" postgres "ALTER ROLE postgres PASSWORD '$owner_password'" || return 1
    postgresql_psql "$dir" postgres "CREATE ROLE crp_run LOGIN PASSWORD '$run_password'" || return 1
    postgresql_psql "$dir" postgres "CREATE DATABASE crp"
}

# postgresql_psql DIR DATABASE SQL: as superuser; prints the rows alone.
postgresql_psql() (
    source "$1/postgresql.env"
    PGOPTIONS=--client-min-messages=warning "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
        -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d "$2" -c "$3"
)

# postgresql_run DIR: starts a cluster that exists and waits until it answers.
postgresql_run() (
    source "$1/postgresql.env"
    postgresql_as_server "$PG_BIN/pg_ctl" -D "$PG_DATA" -l "$PG_SOCKET/server.log" -w -t 60 \
        -s start </dev/null >/dev/null || {
        tail -n 20 "$PG_SOCKET/server.log" >&2
        return 1
    }
)

postgresql_runs() (
    [ -f "$1/postgresql.env" ] || return 1
    source "$1/postgresql.env"
    postgresql_as_server "$PG_BIN/pg_ctl" -D "$PG_DATA" status >/dev/null 2>&1
)

postgresql_start() {
    if [ ! -f "$1/postgresql.env" ]; then
        postgresql_create "$(cd "$1" && pwd)" "${2:-}"
    elif ! postgresql_runs "$1"; then
        postgresql_run "$1"
    fi
}

postgresql_new_database() (
    postgresql_psql "$1" postgres "CREATE DATABASE $2" || return 1
    source "$1/postgresql.env"
    echo "${PG_DSN/dbname=crp /dbname=$2 }"
)

postgresql_run_dsn() (
    source "$1/postgresql.env"
    echo "${PG_RUN_DSN/dbname=crp /dbname=$2 }"
)

postgresql_stop() (
    postgresql_runs "$1" || return 0
    source "$1/postgresql.env"
    postgresql_as_server "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -w -s stop
)

# postgresql_gone PID…: do all of them run no more? (a zombie does not)
postgresql_gone() {
    local pid
    for pid in "$@"; do
        ! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status" 2>/dev/null || return 1
    done
}

# The postmaster first, so that it starts no new processes; its children by their parent's number.
# Its lock files go with it: a zombie that nobody has waited for would pass for a server.
postgresql_kill() (
    source "$1/postgresql.env"
    postmaster=$(head -n 1 "$PG_DATA/postmaster.pid") || return 1
    kill -STOP "$postmaster"
    mapfile -t children < <(ps -o pid= --ppid "$postmaster" | tr -d ' ')
    kill -KILL "$postmaster" "${children[@]}" 2>/dev/null
    until postgresql_gone "$postmaster" "${children[@]}"; do sleep 0.02; done
    rm -f "$PG_DATA/postmaster.pid" "$PG_SOCKET/.s.PGSQL.$PG_PORT"*
)

postgresql_remove() (
    [ -f "$1/postgresql.env" ] || return 0
    postgresql_stop "$1"
    source "$1/postgresql.env"
    rm -rf "$PG_SOCKET" "$1/postgresql.env" "$1/postgresql.pass" "$1/postgresql.initdb.log"
)
