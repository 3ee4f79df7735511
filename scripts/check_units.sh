#!/usr/bin/env bash
# Holds the systemd units against what systemd thinks of them: each parses without a complaint, and
# its exposure is at most 15 of 100 (the doctor's, which reads both daemons' files as root and listens
# nowhere: 30); each daemon has a user of its own and does not see what is the other's.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for unit in */systemd/*.service; do
    name=$(basename "$unit") most_exposure=15
    [ "$name" != ndes-doctor.service ] || most_exposure=30
    if ! answer=$(systemd-analyze security --offline=true --threshold=$most_exposure --no-pager "$unit" 2>&1); then
        failed=1
    fi
    printf '%s: %s\n' "$name" "$(tail -1 <<<"$answer" | sed 's/^[^A-Z]*//')"

    # With a program that exists on every machine in place of ours, which need not be installed.
    sed -E 's#/usr/(sbin/(crpd|ndesd)|bin/crpctl)#/bin/true#; s#^After=.*##' "$unit" >"$folder/$name"
    complaints=$(systemd-analyze verify --man=no "$folder/$name" 2>&1 || true)
    if grep -F "$name" <<<"$complaints"; then failed=1; fi
done

# setting UNIT NAME
setting() { sed -n "s/^$2=//p" */systemd/"$1.service"; }

# systemd hands credentials, and so the keys that a configuration names, to ExecStart alone: any other
# start of the daemon in its unit finds none and fails, and what follows it is never reached.
for unit in */systemd/*.service; do
    if grep -E '^Exec(Reload|StartPre|StartPost|Condition)=' "$unit" | grep -E '/(crpd|ndesd) '; then
        echo "$unit: the daemon is started by another line than ExecStart"
        failed=1
    fi
done

for pair in crpd:ndesd ndesd:crpd; do
    one=${pair%:*} other=${pair#*:}
    for folder_of in /etc/ndes-crp /var/lib; do
        if ! setting "$one" InaccessiblePaths | tr ' ' '\n' | grep -qx -- "-$folder_of/$other"; then
            echo "$one.service: $folder_of/$other is not in InaccessiblePaths"
            failed=1
        fi
    done
    if [ "$(setting "$one" User)" != "$one" ] || [ "$(setting "$one" Group)" != "$one" ]; then
        echo "$one.service: does not run as user and group $one"
        failed=1
    fi
done
exit $failed
