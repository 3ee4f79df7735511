#!/usr/bin/env bash
# Every verb of crpctl that talks to crpd, against a real lab: what it prints as a table and as JSON,
# and what it ends with when all is well, refused, unreachable or misused. Then completion and man pages.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin crpctl
set -a
source "$test_dir/lab/lab.env"
set +a
unset CRPCTL_CONFIG
export XDG_CONFIG_HOME=$test_dir/work/none
crpctl=$lab_bin/crpctl
config=$test_dir/lab/crpd.toml

ctl() { timeout 30 "$crpctl" "$@"; }
# expect_status NAME STATUS COMMAND…: crpctl ends with this.
expect_status() {
    local name=$1 wanted=$2 output status
    shift 2
    output=$(ctl "$@" 2>&1 </dev/null); status=$?
    if [ $status -eq "$wanted" ]; then ok "$name"; else not_ok "$name (status $status)" "$output"; fi
}
# expect_json NAME FILTER WANTED COMMAND…
expect_json() {
    local name=$1 filter=$2 wanted=$3
    shift 3
    expect_equal "$name" "$(ctl "$@" --format json 2>/dev/null | jq -r "$filter" 2>&1)" "$wanted"
}

# ---- records
for noun in user device policy template; do
    expect_status "$noun list" 0 $noun list
    expect_status "$noun show: unknown" 4 $noun show nobody
    expect_status "$noun delete asks, and refuses where it cannot" 4 $noun delete nobody
    expect_status "$noun delete: unknown" 4 $noun delete nobody --yes
    expect_status "$noun put: no such file" 1 $noun put x none.json
    echo nonsense >nonsense.json
    expect_status "$noun put: no JSON" 4 $noun put x nonsense.json
done
echo '{"userPrincipalName":"alice@example.org","enabled":true,"groups":["staff"]}' | ctl user put alice -
expect_equal "user put from standard input" "$?" 0
jq -n '{name:"a\u202eb\u001b[31m",deviceType:"phone",ownerUserId:"alice"}' >device.json
expect_status "a device name with control characters" 4 device put hostile device.json
jq -n '{name:"phone-1.example.org",deviceType:"phone",ownerUserId:"alice"}' >device.json
expect_status "device put from a file" 0 device put phone-1 device.json
expect_json "device list" '.[].id' phone-1 device list
expect_json "device show" .ownerUserId alice device show phone-1
make_records 'CN={{DeviceName}},OU=MDM,O=scep-client,C=US' '[]' '["SHA-1","SHA-256"]'
expect_json "policy show" .template GeneralPurpose policy show wifi
expect_match "a table has titles" "$(ctl user list)" "PRINCIPAL NAME"
expect_match "CSV has the members' names" "$(ctl user list --format csv)" "userPrincipalName"

# ---- challenges and an enrolment
challenge=$(ctl challenge new --device phone-1 --user alice --policy wifi --format json | jq -r .challenge)
expect_match "challenge new" "$challenge" '^[-A-Za-z0-9_.]{40,255}$'
id=$(ctl challenge new --device phone-1 --user alice --policy wifi --format json | jq -r .challengeId)
expect_json "challenge show" .state issued challenge show "$id"
expect_status "challenge revoke without a yes" 4 challenge revoke "$id"
expect_status "challenge revoke" 0 challenge revoke "$id" --yes
expect_json "challenge show after that" .state revoked challenge show "$id"
expect_status "challenge new: what is wrong is usage" 2 challenge new --device phone-1
expect_status "challenge new: unknown policy" 4 challenge new --device phone-1 --policy none

mkdir good
(cd good && timeout 60 scepclient -server-url "$SCEP_URL" -challenge "$challenge" -cn phone-1.example.org \
    -private-key key.pem -certificate cert.pem -keySize 2048 >/dev/null 2>&1)
(mkdir bad && cd bad && timeout 60 scepclient -server-url "$SCEP_URL" -challenge wrong -cn x.example.org \
    -private-key key.pem -certificate cert.pem -keySize 2048 >/dev/null 2>&1)
transaction=$(ctl tx list --format json --all | jq -r '[.[] | select(.verified)][0].transactionId')
refused=$(ctl tx list --format json --all | jq -r '[.[] | select(.verified | not)][0].transactionId')
expect_equal "tx list tells the enrolment" "$(ctl tx show "$transaction" --format json | jq -r .reason)" Success
eventually "tx show tells that it was issued" 10 \
    bash -c "[ \"\$('$crpctl' tx show '$transaction' --format json | jq -r .state)\" = issued ]"
expect_json "tx list --limit" length 1 tx list --limit 1
expect_match "tx list says that there is more" "$(ctl tx list --limit 1 2>&1)" "--all"
expect_status "tx show: unknown" 4 tx show none

# ---- trace
trace=$(ctl tx trace "$transaction" --log "$CRP_LOG" --log "$NDES_LOG" --log "$test_dir/lab/log/crpd.jsonl" \
    --log "$test_dir/lab/log/ndesd.jsonl" --log none.log --format json)
for source in crpd audit "state message" CRP.log NDESPlugin.log crpd.jsonl ndesd.jsonl; do
    expect_equal "tx trace has a line of $source" \
        "$(jq --arg source "$source" 'any(.events[]; .source == $source)' <<<"$trace")" true
done
expect_equal "tx trace is in order" "$(jq '[.events[].time] | . == sort' <<<"$trace")" true
expect_equal "tx trace names what is missing" \
    "$(jq 'any(.missing[]; .source == "none.log")' <<<"$trace")" true
expect_match "tx trace of a refusal names the rule" "$(ctl tx trace "$refused")" "rule [a-z_]+ refused: Challenge"
expect_match "tx trace without crpd has the logs" \
    "$(ctl tx trace "$transaction" --url https://localhost:1 --log "$test_dir/lab/log/crpd.jsonl" 2>&1)" "crpd.jsonl"
expect_status "tx trace: nobody knows it" 4 tx trace none
expect_status "tx trace: every source knows it" 0 tx trace "$transaction" --log "$CRP_LOG" --log "$NDES_LOG"
expect_status "tx trace: a log that is not there" 1 tx trace "$transaction" --log none.log
expect_equal "tx trace has no line of another transaction" \
    "$(jq '[.events[] | select(.text | test("status False"))] | length' <<<"$trace")" 0

# ---- certificates, state messages, status
expect_json "cert list" '.[].deviceId' phone-1 cert list
expect_json "cert expiring within two years" length 1 cert expiring --within 730d
expect_json "cert expiring within a day" length 0 cert expiring --within 1d
expect_status "cert expiring: no span" 2 cert expiring --within soon
expect_json "state list" '[.[].state] | sort | map(tostring) | join(" ")' "5 6 9" state list
expect_status "state dead: an unknown sink" 4 state dead --sink nosuch
expect_status "state replay: an unknown sink" 4 state replay --sink nosuch --all-dead --yes
expect_match "which are there" "$(ctl state dead --sink nosuch 2>&1)" "there are: "
expect_json "status" .text Online status
expect_status "status of nothing" 3 status --health-url http://127.0.0.1:1

# ---- audit
expect_json "audit list" '.[0].event' start audit list
expect_json "audit show" .sequence 1 audit show 1
expect_status "audit show: unknown" 4 audit show 1000000
expect_status "audit verify over the API" 0 audit verify
expect_status "audit verify of the database, kept in the audit" 0 audit verify --config "$config" --record
expect_json "which tells of it" '.[-1].event' verify-audit audit list --all
ctl audit export --config "$config" >audit.jsonl
expect_status "audit verify of an export" 0 audit verify --export audit.jsonl
expect "a program that is not ours verifies the export" python3 "$root/tests/integration/crpd/verify_audit.py" audit.jsonl
sed '3s/permit/deny/;3t;3s/deny/permit/' audit.jsonl >edited.jsonl
expect_status "audit verify finds an edit" 4 audit verify --export edited.jsonl
expect_fails "so does the other program" python3 "$root/tests/integration/crpd/verify_audit.py" edited.jsonl
expect_match "and names it" "$(ctl audit verify --export edited.jsonl)" "record 3: edited"
expect_status "audit verify: no such file is not a broken audit" 1 audit verify --export none.jsonl
expect_equal "audit export as CSV has a line for each record and one more" \
    "$(ctl audit export --config "$config" --format csv | wc -l)" "$(($(wc -l <audit.jsonl) + 1))"
expect_status "what --record tells crpd of a broken one" 4 audit verify --export edited.jsonl --record
expect_json "is kept as an error" '.[-1].outcome' error audit list --all
expect_equal "audit export by event" \
    "$(ctl audit export --config "$config" --event start | jq -r .event | sort -u)" start
expect_equal "a decision's record says what the audit has to" \
    "$(jq -r 'select(.event == "verify" and .outcome == "permit") | .facts[][0]' audit.jsonl | sort -u |
        grep -cE '^(caller_spki_sha256|caller_serial|caller_tls|attempt|device_state|policy_request_id|requested_subject|approved_subject|phase_result|state_message_id|software|config)$')" 12
expect_fails "no challenge is in the audit" grep -qF -- "$challenge" audit.jsonl
expect_status "audit keygen" 0 audit keygen --out signing.key
expect_status "audit keygen never overwrites" 4 audit keygen --out signing.key
expect_status "a key and no checkpoint: not found out" 1 audit verify --export audit.jsonl --public-key signing.key.pub

# ---- what needs no crpd
expect_status "caller list" 0 caller list --config "$config"
expect_json "caller check" .name lab-admin caller check "$ADMIN_CERT" --config "$config"
expect_status "caller check: a stranger" 4 caller check "$ISSUING_CA" --config "$config"
expect_match "caller check: crpd's own reason" \
    "$(ctl caller check "$test_dir/lab/tls/crp.pem" --config "$config" 2>&1)" "ClientCertificateUsage"
expect_status "config check" 0 config check --config "$config"
expect_match "config show --origin names file and line" \
    "$(ctl config show --config "$config" --origin)" "server.listen .*crpd.toml:[0-9]+"
expect_match "config show --origin names the environment" \
    "$(NDES_SERVER__WORKER_THREADS=3 ctl config show --config "$config" --origin)" "environment NDES_SERVER__WORKER_THREADS"
expect_match "config show --origin names defaults" "$(ctl config show --config "$config" --origin)" "default"
expect_status "reasons" 0 reasons
expect_status "version" 0 version

# ---- connection
expect_status "unreachable" 3 device list --url https://localhost:1
expect_status "refused: a caller without the role" 4 audit list --cert "$NDES_CERT" --key "$NDES_KEY"
expect_status "no URL is usage" 2 device list --url ''
expect_status "also for the keys" 2 keys list --url ''
expect_status "a local file that is not there is no refusal" 1 policy simulate --csr none.pem --template x
expect_status "unknown verb" 2 device nonsense
expect_status "unknown option" 2 device list --nonsense
expect_match "an error names the next step" "$(ctl device list --url https://localhost:1 2>&1)" "next: crpctl status"
expect_equal "a list that fails is no empty list" "$(ctl device list --url https://localhost:1 --format json 2>/dev/null)" ""
expect_fails "nor says that nothing was found" grep -q "nothing found" <(ctl device list --url https://localhost:1 2>&1)
expect_match "crpd's hint is the next step" "$(ctl device show nobody 2>&1)" "next: Check the identifier"
mkdir -p "$test_dir/work/settings"
printf 'url = "%s"\nca = "%s"\ncert = "%s"\nkey = "%s"\n' "$CRP_URL" "$CRP_CA" "$ADMIN_CERT" "$ADMIN_KEY" \
    >"$test_dir/work/settings/crpctl.toml"
expect "crpctl.toml" env -u CRP_URL -u CRP_CA -u ADMIN_CERT -u ADMIN_KEY \
    XDG_CONFIG_HOME="$test_dir/work/settings" "$crpctl" device list
echo 'urk = "x"' >"$test_dir/work/settings/crpctl.toml"
expect_match "a fault in crpctl.toml" \
    "$(CRP_URL='' XDG_CONFIG_HOME="$test_dir/work/settings" ctl device list 2>&1)" "did you mean url"

# ---- completion, manual pages
complete_bash() {
    bash -c '. <("$1" completion bash) || exit 1; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _crpctl; echo "${COMPREPLY[*]}"' - "$crpctl" "$@"
}
expect_match "bash offers nouns" "$(complete_bash crpctl '')" "challenge tx device"
expect_match "bash offers verbs" "$(complete_bash crpctl audit v)" "^verify$"
expect_match "bash offers options" "$(complete_bash crpctl tx list --si)" "^--since$"
ctl completion zsh >_crpctl
ctl completion fish >crpctl.fish
expect "zsh reads its script" zsh -n _crpctl
expect "fish reads its script" fish -n crpctl.fish
expect "the manual page names every verb and option" "$root/scripts/check_cli.sh" "$crpctl"
pages=("$lab_bin"/../man/*.[0-9])
expect_equal "every program and file has its manual page" "${pages[*]##*/}" \
    "crpctl-doctor.1 crpctl.1 crpctl.toml.5 crpd.8 crpd.toml.5 ndes-csr-verifier.1 ndes-reasons.7 ndes_policy_crp.toml.5 ndesd.8 ndesd.toml.5"
for page in "${pages[@]}"; do
    expect_equal "${page##*/} renders without warnings" \
        "$(man -l --warnings -E UTF-8 "$page" 2>&1 >/dev/null)" ""
done

# ---- the database, put away and brought back
expect_status "db check" 0 db check --config "$config"
expect_status "db backup beside a running crpd" 0 db backup --config "$config" --to copy.db
expect_status "db backup never overwrites" 4 db backup --config "$config" --to copy.db
expect_status "db restore refuses a database in use" 1 db restore --config "$config" --from copy.db --replace
expect_match "and says what to do" "$(ctl db restore --config "$config" --from copy.db --replace 2>&1)" "next: stop crpd"
ctl db create --path own.db >/dev/null
expect_match "db create on what exists" "$(ctl db create --path own.db 2>&1)" "next: choose another name"
expect_fails "has no cause called success" grep -q "Success" <(ctl db create --path own.db 2>&1)
expect_status "db restore of what is no database" 1 db restore --path other.db --from nonsense.json
expect_fails "leaves no lock behind" test -e other.db.lock
unused=$(ctl challenge new --device phone-1 --policy wifi --user alice --format json | jq -r .challengeId)
rm copy.db
expect_status "db backup with an unused challenge" 0 db backup --config "$config" --to copy.db
lab_end "$CRPD_PID" crpd
expect_status "db restore refuses to replace unasked" 4 db restore --config "$config" --from copy.db
expect_match "db restore" "$(ctl db restore --config "$config" --from copy.db --replace)" "1 unused challenges revoked"
expect_match "audit verify without a key says what it cannot see" \
    "$(ctl audit verify --config "$config" 2>&1)" "no key was given or configured"
expect_status "audit keygen for crpd" 0 audit keygen --out "$test_dir/lab/keys/audit.key"
cat >>"$config" <<'EOF'

[audit]
signing_key_file = "keys/audit.key"
checkpoint_file = "log/checkpoints.jsonl"
checkpoint_interval = "1s"
EOF
lab_start "$test_dir/lab" sqlite true >/dev/null
source "$test_dir/lab/lab.env"
expect_json "the records are there" length 1 cert list
expect_json "the unused challenge is revoked" .state revoked challenge show "$unused"
expect_equal "the audit tells of the restore" \
    "$(ctl audit export --config "$config" --event restore-database | wc -l)" 1
eventually "crpd signs it" 20 test -s "$test_dir/lab/log/checkpoints.jsonl"
lab_end "$CRPD_PID" crpd
expect_status "and is whole" 0 audit verify --config "$config"
expect_match "by the configuration's own key" "$(ctl audit verify --config "$config")" "[1-9][0-9]* genuine checkpoints"
mv "$test_dir/lab/keys/audit.key" audit.key
expect_status "or by the public one beside it" 0 audit verify --config "$config"
python3 - "$CRP_DB" <<'EOF'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
for (name,) in triggers:
    database.execute(f"DROP TRIGGER {name}")
database.execute("DELETE FROM audit WHERE sequence > (SELECT max(sequence) - 3 FROM audit)")
database.execute("DELETE FROM audit_checkpoint")
database.commit()
EOF
expect_status "records and checkpoints cut off are found out by the checkpoint file" 4 audit verify --config "$config"
expect_match "and named" "$(ctl audit verify --config "$config")" "truncated"
mv "$test_dir/lab/log/checkpoints.jsonl" elsewhere.jsonl
expect_status "without that file it is not found out" 1 audit verify --config "$config"
expect_status "unless its copy is given" 4 audit verify --config "$config" --checkpoints elsewhere.jsonl
finish
