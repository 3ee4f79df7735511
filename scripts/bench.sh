#!/usr/bin/env bash
# Speed, each beside a peer in one run: never a test, for machines differ and are noisy.
#
# Usage: scripts/bench.sh [chain] [OPTION…]   devices' enrolments, beside micromdm scepserver
#        scripts/bench.sh crp [OPTION…]       crpd alone at growing sizes, beside nginx
# Each takes --help.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/scripts/lib/packages.sh"
source "$root/scripts/lib/lab.sh"
source "$root/scripts/lib/bench_common.sh"
source "$root/scripts/lib/bench_chain.sh"
source "$root/scripts/lib/bench_fill.sh"
source "$root/scripts/lib/bench_crp.sh"

which=chain
case ${1:-} in
    chain | crp) which=$1; shift ;;
esac
"bench_$which" "$@"
