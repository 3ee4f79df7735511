#!/usr/bin/env bash
# Fuzzes the readers of what strangers send: libFuzzer under ASan and UBSan, with Debian's clang-16.
# Usage: scripts/fuzz.sh [TARGET…] [--seconds N]     default: all targets, 600 s of CPU time each
#
# One line a target: executions, inputs kept, new crashes. Inputs that a target learnt stay in
# build/fuzz/corpus/TARGET for the next run; crashes in build/fuzz/crashes/TARGET. Exit 1 on a crash.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh

seconds=600
targets=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
        -*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
        *) targets+=("$1"); shift ;;
    esac
done
mapfile -t known < <(sed -n 's/^ndes_add_fuzz_target(\([a-z_]*\).*/\1/p' tests/fuzz/CMakeLists.txt)
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
    [[ " ${known[*]} " == *" $target "* ]] || { echo "error: no target $target; known: ${known[*]}" >&2; exit 2; }
done

# interrupt_after PID: tells libFuzzer to end when it has used its CPU time.
interrupt_after() {
    local used
    while used=$(ps -o cputimes= -p "$1") && [ "$used" -lt "$seconds" ]; do sleep 0.5; done
    kill -INT "$1" 2>/dev/null || true
}

# fuzz TARGET: prints its line; 1 on a crash.
fuzz() {
    local target=$1 folder=build/fuzz status=0 pid new
    local corpus=$folder/corpus/$target crashes=$folder/crashes/$target log=$folder/$target.log
    mkdir -p "$corpus" "$crashes"
    touch "$folder/$target.begun"
    "$folder/tests/fuzz/fuzz_$target" "$corpus" "tests/fuzz/seeds/$target" -max_len=16384 -timeout=60 \
        -rss_limit_mb=2048 -artifact_prefix="$crashes/" -print_final_stats=1 >"$log" 2>&1 &
    pid=$!
    interrupt_after "$pid"
    wait "$pid" || status=$?
    new=$(find "$crashes" -type f -newer "$folder/$target.begun" | wc -l)
    printf '%-18s %10s executions  %6s inputs kept  %s new crashes\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(find "$corpus" -type f | wc -l)" "$new"
    # 72: interrupted, as it was told.
    if [ "$new" != 0 ] || { [ "$status" != 0 ] && [ "$status" != 72 ]; }; then
        echo "    ended with $status; see $log and $crashes" >&2
        return 1
    fi
}

install_packages "${build_packages[@]}" "${fuzz_packages[@]}"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}" >&2
crashed=0
for target in "${targets[@]}"; do fuzz "$target" || crashed=1; done
exit $crashed
