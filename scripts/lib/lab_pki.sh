# A throw-away PKI for a lab, made with the openssl command line. Sourced, never run.
#
#   ca/        issuing CA of the devices' certificates, and the RA's two certificates
#   tls/       CA of the mutual TLS between the programs, and their certificates

# make_ca FILE-STEM NAME KEY-OPTIONS…
make_ca() {
    local stem=$1 name=$2
    shift 2
    openssl genpkey "$@" -out "$stem.key" 2>/dev/null
    chmod 600 "$stem.key"
    openssl req -new -x509 -key "$stem.key" -subj "/O=NDES-CRP Lab/CN=$name" -days 3650 -sha256 \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -out "$stem.pem"
}

# make_leaf FILE-STEM NAME CA-STEM EXTENSIONS KEY-OPTIONS…: EXTENSIONS as lines of an openssl
# extension section.
make_leaf() {
    local stem=$1 name=$2 ca=$3 extensions=$4
    shift 4
    openssl genpkey "$@" -out "$stem.key" 2>/dev/null
    chmod 600 "$stem.key"
    openssl req -new -key "$stem.key" -subj "/O=NDES-CRP Lab/CN=$name" -sha256 -out "$stem.csr"
    openssl x509 -req -in "$stem.csr" -CA "$ca.pem" -CAkey "$ca.key" -set_serial "0x$(openssl rand -hex 12)" \
        -days 825 -sha256 -out "$stem.pem" 2>/dev/null -extfile <(
        printf '%s\n' "basicConstraints=critical,CA:FALSE" "subjectKeyIdentifier=hash" \
            "authorityKeyIdentifier=keyid" "$extensions"
    )
    rm -f "$stem.csr"
}

# make_lab_pki DIR
make_lab_pki() {
    local dir=$1 rsa=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
    local ec=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
    mkdir -p "$dir/ca" "$dir/tls"
    make_ca "$dir/ca/ca" "Lab Issuing CA" "${rsa[@]}"
    make_leaf "$dir/ca/ra-signing" "Lab RA signing" "$dir/ca/ca" \
        $'keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1' "${rsa[@]}"
    make_leaf "$dir/ca/ra-encryption" "Lab RA encryption" "$dir/ca/ca" \
        $'keyUsage=critical,keyEncipherment\nextendedKeyUsage=1.3.6.1.4.1.311.20.2.1' "${rsa[@]}"
    cat "$dir/ca/ra-signing.pem" "$dir/ca/ra-encryption.pem" >"$dir/ca/ra.pem"

    make_ca "$dir/tls/ca" "Lab TLS CA" "${ec[@]}"
    make_leaf "$dir/tls/crp" "crp.lab" "$dir/tls/ca" \
        $'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,DNS:crp.lab,IP:127.0.0.1' "${ec[@]}"
    make_leaf "$dir/tls/ndes-admin" "ndes-admin.lab" "$dir/tls/ca" \
        $'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1' "${ec[@]}"
    local role
    for role in ndes mdm admin monitor; do
        make_leaf "$dir/tls/$role" "$role.lab" "$dir/tls/ca" \
            $'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectAltName=DNS:'"$role.lab" "${ec[@]}"
    done
}
