#!/usr/bin/env bash
# All tests. Installs what they need, builds, and closes with one line "N passed, N failed".
#
# Usage: scripts/test.sh [-q] [-u] [-i] [-f REGEX]
#   -q  quick checks alone: layers, documents, units, format
#   -u  unit, contract and ABI tests alone, under ASan+UBSan and TSan
#   -i  integration and fault tests alone, against the release programs
#   -f  only tests whose name matches REGEX
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh

want_quick=1 want_unit=1 want_integration=1 filter=.
while getopts quif: option; do
    case $option in
        q) want_unit=0 want_integration=0 ;;
        u) want_quick=0 want_integration=0 ;;
        i) want_quick=0 want_unit=0 ;;
        f) filter=$OPTARG ;;
        *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# check NAME COMMAND…: one test of ours that is a command.
check() {
    local name=$1
    shift
    echo "== $name"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

# suite PRESET LABELS TARGET…: builds the targets and runs the tests with one of the labels.
suite() {
    local preset=$1 labels=$2
    shift 2
    echo "== tests [$labels] of preset $preset"
    if ! scripts/build.sh --preset "$preset" "$@"; then
        failed=$((failed + 1))
        echo "FAILED: build of preset $preset"
        return
    fi
    ctest --preset "$preset" -j "$(nproc)" -L "$labels" -R "$filter" --no-tests=error 2>&1 | tee "$log"
    passed=$((passed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")))
    failed=$((failed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .*(\*\*\*|Not Run)' "$log")))
}

install_packages "${build_packages[@]}" "${lab_packages[@]}" "${postgresql_packages[@]}" \
    "${abi_packages[@]}" || exit 1
if [ $want_quick = 1 ]; then
    install_packages "${unit_packages[@]}" || exit 1
    check layers scripts/check_layers.sh
    check "policy module interface" policy-module/abi/check_abi.sh
    check documents scripts/check_docs.sh
    check "API description" scripts/lint_openapi.py
    check "systemd units" scripts/check_units.sh
    check format scripts/format.sh --check
fi
if [ $want_integration = 1 ]; then
    install_packages "${client_packages[@]}" "${contract_packages[@]}" "${documentation_packages[@]}" ||
        exit 1
fi
if [ $want_unit = 1 ]; then
    install_packages "${contract_packages[@]}" || exit 1
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
    export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp history_size=4"
    suite asan '^(unit|contract|abi)$' all
    suite tsan '^(unit|contract|abi)$' all
fi
if [ $want_integration = 1 ]; then
    suite release '^(integration|fault)$' programs manual completions scep_load hostile_messages openapi_answers crpd_test \
        abi_crpd_test abi_modules crpd_postgresql_race_test crpd_postgresql_fault_test
fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
