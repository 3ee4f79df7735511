#!/usr/bin/env bash
# Runs clang-tidy 14 over every source file of ours (about 15 minutes on 2 cores).
# Usage: scripts/lint.sh [FILE…]
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh
install_packages "${build_packages[@]}" clang-tidy-14
cmake --preset dev >/dev/null
if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(find common scep-server policy-module crp-service -name '*.cpp' | sort)
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy-14 --quiet -p build/dev
echo "lint: ok"
