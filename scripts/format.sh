#!/usr/bin/env bash
# Formats every source file of ours with clang-format 14. With --check: changes nothing, exit 1
# when a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/packages.sh
install_packages clang-format-14
mapfile -t files < <(find common scep-server policy-module crp-service tests \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) | sort)
if [ "${1:-}" = --check ]; then
    clang-format-14 --dry-run -Werror "${files[@]}" && echo "format: ok"
else
    clang-format-14 -i "${files[@]}"
fi
