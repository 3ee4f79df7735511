#!/usr/bin/env bash
# Runs clang-tidy 16 over every source file of ours (14, Debian's default, cannot read
# <source_location>), or over those named.
# Usage: scripts/lint.sh [FILE…]
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh
install_packages "${build_packages[@]}" clang-tidy-16
cmake --preset dev >/dev/null
if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(find common scep-server policy-module crp-service -name '*.cpp' | sort)
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy-16 --quiet -p build/dev
echo "lint: ok"
