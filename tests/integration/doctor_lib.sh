# What the tests of crpctl doctor share: each breaks one thing on a running lab, sees the check tell
# it, mends it and sees the check good again. Sourced after lib.sh.

# begin_doctor NAME: a lab, and crpctl told of it.
begin_doctor() {
    begin "$1"
    set -a
    source "$test_dir/lab/lab.env"
    set +a
    unset CRPCTL_CONFIG
    export XDG_CONFIG_HOME=$test_dir/work/none
    lab=$test_dir/lab
}

doctor() {
    timeout 120 "$lab_bin/crpctl" doctor --ndesd-config "$lab/ndesd.toml" --crpd-config "$lab/crpd.toml" "$@"
}

# expect_good ID NAME [OPTIONS…]: that check says ok.
expect_good() {
    local id=$1 name=$2 answer
    shift 2
    answer=$(doctor --check "$id" --format json "$@" 2>&1)
    if [ "$(jq -r '.checks[0].status' <<<"$answer" 2>/dev/null)" = ok ]; then
        ok "$id is good: $name"
    else
        not_ok "$id is good: $name" "$answer"
    fi
}

# expect_trouble ID STATUS PATTERN NAME [OPTIONS…]: that check says warning, failed or skipped; what it
# observed, or the repair, matches. A trouble comes with effect and repair.
expect_trouble() {
    local id=$1 status=$2 pattern=$3 name=$4 answer said
    shift 4
    answer=$(doctor --check "$id" --format json "$@" 2>&1)
    said=$(jq -r '.checks[0] | .observed, (.troubles[] | .observed, .repair)' <<<"$answer" 2>/dev/null)
    if [ "$(jq -r '.checks[0].status' <<<"$answer" 2>/dev/null)" = "$status" ] && [[ $said =~ $pattern ]] &&
        [ "$(jq '[.checks[0].troubles[] | select(.effect == "" or .repair == "")] | length' <<<"$answer")" = 0 ]; then
        ok "$id tells it ($status): $name"
    else
        not_ok "$id tells it ($status): $name" "wanted: $pattern"$'\n'"$answer"
    fi
}

# with_changed FILE COMMAND…: FILE is changed by COMMAND (which gets its name last) until put_back.
changed_files=()
with_changed() {
    local file=$1
    shift
    cp -p "$file" "$file.before"
    changed_files+=("$file")
    "$@" "$file"
}
put_back() {
    local file
    for file in "${changed_files[@]}"; do mv "$file.before" "$file"; done
    changed_files=()
}

restart_lab() {
    source "$lab/lab.env"
    lab_end "$NDESD_PID" ndesd
    lab_end "$CRPD_PID" crpd
    lab_start "$lab" sqlite true >/dev/null
    source "$lab/lab.env"
}
restart_one() { # PROGRAM
    source "$lab/lab.env"
    if [ "$1" = ndesd ]; then lab_end "$NDESD_PID" ndesd; else lab_end "$CRPD_PID" crpd; fi
    lab_start "$lab" sqlite true >/dev/null
    source "$lab/lab.env"
}

# A certificate of a CA for as long as is wanted: issue STEM NAME CA DAYS EXTENSIONS. DAYS may be
# negative: it has ended.
issue() {
    local stem=$1 name=$2 ca=$3 end=$4 extensions=$5
    [ -f "$stem.key" ] || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$stem.key" 2>/dev/null
    chmod 600 "$stem.key"
    openssl req -new -key "$stem.key" -subj "/O=NDES-CRP Lab/CN=$name" -out "$stem.csr"
    faketime=$(date -u -d "-60 days" +%Y%m%d%H%M%SZ)
    mkdir -p issue.db && : >issue.db/index && echo "$(openssl rand -hex 12)" >issue.db/serial
    cat >issue.db/ca.cnf <<END
[ca]
default_ca = one
[one]
database = issue.db/index
serial = issue.db/serial
new_certs_dir = issue.db
default_md = sha256
policy = any
unique_subject = no
[any]
O = optional
CN = supplied
END
    openssl ca -batch -config issue.db/ca.cnf -cert "$ca.pem" -keyfile "$ca.key" -in "$stem.csr" -notext \
        -startdate "$faketime" -enddate "$(date -u -d "$end days" +%Y%m%d%H%M%SZ)" -out "$stem.pem" \
        -extfile <(printf '%s\n' "basicConstraints=critical,CA:FALSE" "subjectKeyIdentifier=hash" \
            "authorityKeyIdentifier=keyid" "$extensions") >/dev/null 2>&1
    rm -f "$stem.csr"
}
