# Sealed challenges in a lab: certificates, configuration, and the README's commands. Sourced after
# lib.sh's begin, in the test's work folder.

# make_seal_certificate NAME USAGE: NAME.pem and NAME.key here.
make_seal_certificate() {
    (umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/CN=$1" -addext "keyUsage=critical,$2" 2>/dev/null)
}

reload_crpd() {
    local before
    before=$(grep -c 'Configuration reloaded' "$CRP_LOG")
    kill -HUP "$CRPD_PID"
    eventually "crpd reloads" 10 sh -c "[ \$(grep -c 'Configuration reloaded' '$CRP_LOG') -gt $before ]"
}

# sealed_setup: the lab's crpd takes sealed challenges of lab-mdm from now on.
sealed_setup() {
    local lab=$test_dir/lab
    mkdir -p "$lab/seal"
    make_seal_certificate crp-seal keyEncipherment
    make_seal_certificate mdm-sign digitalSignature
    cp crp-seal.* mdm-sign.* "$lab/seal/"
    sed -i 's/^\[challenge\]$/[challenge]\naudience = "crp-1"/' "$lab/crpd.toml"
    cat >>"$lab/crpd.toml" <<EOF

[[challenge.sealed_recipient]]
certificate_file = "seal/crp-seal.pem"
key_file = "seal/crp-seal.key"

[[challenge.sealed_signer]]
owner = "lab-mdm"
certificate_files = ["seal/mdm-sign.pem"]
EOF
    reload_crpd
}

readme_commands() { awk '/^```sh$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$root/crp-service/challenge/README.md"; }
# readme_seal: the README's commands as they stand, run here; prints the challenge.
readme_seal() { bash -eu -c "$(readme_commands)"; }
# seal_again: the same without writing claims.json.
seal_again() { bash -eu -c "$(readme_commands | sed -n '/^openssl/,$p')"; }

# rotate_keys: a new key, pepper and decryption certificate in front of the old ones.
rotate_keys() {
    local lab=$test_dir/lab name
    for name in k2 pepper2; do "$lab_bin/crpctl" keys new --out "$lab/keys/$name.key" >/dev/null; done
    mkdir -p new && (cd new && make_seal_certificate crp-seal keyEncipherment)
    cp new/crp-seal.pem crp-seal.pem # what the MDM encrypts to
    cp new/crp-seal.pem "$lab/seal/crp-seal-2.pem"
    cp new/crp-seal.key "$lab/seal/crp-seal-2.key"
    sed -i 's#^key_files = .*#key_files = ["keys/k2.key", "keys/k1.key"]#
        s#^pepper_files = .*#pepper_files = ["keys/pepper2.key", "keys/pepper.key"]#' "$lab/crpd.toml"
    cat >>"$lab/crpd.toml" <<EOF

[[challenge.sealed_recipient]]
certificate_file = "seal/crp-seal-2.pem"
key_file = "seal/crp-seal-2.key"
EOF
    reload_crpd
}

# drop_current_key: as if an operator took the wrong one out.
drop_current_key() {
    sed -i 's#^key_files = .*#key_files = ["keys/k1.key"]#' "$test_dir/lab/crpd.toml"
    reload_crpd
}

# scep_setup: CA and RA certificates for strongSwan's client, and some device keys.
scep_setup() {
    local file usage key
    dn='O=Example, CN=alice@example.org'
    pki --scepca --url "$SCEP_URL" --caout ca --raout ra --outform pem >scepca.txt 2>&1
    scep_ca=$(ls ca* | head -1)
    for file in ra*; do
        usage=$(openssl x509 -in "$file" -noout -ext keyUsage)
        [[ $usage == *Encipherment* ]] && ra_encryption=$file
        [[ $usage == *Signature* ]] && ra_signing=$file
    done
    for key in one two three four five six; do openssl genrsa -out $key.key 2048 2>/dev/null; done
}

# request OUT KEY DN SAN CHALLENGE
request() {
    timeout 60 pki --scep --url "$SCEP_URL" --in "$2" --dn "$3" --san "$4" --password "$5" \
        --cacert-enc "$ra_encryption" --cacert-sig "$ra_signing" --cacert "$scep_ca" \
        --outform pem >"$1"
}
