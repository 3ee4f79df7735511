#!/usr/bin/env bash
# No challenge is anywhere in clear: after enrolments and refusals with all kinds of challenge, at
# debug level, none of them is found in databases, WALs, logs, messages, environment or command
# line of the programs, as text, hexadecimal or base64. The search proves itself on planted markers.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin challenge_secrecy false
source "$root/tests/integration/sealed_lib.sh"

for program in crpd ndesd; do sed -i 's/^\[log\]$/[log]\nlevel = "debug"/' "$test_dir/lab/$program.toml"; done
lab_stop "$test_dir/lab" >/dev/null 2>&1
lab_start "$test_dir/lab" sqlite false
source "$test_dir/lab/lab.env"
make_records 'CN={{UserPrincipalName}},O=Example' '[{"type":"dns","value":"{{DeviceName}}"}]'
sealed_setup
scep_setup

# Both programs fold in and truncate their WAL as soon as nothing is to be written. While somebody
# reads an older state they cannot: all that is written from here on stays there to be searched.
lab=$test_dir/lab
declare -A reader
for name in crp ndesd; do
    exec {fd}> >(exec sqlite3 -readonly "$lab/$name.db" >"read_$name.txt" 2>&1)
    reader[$name]=$fd
    echo "BEGIN; SELECT count(*) || ' tables' FROM sqlite_schema;" >&"$fd"
    eventually "a reader holds $name.db's WAL" 10 grep -q tables "read_$name.txt"
done

posted() { # posted TEXT: as the MDM
    mdm POST /api/v1/challenges "{\"deviceId\":\"phone-1\",\"userId\":\"alice\",\"policyId\":\"wifi\",\"challenge\":\"$1\"}" >/dev/null
}
markers=()
marker() { markers+=("$1"); }

# ---- each kind: one good enrolment, one refusal by the record, one reuse
minted=$(new_challenge) && marker "$minted"
expect "a minted one enrols" request a.pem one.key "$dn" phone-1.example.org "$minted"
text=Marker-Posted-Challenge-7Zq9 && marker $text && posted $text
expect "a posted one enrols" request b.pem two.key "$dn" phone-1.example.org $text
readme_seal >sealed.txt && marker "$(cat sealed.txt)"
expect "a sealed one enrols" request c.pem three.key "$dn" phone-1.example.org "$(cat sealed.txt)"
for used in "${markers[@]}"; do
    expect_fails "a used one is refused" request x.pem four.key "$dn" phone-1.example.org "$used"
done
minted=$(new_challenge) && marker "$minted"
expect_fails "a minted one is refused" request x.pem four.key 'O=Example, CN=mallory' phone-1.example.org "$minted"
text=Marker-Posted-Refused-3Kx8 && marker $text && posted $text
expect_fails "a posted one is refused" request x.pem four.key 'O=Example, CN=mallory' phone-1.example.org $text
readme_seal >sealed.txt && marker "$(cat sealed.txt)"
expect_fails "a sealed one is refused" request x.pem four.key 'O=Example, CN=mallory' phone-1.example.org "$(cat sealed.txt)"
text=Marker-Unknown-Challenge-5Wd2 && marker $text
expect_fails "an unknown one is refused" request x.pem four.key "$dn" phone-1.example.org $text
text=crp1.k1.$(head -c 96 /dev/urandom | basenc --base64url -w0) && marker "$text"
expect_fails "a forged one is refused" request x.pem four.key "$dn" phone-1.example.org "$text"
openssl req -new -key five.key -subj '/CN=x' -out five.csr
text=Marker-Simulated-Challenge-8Rt4 && marker $text
printf %s "$text" | "$lab_bin/crpctl" policy simulate --csr five.csr --template GeneralPurpose --challenge - \
    --url "$CRP_URL" --ca "$CRP_CA" --cert "$ADMIN_CERT" --key "$ADMIN_KEY" >simulated.txt 2>&1
expect_equal "a simulated one is refused" $? 4

# patterns TEXT: 24 characters of it as text and in hexadecimal, and the base64 of its inside at the
# three positions that it can have.
patterns() {
    local piece=${1:20:24} shift encoded
    [ ${#1} -lt 44 ] && piece=$1
    printf '%s\n' "$piece"
    printf %s "$piece" | xxd -p | tr -d '\n'
    echo
    printf %s "$piece" | xxd -p -u | tr -d '\n'
    echo
    for shift in 0 1 2; do
        encoded=$(printf "%${shift}s%s" '' "$piece" | base64 -w0)
        echo "${encoded:4:$((${#encoded} - 12))}"
    done
}
for text in "${markers[@]}"; do patterns "$text"; done >patterns.txt
expect "there are patterns for every marker" [ "$(wc -l <patterns.txt)" -eq $((6 * ${#markers[@]})) ]

# hits FILE…: how many lines of these files hold a pattern; "missing" if there is nothing to search.
hits() {
    local file
    for file in "$@"; do [ -r "$file" ] || { echo "missing $file"; return; }; done
    cat "$@" | grep -aFf patterns.txt -c
}

# First the search itself: each form of each marker is found when it is there.
planted=0
while read -r pattern; do
    printf 'before%safter' "$pattern" >planted.bin
    [ "$(hits planted.bin)" -eq 1 ] && planted=$((planted + 1))
done <patterns.txt
expect_equal "the search finds every planted marker" $planted "$(wc -l <patterns.txt)"
printf 'xy%s' "${markers[1]}" | base64 -w0 >planted.bin
expect_equal "also inside a longer base64 text" "$(hits planted.bin)" 1
printf %s "${markers[2]}" | xxd -p -c 100000 >planted.bin
expect_equal "also in hexadecimal" "$(hits planted.bin)" 1
"$lab_bin/crpctl" db create --path planted.db >/dev/null
sqlite3 planted.db "CREATE TABLE planted (text); INSERT INTO planted VALUES ('${markers[0]}');" 2>/dev/null &&
    expect "also in a database" [ "$(hits planted.db*)" -gt 0 ]

# Now everything that the programs write.
search() { # search FILE: of the lab
    expect "there is a $1 to search" [ -s "$lab/$1" ]
    expect_equal "no challenge in $1" "$(hits "$lab/$1")" 0
}
for name in crp ndesd; do
    expect "$name.db-wal holds the enrolments" grep -aq phone-1.example.org "$lab/$name.db-wal"
    search "$name.db-wal"
    search "$name.db-shm"
    fd=${reader[$name]}
    exec {fd}>&-
done
for name in crp ndesd; do
    eventually "$name.db has taken them in" 20 grep -aq phone-1.example.org "$lab/$name.db"
    search "$name.db"
done
expect "there are logs to search" [ "$(cat "$lab"/log/* | wc -l)" -gt 100 ]
expect_equal "no challenge in the logs" "$(hits "$lab"/log/*)" 0
for file in "$SMX_INBOX"/*.SMX; do iconv -f UTF-16 -t UTF-8 "$file"; done >messages.txt
expect "there are messages to search" [ -s messages.txt ]
expect_equal "no challenge in the messages" "$(hits messages.txt "$SMX_INBOX"/*.SMX)" 0
lab_call GET '/api/v1/audit?limit=1000' >audit.json
expect_equal "no challenge in the audit" "$(hits audit.json)" 0
lab_call GET '/api/v1/transactions?limit=1000' >transactions.json
expect_equal "no challenge in the transactions" "$(hits transactions.json)" 0
expect_equal "no challenge in crpctl's output" "$(hits simulated.txt)" 0
for pid in $CRPD_PID $NDESD_PID; do
    expect_equal "$(cat /proc/$pid/comm) may write no core" "$(awk '/Max core file size/ { print $5 $6 }' /proc/$pid/limits)" 00
    expect_equal "no challenge in its environment or command line" "$(hits /proc/$pid/environ /proc/$pid/cmdline)" 0
done
finish
