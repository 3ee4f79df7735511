# Certificates that end soon, and what a daemon tells the service manager. Sourced after lib.sh.

ec=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
rsa=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)

# make_dated_leaf FILE-STEM NAME CA-STEM EXTENSIONS BEGIN END KEY-OPTIONS…: as make_leaf, valid from
# BEGIN to END, as date(1) reads them ("350 days ago", "10 days"). Keeps a key that is there.
make_dated_leaf() {
    local stem=$1 name=$2 ca=$3 extensions=$4 begin=$5 end=$6 work
    shift 6
    work=$(mktemp -d)
    : >"$work/index"
    openssl rand -hex 12 >"$work/serial"
    printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$work/index" "serial=$work/serial" \
        "new_certs_dir=$work" 'default_md=sha256' 'policy=p' 'unique_subject=no' 'x509_extensions=e' '[p]' \
        'organizationName=optional' 'commonName=supplied' '[e]' 'basicConstraints=critical,CA:FALSE' \
        'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "$extensions" >"$work/cnf"
    [ -f "$stem.key" ] || openssl genpkey "$@" -out "$stem.key" 2>/dev/null
    chmod 600 "$stem.key"
    openssl req -new -key "$stem.key" -subj "/O=NDES-CRP Lab/CN=$name" -sha256 -out "$work/csr"
    openssl ca -batch -notext -config "$work/cnf" -cert "$ca.pem" -keyfile "$ca.key" -in "$work/csr" \
        -startdate "$(date -u -d "$begin" +%y%m%d%H%M%SZ)" -enddate "$(date -u -d "$end" +%y%m%d%H%M%SZ)" \
        -out "$work/pem" 2>/dev/null && mv "$work/pem" "$stem.pem"
    rm -r "$work"
}

# listen_for_status FILE: a service manager that writes down what it is told; $NOTIFY_SOCKET is its.
listen_for_status() {
    export NOTIFY_SOCKET=$test_dir/work/notify
    python3 - "$NOTIFY_SOCKET" "$1" <<'PY' &
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
with open(sys.argv[2], "a", buffering=1) as out:
    while True:
        out.write(manager.recv(4096).decode() + "\n")
PY
    status_pid=$!
    until [ -S "$NOTIFY_SOCKET" ]; do sleep 0.05; done
}

# metric URL PATTERN: the value of the first sample that the pattern fits.
metric() { curl -sS --max-time 5 "$1/metrics" | grep -E "$2" | head -1 | awk '{printf "%.0f", $NF}'; }
