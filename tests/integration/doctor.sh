#!/usr/bin/env bash
# crpctl doctor as a whole: a good lab, with and without a real enrolment (DR-39); its formats, exit codes
# and options; the daemons stopped; the hourly unit's command; repairs that name commands that exist.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/doctor_lib.sh"
begin_doctor doctor
exit_of() { "$@" >/dev/null 2>&1; echo $?; }

text=$(doctor); status=$?
expect_equal "a lab has nothing wrong" "$status" 0
expect_match "and says so last" "$(tail -1 <<<"$text")" "^0 failures, 0 warnings, [0-9]+ ok, 1 skipped$"
[ $status = 0 ] || echo "$text"

# ---- the list
list=$(doctor --list)
for number in $(seq -w 1 40); do
    [[ $list == *"DR-$number"* ]] && [[ $(grep -c "^DR-$number " <<<"$list") = 1 ]] || not_ok "DR-$number is in the list, once"
done
ok "DR-01 to DR-40 are in the list"
expect_equal "three are not here, with the reason" "$(doctor --list --format json | jq '[.[] | select(.absent)] | length')" 3
page=$root/crp-service/man/crpctl-doctor.1.scd
for id in $(doctor --list --format json | jq -r '.[].id'); do
    grep -q "$id" "$page" || not_ok "the manual page has $id"
done
ok "so has the manual page"

# ---- formats and exit codes
json=$(doctor --format json)
expect_equal "JSON: each check has its fields" "$(jq '[.checks[] | select((keys | sort) == (["id","hop","status",
    "title","observed","expected","effect","repair","durationMs","troubles"] | sort))] | length' <<<"$json")" 37
expect_equal "JSON: the summary" "$(jq -c .summary <<<"$json")" '{"failed":0,"warning":0,"ok":36,"skipped":1}'
expect_match "nagios: one line with performance data" "$(doctor --format nagios)" \
    "^NDES-CRP OK - 36 checks are good, 1 skipped \| failed=0;;0;0 warning=0;0;;0 ok=36;;;0 skipped=1;;;0 time=[0-9]+ms;;;0$"
expect_equal "nagios: OK is 0" "$(exit_of doctor --format nagios)" 0
expect_equal "nagios: nothing could be looked at is 3" "$(exit_of doctor --format nagios --check DR-39)" 3
expect_equal "--hop" "$(doctor --hop module --hop database --format json | jq -r '[.checks[].id] | join(" ")')" \
    "DR-17 DR-18 DR-19 DR-22 DR-32"
expect_equal "--check" "$(doctor --check DR-05 --check DR-06 --format json | jq -r '[.checks[].id] | join(" ")')" "DR-05 DR-06"
expect_equal "an unknown check is usage" "$(exit_of doctor --check DR-99)" 2
expect_equal "an unknown hop is usage" "$(exit_of doctor --hop moon)" 2
expect_equal "no configuration at all is usage" \
    "$(exit_of "$lab_bin/crpctl" doctor --ndesd-config none.toml --crpd-config none.toml)" 2
with_changed "$lab/keys/journal.key" chmod 0640
expect_equal "nagios: a failed check is 2" "$(exit_of doctor --format nagios)" 2
expect_equal "a failed check ends with 1" "$(exit_of doctor)" 1
expect_match "text: what is wrong, what it does, what to type" "$(doctor)" \
    "FAILED  DR-31 host: .*journal.key is open.*effect: .*repair: chmod 0600"
expect_equal "text: troubles come first" "$(doctor | head -1 | cut -c1-7)" "FAILED "
put_back
with_changed "$lab/ndesd.toml" touch
touch "$lab/ndesd.toml"
expect_equal "nagios: a warning is 1" "$(exit_of doctor --format nagios)" 1
expect_equal "a warning ends with 0" "$(exit_of doctor)" 0
expect_equal "with --exit-on warning it ends with 1" "$(exit_of doctor --exit-on warning)" 1
put_back
touch -d '-1 day' "$lab/ndesd.toml"

# ---- a whole enrolment
expect_match "the CA that makes no CRL is told" \
    "$(doctor --deep --admin-url "$MSCEP_ADMIN_URL" --check DR-39)" "not revoked at the CA, which makes no CRL"
expect_match "so is a CA that cannot be asked" "$(MSCEP_ADMIN_URL='' doctor --deep --check DR-39)" "for want of --admin-url"
sed -i 's#^kind = "local"#kind = "local"\ncrl_file = "ca/ca.crl"\ncrl_lifetime = "7d"#' "$lab/ndesd.toml"
restart_one ndesd
counts() { for noun in device policy; do "$lab_bin/crpctl" $noun list --all --format json | jq length; done | xargs; }
before=$(counts)
deep=$(doctor --deep --admin-url "$MSCEP_ADMIN_URL" --check DR-39 --format json)
expect_equal "DR-39 enrols a test device" "$(jq -r '.checks[0].status' <<<"$deep")" ok
[ "$(jq -r '.checks[0].status' <<<"$deep")" = ok ] || echo "$deep"
expect_match "and tells the time of each hop" "$(jq -r '.checks[0].observed' <<<"$deep")" \
    "challenge .mdm. [0-9]+ ms, .*GetCACert .proxy. [0-9]+ ms, PKIOperation .ndesd. [0-9]+ ms, .*Notify .module. [0-9]+ ms, state message .mdm. [0-9]+ ms"
expect_equal "nothing is left of it" "$(counts)" "$before"
expect_equal "its certificate is revoked at crpd" "$("$lab_bin/crpctl" cert list --format json | jq -r '.[0] | .revoked, .subject' | xargs)" \
    "true $("$lab_bin/crpctl" cert list --format json | jq -r '.[0].subject')"
expect_equal "and at the CA" "$("$lab_bin/crpctl" ca list --format json | jq -r '[.[] | select(.subject | test("crpctl-doctor"))] | .[-1].state')" revoked
state_message() { find "$SMX_INBOX" -name '*.SMX' | grep -q .; }
eventually "its state message was delivered" 10 state_message
expect_equal "all checks are good with it" "$(exit_of doctor --deep --admin-url "$MSCEP_ADMIN_URL" --exit-on warning)" 0
printf '#!/bin/sh\nexit 4\n' >refuse.sh && chmod 755 refuse.sh
with_changed "$lab/ndesd.toml" sed -i "/^crl_/d; s#^kind = \"local\"#kind = \"command\"\ncommand = [\"$PWD/refuse.sh\"]#; s#^key_file = \"ca/ca.key\"##"
restart_one ndesd
expect_trouble DR-39 failed "failed at step 5 of 9 .PKIOperation, ndesd.: CertRep FAILURE.*GetCACert .proxy" "the CA issues nothing" --deep
expect_equal "nothing is left of that either" "$(counts)" "$before"
put_back
restart_one ndesd
"$lab_bin/crpctl" template delete GeneralPurpose --yes >/dev/null
expect_trouble DR-39 failed "failed at step [23] of 9 .*TemplateNotPermitted" "nobody may enrol for the template" --deep
expect_equal "nor of that" "$(counts)" "$before"
lab_call PUT /api/v1/templates/GeneralPurpose '{"permissions":[{"principal":"*","read":true,"enroll":true}]}' >/dev/null
expect_good DR-39 "mended" --deep

# ---- repairs name commands that exist
bad=0
while read -r noun verb; do
    case $noun in doctor | status | reasons) verb= ;; esac
    "$lab_bin/crpctl" $noun $verb --help >/dev/null 2>&1 || { bad=1; echo "no command: crpctl $noun $verb"; }
done < <(grep -rhoE 'crpctl [a-z]+( [a-z]+)?' "$root"/crp-service/cli/doctor/checks_*.cpp "$root/crp-service/cli/doctor/deep.cpp" \
    "$root/crp-service/cli/doctor/material.cpp" | grep -vE 'crpctl (is|does|would|here|tells)' | cut -d' ' -f2- | sort -u)
expect_equal "every crpctl command of a repair exists" "$bad" 0

# ---- the hourly unit's command, as the unit has it
unit=$root/crp-service/systemd/ndes-doctor.service
read -r -a command <<<"$(sed -n 's#^ExecStart=/usr/bin/crpctl ##p' "$unit")"
expect_equal "the unit's command has options that exist" \
    "$(exit_of "$lab_bin/crpctl" "${command[@]}" --ndesd-config "$lab/ndesd.toml" --crpd-config "$lab/crpd.toml")" 0
expect "the timer is one" systemd-analyze verify --man=no "$root/crp-service/systemd/ndes-doctor.timer"

# ---- where only one of the programs is
alone() { "$lab_bin/crpctl" doctor "$@" --format json | jq -c '.summary | [.failed, .warning]'; }
expect_equal "ndesd's machine has nothing wrong" \
    "$(alone --ndesd-config "$lab/ndesd.toml" --crpd-config none.toml --url '')" "[0,0]"
expect_equal "nor has crpd's" "$(alone --crpd-config "$lab/crpd.toml" --ndesd-config none.toml)" "[0,0]"

# ---- with the daemons stopped, and without a word of how to call crpd
lab_end "$NDESD_PID" ndesd
lab_end "$CRPD_PID" crpd
stopped=$(doctor --format json)
status_of() { jq -r --arg id "$1" '.checks[] | select(.id == $id).status' <<<"$stopped"; }
for id in DR-03 DR-04 DR-05 DR-06 DR-17 DR-19 DR-20 DR-30 DR-31 DR-32; do
    expect_equal "stopped: $id is good" "$(status_of $id)" ok
done
for id in DR-08 DR-09 DR-18 DR-21 DR-36 DR-38; do expect_equal "stopped: $id has failed" "$(status_of $id)" failed; done
for id in DR-10 DR-16 DR-22 DR-23 DR-24 DR-26 DR-27 DR-34; do
    expect_equal "stopped: $id is skipped" "$(status_of $id)" skipped
done
unset CRP_URL CRP_CA ADMIN_CERT ADMIN_KEY
expect_trouble DR-23 skipped "crpctl is not told how to call crpd" "no address of crpd"
finish
