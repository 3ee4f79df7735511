#!/usr/bin/env bash
# What `crpctl plugin check` says of a good module and of each broken one.
# Usage: plugin_check_test.sh BUILD-FOLDER BIN-FOLDER
set -uo pipefail
modules=$1/tests/abi/modules bin=$2
failed=0
work=$(mktemp -d) # settings of switched.so, which keeps every promise
trap 'rm -rf "$work"' EXIT

# says STATUS TEXT MODULE [OPTIONS…]: ends so, and a line of the output matches.
says() {
    local wanted=$1 text=$2 module=$3 output status
    shift 3
    output=$("$bin/crpctl" plugin check "$modules/$module.so" "$@" 2>&1)
    status=$?
    if [ $status -eq "$wanted" ] && grep -qE -- "$text" <<<"$output"; then
        echo "ok: $module: $text"
    else
        echo "FAILED: $module: status $status, wanted $wanted and: $text"
        echo "$output"
        failed=1
    fi
}

for step in '1 \(file\)' '2 \(open\)' '3 \(symbol\)' '4 \(table\)' '5 \(version\)' '6 \(size\)' \
    '7 \(verbs\)' '8 \(Initialize\): switched'; do
    says 0 "^ok +step $step" switched --config "$work"
done
says 0 '^ok +exported symbols: ndes_policy_get_table$' switched --config "$work"
says 0 '^warning +VerifyRequest: said yes to a request without a challenge' switched --config "$work"
says 0 '^ok +Notify, told twice: taken$' switched --config "$work"
says 0 '^ok +Uninitialize$' switched --config "$work"
says 0 '^the module keeps what it promises$' switched --config "$work"
says 1 '^FAILED +VerifyRequest: .*alternative name is not UTF-8' echo
says 0 '^warning +exported symbols: .*link with exports.map' throwing --no-calls
says 0 '^ok +Uninitialize$' throwing --no-calls
says 1 '^FAILED +step 1 \(file\): No such file' missing
says 1 '^FAILED +step 2 \(open\): .*function_that_nobody_has' unresolved
says 1 '^FAILED +step 3 \(symbol\): does not export' no_symbol
says 1 '^FAILED +step 4 \(table\): .* threw an exception' throwing_entry_point
says 1 '^FAILED +step 5 \(version\): built for version 2' wrong_major
says 1 '^FAILED +step 6 \(size\): the table has 16 octets' short_table
says 1 '^FAILED +step 7 \(verbs\): notify is NULL' no_notify
says 1 '^FAILED +step 8 \(Initialize\): .*0x80070005' failing_initialize
says 1 '^  log: the settings are not to my liking' failing_initialize
says 1 '^FAILED +VerifyRequest: .* threw an exception' throwing --config VerifyRequest
says 1 '^FAILED +the step after the last one told: it ended the process: (Segmentation fault|Aborted)' crashing
exit $failed
